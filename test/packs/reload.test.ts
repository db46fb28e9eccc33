import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createPackReader, type PackReader } from '../../src/packs/load.ts';
import { formatProblem } from '../../src/packs/problems.ts';

const SYSTEM = `name: Shop
severities:
  - { level: SEV1, rank: 1, definition: Down, war_room: none }
targets:
  worker: { executor: sh, write: {} }
`;

function runbook(id: string, title: string, body = 'echo 1', attributes = '{#step target=worker}'): string {
  return `---\nid: ${id}\ntitle: ${title}\n---\n\n## Mitigate\n\n\`\`\`sh ${attributes}\n${body}\n\`\`\`\n`;
}

let dir: string;
let reader: PackReader;
let parsed: string[];

async function write(file: string, text: string | Uint8Array): Promise<void> {
  await writeFile(join(dir, file), text);
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'warroom-reload-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'shop'));
  await write('shop/system.yml', SYSTEM);
  await write('shop/a.md', runbook('A-1', 'First', 'echo a'));
  await write('shop/b.md', runbook('B-1', 'Second', 'echo b'));
  parsed = [];
  reader = createPackReader({
    dir,
    resolveSetting: (_name, fallback) => fallback,
    analyse: (_language, text) => {
      parsed.push(text);
      return { effect: 'change', reasons: [] };
    },
  });
  await reader.read();
  parsed.length = 0;
});

/** Titles in force, by id, and the beginning of each problem. */
async function reading() {
  const { packs, held } = await reader.read();
  return {
    titles: Object.fromEntries([...packs.runbooks.values()].map(({ id, title }) => [id, title])),
    problems: packs.problems.map((problem) => formatProblem(problem).slice(0, 90)),
    held: [...held.keys()],
    packs,
  };
}

describe('reading packs again', () => {
  it('parses changed files alone and hands out the same objects for the others', async () => {
    const before = (await reading()).packs;
    await write('shop/a.md', runbook('A-1', 'First, edited', 'echo a2'));
    const after = (await reading()).packs;
    expect(parsed).toEqual(['echo a2']);
    expect(after.runbooks.get('shop/B-1')).toBe(before.runbooks.get('shop/B-1'));
    expect(after.runbooks.get('shop/A-1')?.title).toBe('First, edited');
    expect(after.systems.get('shop')).toBe(before.systems.get('shop'));
  });

  it('takes up new files and drops removed ones', async () => {
    await write('shop/c.md', runbook('C-1', 'Third'));
    await rm(join(dir, 'shop/a.md'));
    expect(await reading()).toMatchObject({ titles: { 'B-1': 'Second', 'C-1': 'Third' }, problems: [] });
    expect((await reading()).titles).not.toHaveProperty('A-1');
  });

  it.each([
    ['a step that cannot be run', runbook('A-1', 'Worse', 'echo a', '{#step target=nowhere}')],
    ['no front matter', 'nothing'],
    ['bytes that are no UTF-8', new Uint8Array([0xff, 0xfe, 0x41])],
    ['the id of another file', runbook('B-1', 'Thief')],
    ['more than a megabyte', `${runbook('A-1', 'Long')}${'x'.repeat(1024 * 1024)}`],
  ])('keeps the last good version of a file with %s, until it is good again', async (_name, text) => {
    await write('shop/a.md', text);
    const broken = await reading();
    expect(broken.titles).toEqual({ 'A-1': 'First', 'B-1': 'Second' });
    expect(broken.held).toEqual(['shop/a.md']);
    expect(broken.problems).toHaveLength(1);
    expect((await reading()).held).toEqual(['shop/a.md']);
    await write('shop/a.md', runbook('A-1', 'Mended'));
    expect(await reading()).toMatchObject({ titles: { 'A-1': 'Mended', 'B-1': 'Second' }, held: [], problems: [] });
  });

  it('leaves an id with the file that had it, whatever a new file is called', async () => {
    await write('shop/0.md', runbook('A-1', 'Newcomer'));
    const { titles, problems } = await reading();
    expect(titles).toEqual({ 'A-1': 'First', 'B-1': 'Second' });
    expect(problems[0]).toContain('shop/0.md:1:1: error: the id "A-1" belongs to shop/a.md');
  });

  it('lets an id move with a renamed file', async () => {
    await rename(join(dir, 'shop/a.md'), join(dir, 'shop/z.md'));
    const { packs, problems } = await reading();
    expect(packs.runbooks.get('shop/A-1')?.source.file).toBe('shop/z.md');
    expect(problems).toEqual([]);
  });

  it('keeps the last good system.yml, and checks every runbook against a new one', async () => {
    await write('shop/system.yml', SYSTEM.replace('name', 'nome'));
    expect((await reading()).held).toEqual(['shop/system.yml']);
    expect((await reading()).packs.systems.get('shop')?.name).toBe('Shop');
    expect(parsed).toEqual([]);
    await write('shop/system.yml', SYSTEM.replace('worker', 'host'));
    const { titles, held } = await reading();
    expect(held).toEqual(['shop/a.md', 'shop/b.md']);
    expect(titles).toEqual({ 'A-1': 'First', 'B-1': 'Second' });
  });

  it('keeps everything when the whole folder is empty or gone, and says so', async () => {
    await rename(join(dir, 'shop'), join(dir, '.shop'));
    const { titles, problems } = await reading();
    expect(titles).toEqual({ 'A-1': 'First', 'B-1': 'Second' });
    expect(problems[0]).toContain('the folder of the runbooks holds no system any more');
    await rename(join(dir, '.shop'), join(dir, 'shop'));
    expect((await reading()).problems).toEqual([]);
  });

  it('names the commit as soon as there is one, although no file changes', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', dir, '-c', 'user.name=x', '-c', 'user.email=x@x', ...args]);
    const commitOf = async () => (await reading()).packs.runbooks.get('shop/A-1')?.source.commit;
    expect(await commitOf()).toBeNull();
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'first');
    expect(await commitOf()).toMatch(/^[0-9a-f]{40}$/u);
    await write('shop/a.md', runbook('A-1', 'First, edited'));
    expect(await commitOf()).toBeNull();
  });
});
