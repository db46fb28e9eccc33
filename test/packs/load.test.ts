import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadPacks } from '../../src/packs/load.ts';
import { formatProblem } from '../../src/packs/problems.ts';
import { analyse, packFolder, runbookText } from './support.ts';

const BROKEN = join(import.meta.dirname, 'broken');
const SYSTEM_YML = 'name: Shop\nseverities:\n  - { level: SEV1, rank: 1, definition: down, war_room: channel }\n';

const folders: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of folders.splice(0)) await remove();
});

async function load(files: Readonly<Record<string, string | Buffer>>, settings: Readonly<Record<string, string>> = {}) {
  const { dir, remove } = await packFolder(files);
  folders.push(remove);
  return {
    dir,
    packs: await loadPacks({ dir, resolveSetting: (name, fallback) => settings[name] ?? fallback, analyse }),
  };
}

describe('a folder of mistakes', () => {
  it('gives every mistake its exact message, with line, column and fix', async () => {
    const packs = await loadPacks({ dir: BROKEN, resolveSetting: (_, fallback) => fallback, analyse });
    const expected = await readFile(join(BROKEN, 'expected-messages.txt'), 'utf8');
    expect(packs.problems.map(formatProblem)).toEqual(expected.trimEnd().split('\n'));
  });

  it('has a message for every file, and runs none of the broken steps', async () => {
    const packs = await loadPacks({ dir: BROKEN, resolveSetting: (_, fallback) => fallback, analyse });
    const blamed = new Set(packs.problems.map((problem) => problem.file));
    const files = (await readdir(join(BROKEN, 'shop'))).filter((name) => name.endsWith('.md') && name !== 'twin-a.md');
    expect(files.filter((name) => !blamed.has(`shop/${name}`))).toEqual([]);
    const shop = [...packs.runbooks.values()].filter((runbook) => runbook.system === 'shop');
    const named = shop.flatMap((runbook) =>
      runbook.steps.filter((step) => step.id === 'a').map(() => basename(runbook.source.file)),
    );
    // The first of two steps with one id stays; in a file with a dead link or a bad severity the steps are sound.
    expect(named).toEqual(['duplicate-id.md']);
  });
});

describe('loading', () => {
  it('keys runbooks by system, hashes the bytes, and has no commit outside of Git', async () => {
    const text = runbookText('## Diagnose\n');
    const { packs } = await load({ 'shop/system.yml': SYSTEM_YML, 'shop/rb-1.md': text });
    const runbook = packs.runbooks.get('shop/RB-1');
    expect(runbook?.source).toEqual({
      file: 'shop/rb-1.md',
      contentHash: createHash('sha256').update(text).digest('hex'),
      commit: null,
      text,
    });
    expect(packs.problems).toEqual([]);
  });

  it('names the commit of an unchanged file, and none once it is changed', async () => {
    const { dir } = await load({
      'shop/system.yml': SYSTEM_YML,
      'shop/rb-1.md': runbookText(''),
      'shop/rb-2.md': runbookText('').replace('RB-1', 'RB-2'),
    });
    const git = (...args: string[]) =>
      execFileSync(
        'git',
        ['-C', dir, '-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'commit.gpgsign=false', ...args],
        { encoding: 'utf8' },
      );
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'first');
    const first = git('rev-parse', 'HEAD').trim();
    await writeFile(join(dir, 'shop/rb-2.md'), `${runbookText('').replace('RB-1', 'RB-2')}\nMore.\n`);
    git('commit', '-qam', 'second');
    const second = git('rev-parse', 'HEAD').trim();
    const read = async () => {
      const packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse });
      return [...packs.runbooks.values()].map((runbook) => runbook.source.commit);
    };
    expect(await read()).toEqual([first, second]);
    await writeFile(join(dir, 'shop/rb-1.md'), `${runbookText('')}\nNot committed.\n`);
    expect(await read()).toEqual([null, second]);
  });

  it('fills settings of the installation into targets, and leaves secrets as references', async () => {
    const yml = `${SYSTEM_YML}targets:\n  api:\n    executor: http\n    options: { baseUrl: { setting: SHOP_URL, default: 'http://x' } }\n    write: { headers: { authorization: { secret: env:TOKEN, prefix: 'Bearer ' } } }\n`;
    const { packs } = await load({ 'shop/system.yml': yml }, { SHOP_URL: 'https://shop.example' });
    expect(packs.systems.get('shop')?.targets).toEqual([
      {
        name: 'api',
        executor: 'http',
        description: null,
        options: { baseUrl: 'https://shop.example' },
        approvals: null,
        read: {},
        write: { headers: { authorization: { secret: 'env:TOKEN', prefix: 'Bearer ' } } },
      },
    ]);
  });

  it('finds a runbook by id and system, offers the nearest, and asks when two systems share an id', async () => {
    const { packs } = await load({
      'shop/system.yml': SYSTEM_YML,
      'shop/a.md': runbookText(''),
      'bank/system.yml': SYSTEM_YML,
      'bank/a.md': runbookText(''),
      'bank/b.md': runbookText('').replace('RB-1', 'RB-77'),
    });
    expect(packs.findRunbook('rb-77')).toMatchObject({ status: 'found', runbook: { system: 'bank' } });
    expect(packs.findRunbook('shop/rb-1')).toMatchObject({ status: 'found', runbook: { system: 'shop' } });
    expect(packs.findRunbook('RB-1', 'bank')).toMatchObject({ status: 'found', runbook: { system: 'bank' } });
    expect(packs.findRunbook('RB-1')).toMatchObject({
      status: 'ambiguous',
      candidates: [{ system: 'bank' }, { system: 'shop' }],
    });
    expect(packs.findRunbook('RB-78')).toEqual({ status: 'missing', nearest: 'RB-77' });
  });

  it('follows links between runbooks, also to another system', async () => {
    const { packs } = await load({
      'shop/system.yml': SYSTEM_YML,
      'shop/a.md': runbookText('See [b](./b.md#top) and [c](../bank/c.md) and [site](https://x/y.md).\n'),
      'shop/b.md': runbookText('').replace('RB-1', 'RB-2'),
      'bank/system.yml': SYSTEM_YML,
      'bank/c.md': runbookText('').replace('RB-1', 'RB-3'),
    });
    expect(packs.problems).toEqual([]);
    expect(packs.runbooks.get('shop/RB-1')?.links).toEqual(['RB-2', 'bank/RB-3']);
  });

  it('survives a file that defeats the parser', async () => {
    const { packs } = await load({
      'shop/system.yml': SYSTEM_YML,
      'shop/deep.md': runbookText('> '.repeat(20_000)),
      'shop/good.md': runbookText('').replace('RB-1', 'RB-2'),
      'shop/README.md': '# Not a runbook\n',
    });
    expect([...packs.runbooks.keys()]).toContain('shop/RB-2');
    for (const problem of packs.problems) expect(problem.file).toBe('shop/deep.md');
  });
});
