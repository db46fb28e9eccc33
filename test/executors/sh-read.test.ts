import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import type { BoundValues } from '../../src/executors/executor.ts';
import { createShExecutor } from '../../src/executors/sh/sh-executor.ts';
import { shTargetProblems } from '../../src/executors/sh/sh-target.ts';
import { scriptWithValues } from '../../src/executors/sh/shell-references.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { attempt, execute } from './harness.ts';

const executor = createShExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')) });
let dir: string;
let target: TargetDefinition;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-sh-read-'));
  await writeFile(path.join(dir, 'app.log'), 'one ERROR\ntwo\nthree ERROR\n');
  target = {
    name: 'host',
    executor: 'sh',
    description: null,
    options: { cwd: dir },
    read: { env: { READ_KEY: { secret: 'env:READ' } } },
    write: { env: { WRITE_KEY: { secret: 'env:WRITE' } } },
  };
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const reading = (text: string, values: BoundValues = {}) => ({ text, values, target, allowed: 'read' as const });

describe('a shell step that must read', () => {
  it('runs when every command of it is on the list', async () => {
    const result = await execute(executor, reading('grep -c ERROR app.log; tail -n 1 app.log'));
    expect(result).toMatchObject({ status: 'ok', value: { exit_code: 0, stdout: '2\nthree ERROR\n' } });
  });

  it('is refused before anything is started when a command of it is not', async () => {
    const texts = [
      'touch made',
      'cat app.log > made',
      'cat app.log | tee made',
      'sh -c "touch made"',
      './run',
      'rm -rf x',
    ];
    for (const text of texts) expect(await attempt(executor, reading(text)), text).toBe('not_read_only');
    expect(await readdir(dir)).toEqual(['app.log']);
  });

  it('has the read credential and not the other, and a changing step has it the other way round', async () => {
    const names = async (allowed: 'read' | 'change') => {
      const text = '[ -n "$READ_KEY" ] && echo READ_KEY\n[ -n "$WRITE_KEY" ] && echo WRITE_KEY\necho done';
      const result = await execute(executor, { ...reading(text), allowed });
      return String(result.value.stdout).trim().split('\n');
    };
    expect(await names('read')).toEqual(['READ_KEY', 'done']);
    expect(await names('change')).toEqual(['WRITE_KEY', 'done']);
  });

  it('says the credential to the approval’s hash', async () => {
    const read = await executor.prepare(reading('cat app.log'));
    const change = await executor.prepare({ ...reading('cat app.log'), allowed: 'change' });
    expect(read.canonical).toMatchObject({ target: { credential: 'read' } });
    expect(change.canonical).toMatchObject({ target: { credential: 'write' } });
    expect([read.effect, change.effect]).toEqual(['read', 'read']);
  });

  it('works on a target without a write credential, where nothing else does', async () => {
    const readOnly = { ...target, write: null };
    expect(shTargetProblems(readOnly)).toEqual([]);
    expect(await attempt(executor, { ...reading('cat app.log'), target: readOnly })).toBe('ok');
    expect(await attempt(executor, { ...reading('touch x'), target: readOnly, allowed: 'change' })).toBe(
      'target_read_only',
    );
  });

  it('takes a value as one argument, and refuses one that would make the program do more', async () => {
    const text = 'sort -- "$file" | uniq -c';
    expect(await attempt(executor, reading(text, { file: 'app.log' }))).toBe('ok');
    expect(await attempt(executor, reading(text, { file: `it's; touch made` }))).toBe('ok');
    expect(await attempt(executor, reading('kubectl get "$kind"', { kind: 'pods' }))).toBe('not_read_only');
    const device = reading('cat "$file"', { file: '/dev/tcp/127.0.0.1/22' });
    expect(await attempt(executor, device)).toBe('value_refused');
    expect(await readdir(dir)).toEqual(['app.log']);
  });

  it('control: the same text may run as a change with that value', async () => {
    const device = { ...reading('cat "$file"', { file: '/dev/nothing-here' }), allowed: 'change' as const };
    expect(await attempt(executor, device)).toBe('failed');
  });

  it('refuses what is destructive where only a change was declared', async () => {
    expect(await attempt(executor, { ...reading('rm -rf "$TMPDIR"'), allowed: 'change' })).toBe('effect_exceeded');
  });
});

describe('a script with its values', () => {
  it('shows them as literal text, whatever stands in them', () => {
    const script = `grep "$word" app.log; echo 'not $word' "\${word}"; other="$word"`;
    expect(scriptWithValues(script, new Map([['word', `it's`]]))).toBe(
      `grep ""'it'"'"'s'"" app.log; echo 'not $word' ""'it'"'"'s'""; other=""'it'"'"'s'""`,
    );
  });

  it('leaves the script’s own variables alone', () => {
    expect(scriptWithValues('for f in a b; do cat "$f"; done', new Map([['f', 'x']]))).toBe(
      'for f in a b; do cat "$f"; done',
    );
  });
});

describe('the effect of a shell text for the loader', () => {
  it('is what analysis says, and a text that cannot be read changes', async () => {
    const effects = ['ls -l', 'touch a', 'rm -rf /srv/app', 'if true'].map((text) => analyseStatement('sh', text));
    expect((await Promise.all(effects)).map((found) => found?.effect)).toEqual([
      'read',
      'change',
      'destructive',
      'change',
    ]);
  });
});
