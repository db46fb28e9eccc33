import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { importVerb } from '../../src/cli/import.ts';
import { lintVerb } from '../../src/cli/lint.ts';

const fixtures = join(import.meta.dirname, '../fixtures/import');
let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'warroom-import-'));
});
afterEach(async () => await rm(out, { recursive: true }));

async function call(verb: typeof importVerb, ...args: string[]) {
  const written: string[] = [];
  const complaints: string[] = [];
  const code = await verb.run(args, {
    lines: null,
    write: (text) => written.push(text),
    complain: (sentence) => complaints.push(sentence),
  });
  return { code, written, complaints };
}

const files = ['CartLatencyHigh.md', 'wiki.md', 'jira.md', 'shells.md', 'italiano.md'].map((name) =>
  join(fixtures, name),
);

it('a folder of documents becomes a pack that lint finds no error in', async () => {
  const { code, written, complaints } = await call(importVerb, fixtures, '--system', 'shop', '--out', out);
  expect({ code, complaints }).toEqual({ code: 0, complaints: [] });
  expect(written.at(-1)).toMatch(/^9 files written to .*shop: drafts/u);
  expect(await readdir(join(out, 'shop'))).toContain('cartlatencyhigh.md');
  const lint = await call(lintVerb, out);
  expect(lint.written.filter((line) => line.includes(': error: '))).toEqual([]);
  expect(lint.written.some((line) => line.includes('[todo]'))).toBe(true);
});

it('every step names the lines that it came from', async () => {
  await call(importVerb, join(fixtures, 'CartLatencyHigh.md'), '--system=shop', `--out=${out}`);
  const text = await readFile(join(out, 'shop/cartlatencyhigh.md'), 'utf8');
  expect(text).toContain(
    'CartLatencyHigh.md:46*\n\n```kubectl {#if_one_pod_is_slow_replace_it target=kubectl effect=destructive}',
  );
  expect(text).toContain('status: draft');
  expect(text).toContain('reviewed every quarter');
});

it('files that exist are kept without --force, and named', async () => {
  await call(importVerb, ...files, '--system', 'shop', '--out', out);
  const path = join(out, 'shop/system.yml');
  await writeFile(path, 'mine');
  const again = await call(importVerb, ...files, '--system', 'shop', '--out', out);
  expect(again.code).toBe(1);
  expect(again.complaints[0]).toMatch(
    /^Kept as they were, because they exist: .*system\.yml.*; --force overwrites\.$/u,
  );
  expect(await readFile(path, 'utf8')).toBe('mine');
  expect((await call(importVerb, ...files, '--system', 'shop', '--out', out, '--force')).code).toBe(0);
  expect(await readFile(path, 'utf8')).not.toBe('mine');
});

it('a dry run reports and writes nothing; --json gives one object for each document', async () => {
  const { code, written, complaints } = await call(importVerb, ...files, '--system', 'shop', '--dry-run', '--json');
  expect(code).toBe(0);
  expect(written.map((line) => Object.keys(JSON.parse(line)))).toEqual(
    files.map(() => [
      'file',
      'encoding_repaired',
      'lines',
      'entries',
      'steps',
      'manual',
      'documentation',
      'not_understood',
    ]),
  );
  expect(complaints).toEqual(['Nothing was written (--dry-run): 9 files would be.']);
  expect(await readdir(out)).toEqual([]);
});

it.each([
  [[], 'Give the documents to import, and --system ID and --out DIR.'],
  [
    ['a.md', '--system', 'Shop', '--out', 'x'],
    'Name the system with --system ID: a-z, 0-9 and dashes, starting with a letter.',
  ],
  [['a.md', '--system', 'shop'], 'Say where the pack goes with --out DIR, or look first with --dry-run.'],
  [['a.md', '--system', 'shop', '--outt', 'x'], "Unknown option '--outt': see `warroom help import`."],
])('wrong usage %j is one sentence', async (args, sentence) => {
  expect(await call(importVerb, ...args)).toEqual({ code: 2, written: [], complaints: [sentence] });
});
