import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { lintVerb } from '../../src/cli/lint.ts';
import { runbooksVerb } from '../../src/cli/runbooks.ts';
import type { Verb } from '../../src/cli/verb.ts';
import { RULE_NAMES } from '../../src/packs/rules.ts';
import { packFolder, runbookText } from '../packs/support.ts';

const SYSTEM = `name: Shop
severities:
  - { level: SEV1, rank: 1, definition: down, war_room: channel }
targets:
  api: { executor: http, options: { baseUrl: 'http://127.0.0.1:1' } }
  worker: { executor: sh, write: {} }
`;
const GOOD = runbookText('## Diagnose\n\n```http {#health target=api}\nGET /health\n```\n\n- [ ] Look at it\n');

const folders: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of folders.splice(0)) await remove();
});
async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const { dir, remove } = await packFolder(files);
  folders.push(remove);
  return dir;
}

/** Runs a verb as the program does, without a process. */
async function call(verb: Verb, ...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await verb.run(args, {
    lines: null,
    write: (text) => out.push(text),
    complain: (text) => err.push(text),
  });
  return { code, out, err };
}

describe('warroom lint', () => {
  it('ends with 0 and one line of figures when nothing is wrong', async () => {
    const dir = await folder({ 'shop/system.yml': SYSTEM, 'shop/a.md': GOOD });
    const { code, out } = await call(lintVerb, dir);
    expect(out).toHaveLength(1);
    expect(out[0]).toMatch(/^2 files, 1 runbook, 2 steps: 0 errors, 0 warnings, \d+\.\d s$/u);
    expect(code).toBe(0);
  });

  it('prints warnings and ends with 0, and with 1 when there are errors', async () => {
    const dir = await folder({ 'shop/system.yml': SYSTEM, 'shop/a.md': `${GOOD}\nTODO: more\n` });
    const warned = await call(lintVerb, dir);
    expect(warned.out[0]).toContain('a.md:14:1: warning: to do: more [todo]');
    expect(warned.code).toBe(0);
    const other = await folder({ 'shop/system.yml': SYSTEM, 'shop/a.md': GOOD.replace('target=api', 'target=apy') });
    expect((await call(lintVerb, other)).code).toBe(1);
  });

  it('writes annotations whose texts and paths are escaped as GitHub reads them', async () => {
    const text = runbookText('## Mitigate\n\n```sh {#a target=worker}\ntail -f 100%,a:b\n```\n');
    const dir = await folder({ 'shop/system.yml': SYSTEM, 'shop/a,b.md': text });
    const { out, code } = await call(lintVerb, join(dir, 'shop'), '--format=github');
    expect(out[0]).toMatch(
      /^::error file=[^,:]*\/shop\/a%2Cb\.md,line=9,col=1,title=warroom lint%3A unbounded-output::#a: "tail -f 100%25,a:b" never ends by itself\. Write tail -n 200\.$/u,
    );
    expect(out.at(-1)).toMatch(/^2 files, /u);
    expect(code).toBe(1);
  });

  it('gives one object with --json', async () => {
    const dir = await folder({ 'shop/system.yml': SYSTEM, 'shop/a.md': `${GOOD}\nTODO\n` });
    const { out } = await call(lintVerb, dir, '--json');
    expect(out).toHaveLength(1);
    const { problems, seconds, ...counts } = JSON.parse(out[0] ?? '') as Record<string, unknown>;
    expect(counts).toEqual({ systems: 1, files: 2, runbooks: 1, steps: 2, errors: 0, warnings: 1 });
    expect(seconds).toBeTypeOf('number');
    expect(problems).toEqual([
      {
        file: expect.stringMatching(/shop\/a\.md$/u) as string,
        line: 14,
        column: 1,
        severity: 'warning',
        rule: 'todo',
        message: 'something is left to do',
        fix: 'Settle it and remove the mark.',
      },
    ]);
  });

  it('lists its rules', async () => {
    const table = await call(lintVerb, '--rules');
    expect(table.out.map((line) => line.split(' ')[0])).toEqual(RULE_NAMES);
    const { out } = await call(lintVerb, '--rules', '--json');
    expect((JSON.parse(out[0] ?? '') as object[])[0]).toEqual({
      rule: 'unreadable',
      severity: 'error',
      in_draft: 'error',
      can_be_allowed: false,
      meaning: 'The file cannot be read, is too large, is not UTF-8 or defeats the parser.',
    });
  });

  it('ends with 2 when it is called wrongly, and says what to do', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'warroom-lint-'));
    folders.push(() => rm(empty, { recursive: true }));
    const calls = [['--frobnicate'], ['a', 'b'], ['--json', '--format=github'], [join(empty, 'nowhere')], [empty]];
    const answers = await Promise.all(calls.map((args) => call(lintVerb, ...args)));
    expect(answers.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    expect(answers.map(({ err }) => err.join().replaceAll(empty, 'DIR'))).toEqual([
      'warroom lint has no option --frobnicate: see `warroom help lint`.',
      'Give one folder: the one that your systems are in.',
      'Choose one of --json and --format=github.',
      'There is no folder DIR/nowhere: give the folder that your systems are in.',
      "DIR holds no system: give a folder with <system>/system.yml, or a system's own.",
    ]);
  });
});

describe('warroom runbooks', () => {
  it('gives every system, runbook and step as data', async () => {
    const dir = await folder({ 'shop/system.yml': SYSTEM, 'shop/a.md': GOOD });
    const { out, code } = await call(runbooksVerb, dir, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out.join(''))).toEqual({
      systems: [
        {
          id: 'shop',
          name: 'Shop',
          description: null,
          severities: ['SEV1'],
          targets: [
            { name: 'api', executor: 'http' },
            { name: 'worker', executor: 'sh' },
          ],
          runbooks: [
            {
              ...{ id: 'RB-1', title: 'A title', status: 'ready', severity: null, alerts: [], params: [], links: [] },
              file: 'shop/a.md',
              commit: null,
              steps: [
                {
                  ...{ id: 'health', kind: 'executable', title: 'Health', phase: 'diagnose', option: null, line: 8 },
                  ...{ language: 'http', target: 'api', effect: 'read', text: 'GET /health', verify: null },
                },
                {
                  ...{ id: 'manual_1', kind: 'manual', title: 'Diagnose', phase: 'diagnose', option: null, line: 12 },
                  ...{ language: null, target: null, effect: null, text: 'Look at it', verify: null },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('prints a table, and tells where the rest is when a file is broken', async () => {
    const dir = await folder({ 'shop/system.yml': SYSTEM, 'shop/a.md': GOOD, 'shop/b.md': 'nothing' });
    const { out, err, code } = await call(runbooksVerb, dir);
    expect(out.map((line) => line.replaceAll(/ +/gu, ' ').trim())).toEqual([
      'shop Shop',
      'RB-1 A title',
      'diagnose read http api health Health',
      'diagnose person manual_1 Diagnose',
      '',
    ]);
    expect(err).toEqual([`Parts of the packs are left out because of errors (1): see \`warroom lint ${dir}\`.`]);
    expect(code).toBe(0);
  });

  it('ends with 2 when it is called wrongly', async () => {
    const answers = await Promise.all([call(runbooksVerb, '--all'), call(runbooksVerb, '/nowhere/at/all')]);
    expect(answers.map(({ code }) => code)).toEqual([2, 2]);
    expect(answers[1]?.err).toEqual(['/nowhere/at/all holds no system: give the folder that your systems are in.']);
  });
});
