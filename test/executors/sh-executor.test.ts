import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createShExecutor } from '../../src/executors/sh/sh-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { attempt, execute, runContext } from './harness.ts';

const executor = createShExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')) });
let dir: string;
let target: TargetDefinition;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-sh-'));
  target = {
    name: 'worker',
    executor: 'sh',
    description: null,
    options: {},
    read: {},
    write: { env: { API_KEY: { secret: 'env:KEY' } } },
  };
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const source = (text: string, values = {}) => ({ text, values, target, allowed: 'change' as const });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<boolean> {
  const deadline = performance.now() + 3_000;
  while (isAlive(pid) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  return !isAlive(pid);
}

describe('a shell step', () => {
  it('sees none of Warroom’s own environment', async () => {
    process.env.WARROOM_TEST_LEAK = 'leaked';
    const result = await execute(executor, source('env | sort'));
    delete process.env.WARROOM_TEST_LEAK;
    const names = String(result.value.stdout)
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? ''))).toEqual([
      'API_KEY',
      'HOME',
      'LANG',
      'PATH',
      'TMPDIR',
      'WARROOM_STEP',
    ]);
  });

  it('has no input to wait for', async () => {
    expect((await execute(executor, source('cat; echo done'))).value.stdout).toBe('done\n');
  });

  it('runs in a folder of its own, which is gone afterwards', async () => {
    const result = await execute(executor, source('touch made-here; pwd'));
    const folder = String(result.value.stdout).trim();
    await expect(readdir(folder)).rejects.toThrow(/ENOENT/u);
  });

  it('takes everything that it started along when it is cancelled, also what ignores a polite request', async () => {
    const statement = await executor.prepare(
      source(`sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' & sh -c 'echo $$; exec sleep 300' & wait`),
    );
    const cancel = new AbortController();
    let printed = '';
    const result = await statement.run(
      runContext({
        signal: cancel.signal,
        onOutput: (chunk) => {
          printed += chunk;
          if (printed.trim().split('\n').length === 2) cancel.abort();
        },
      }),
    );
    expect(result.status).toBe('cancelled');
    for (const pid of printed.trim().split('\n').map(Number)) expect(await untilGone(pid)).toBe(true);
  });

  it('leaves nothing behind in the background when it ends by itself', async () => {
    const result = await execute(executor, source('sleep 300 & echo $!'));
    expect(result.status).toBe('ok');
    expect(await untilGone(Number(String(result.value.stdout).trim()))).toBe(true);
  });

  it('does not wait for a process that left its group and keeps the output open, and lets it live', async () => {
    const result = await execute(executor, source('setsid sleep 20 & echo done'));
    expect(result).toMatchObject({ status: 'ok', value: { stdout: 'done\n' } });
    expect(result.durationMs).toBeLessThan(5_000);
  });

  it.skipIf(process.platform !== 'linux')('takes what left its group along when it is stopped', async () => {
    const statement = await executor.prepare(
      source(`setsid sh -c 'trap "" TERM; echo $$; sleep 300; sleep 300' & wait`),
    );
    const cancel = new AbortController();
    let printed = '';
    const result = await statement.run(
      runContext({
        signal: cancel.signal,
        onOutput: (chunk) => {
          printed += chunk;
          cancel.abort();
        },
      }),
    );
    expect(result.status).toBe('cancelled');
    expect(await untilGone(Number(printed.trim()))).toBe(true);
  });

  it('control: a signal to the group alone does not reach what left it', async () => {
    const child = spawn('/bin/sh', ['-c', 'setsid sleep 300 & echo $!; wait'], { detached: true });
    const pid = await new Promise<number>((resolve) => child.stdout.once('data', (data) => resolve(Number(data))));
    await new Promise((resolve) => setTimeout(resolve, 300)); // until setsid has taken it out of the group
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const alive = isAlive(pid);
    if (alive) process.kill(pid, 'SIGKILL');
    expect(alive).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')('has limits, which it cannot raise', async () => {
    const limits = { cpuSeconds: 60, memoryMb: 128, fileMb: 1, processes: 2_000 };
    const limited = (text: string, shell = '/bin/sh') =>
      execute(executor, { ...source(text), target: { ...target, options: { ...limits, shell } } });
    const shown = await limited('ulimit -St; ulimit -Hd; ulimit -Hc; ulimit -Hu', '/bin/bash');
    expect(String(shown.value.stdout).trim().split('\n')).toEqual(['60', String(128 * 1_024), '0', '2000']);
    const file = await limited('exec head -c 3000000 /dev/zero >big');
    expect(file).toMatchObject({ status: 'failed', error: expect.stringContaining('`fileMb`') });
    const memory = await limited(`x=$(head -c 200000000 /dev/zero | tr '\\0' x); printf %s "$x" | wc -c`);
    expect(memory.output).not.toContain('200000000');
  });

  it.skipIf(process.platform !== 'linux')('is told when it used up its processor time', async () => {
    const result = await execute(executor, {
      ...source('while :; do :; done'),
      target: { ...target, options: { cpuSeconds: 1 } },
    });
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('`cpuSeconds`') });
  });

  it('keeps endless output in bounded memory', async () => {
    const before = process.memoryUsage().rss;
    const result = await execute(executor, source('yes | head -c 100000000'), {
      maxOutputBytes: 1_000,
      timeoutMs: 30_000,
    });
    expect(result.status).toBe('ok');
    expect(result.omittedBytes).toBeGreaterThan(99_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  }, 60_000);

  it('masks its secret also where the other stream speaks in the middle of it', async () => {
    const text = [
      'printf "the key is ${API_KEY%-0815}"',
      'sleep 0.2',
      'echo "a warning" >&2',
      'sleep 0.2',
      'echo "-0815."',
    ].join('\n');
    const pieces: string[] = [];
    const result = await execute(executor, source(text), {
      secrets: () => Promise.resolve(new Secret('key-with-length-0815')),
      onOutput: (piece) => pieces.push(piece),
    });
    expect(result.output).toBe('a warning\nthe key is <secret>.\n');
    expect(pieces.join('')).toBe(result.output);
    expect(JSON.stringify(result)).not.toContain('with-length');
  });

  it('masks its secret however it is encoded', async () => {
    const result = await execute(
      executor,
      source(
        'printf "%s" "$API_KEY" | base64; printf "user:%s" "$API_KEY" | base64; printf "%s" "$API_KEY" | od -An -tx1 | tr -d " \\n"',
      ),
      {
        secrets: () => Promise.resolve(new Secret('key-with-length-0815')),
      },
    );
    const everything = JSON.stringify(result);
    for (const form of [
      'key-with-length-0815',
      Buffer.from('key-with-length-0815').toString('hex'),
      Buffer.from('key-with-length-0815').toString('base64').slice(2, -3),
    ]) {
      expect(everything).not.toContain(form);
    }
  });

  it('fails with its exit code and keeps both streams apart', async () => {
    const result = await execute(executor, source('echo out; echo err >&2; exit 3'));
    expect(result).toMatchObject({ status: 'failed', value: { exit_code: 3, stdout: 'out\n', stderr: 'err\n' } });
    expect(result.error).toContain('exit code 3');
  });

  it('says what is wrong with a folder that is not there', async () => {
    const result = await execute(executor, {
      ...source('true'),
      target: { ...target, options: { cwd: path.join(dir, 'nowhere') } },
    });
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('nowhere') });
  });
});

describe('the folders of programs of a target', () => {
  const withPath = () => ({ ...target, options: { path: dir } });
  beforeAll(() => writeFile(path.join(dir, 'id'), '#!/bin/sh\necho "our own"\n', { mode: 0o755 }));

  it('come before those of the system in a change', async () => {
    const result = await execute(executor, { ...source('id -u'), target: withPath() });
    expect(result.value.stdout).toBe('our own\n');
  });

  it('are left out where a step only reads: the reviewed programs are those of the system', async () => {
    const result = await execute(executor, { ...source('id -u'), target: withPath(), allowed: 'read' });
    expect(result.value.stdout).toBe(`${process.getuid?.()}\n`);
  });

  it.each(['bin', '/a:b', '/a:', ':/a'])('are absolute: %s is refused', (folders) => {
    expect(executor.checkTarget({ ...target, options: { path: folders } })).toEqual([
      '`options.path`: write absolute folders, separated by colons.',
    ]);
  });
});

describe('a value in a shell step', () => {
  it.each([
    'path',
    'ld_preload',
    'bash_env',
    'node_options',
    'ifs',
    'shellopts',
    'ps4',
    'env',
    'home',
    'https_proxy',
    'git_ssh_command',
    'pythonpath',
    'pghost',
  ])('cannot be called %s, because programs obey it', async (name) => {
    expect(await attempt(executor, source(`echo "\${${name}}"`, { [name]: 'x' }))).toBe('value_refused');
  });

  it.each([
    'echo $name',
    'echo ${name}',
    'rm -rf /tmp/$name',
    'echo $(cat $name)',
    'echo "$(cat $name)"',
    'x=${name:-a}',
  ])('must stand in double quotes: %s', async (text) => {
    expect(await attempt(executor, source(text, { name: 'x' }))).toBe('placeholder_unbindable');
  });

  it.each([
    'eval "$name"',
    'sh -c "echo $name"',
    '/bin/bash -lc "echo $name"',
    'ssh host "echo $name"',
    'python3 -c "print($name)"',
    'psql -c "select $name"',
    'echo a | xargs -I{} sh -c "$name"',
  ])('is refused where an interpreter reads it again: %s', async (text) => {
    expect(await attempt(executor, source(text, { name: 'x' }))).toBe('placeholder_unbindable');
  });

  it('is found in quotes, substitutions and here-documents, and not in single quotes, comments or the script’s own variables', async () => {
    const script = [
      `echo "$first" '$ignored' # $comment`,
      'for item in a b; do echo $item; done',
      'own=1; echo $own "${second}"',
      'cat <<END',
      'value $third \\$escaped',
      'END',
      "cat <<'END'",
      '$literal',
      'END',
      'echo "$(printf %s "$fourth")"',
    ].join('\n');
    expect(await executor.placeholders(script)).toEqual(['first', 'second', 'third', 'fourth']);
  });

  it('control: pasted into the text, the same value would run', async () => {
    const value = '"; echo pasted; "';
    expect((await execute(executor, source('echo "$value"', { value }))).value.stdout).toBe(`${value}\n`);
    expect((await execute(executor, source(`echo "${value}"`))).value.stdout).toContain('\npasted\n');
  });
});
