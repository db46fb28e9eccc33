import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createShExecutor } from '../../src/executors/sh/sh-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type TestSshd, testSshd } from '../support/sshd.ts';
import { execute, runContext } from './harness.ts';

let sshd: TestSshd | null = null;
let keys: Readonly<Record<string, string>> = {};
beforeAll(async () => {
  sshd = await testSshd();
  keys = {
    'file:/first': sshd?.keys[0] ?? '',
    'file:/second': sshd?.keys[1] ?? '',
    'file:/stranger': sshd?.strangerKey ?? '',
    'env:API_KEY': 'api-key-4711-0815',
  };
});
afterAll(async () => {
  await sshd?.stop();
});

const secrets = (reference: string) => Promise.resolve(new Secret(keys[reference] ?? 'unknown'));
const executor = createShExecutor({ clock: systemClock, secrets });

function targetWith(ssh: Record<string, unknown> = {}, key = 'file:/first'): TargetDefinition {
  const { port = 0, user = '', hostKey = '' } = sshd ?? {};
  return {
    name: 'worker',
    executor: 'sh',
    description: null,
    options: { ssh: { host: '127.0.0.1', port, user, hostKey, ...ssh } },
    read: { key: { secret: 'file:/second' } },
    write: { key: { secret: key }, env: { API_KEY: { secret: 'env:API_KEY' } } },
  };
}

const run = (text: string, target = targetWith(), parts: Parameters<typeof execute>[2] = {}) =>
  execute(executor, { text, values: {}, target, allowed: 'change' }, { secrets, ...parts });

async function untilGone(pid: number): Promise<boolean> {
  const deadline = performance.now() + 5_000;
  while (existsSync(`/proc/${pid}`) && performance.now() < deadline) await new Promise((end) => setTimeout(end, 20));
  return !existsSync(`/proc/${pid}`);
}

/** Runs a script that prints process ids, and does something once all of them are there. */
async function runUntil(script: string, count: number, act: (stop: () => void) => void) {
  const statement = await executor.prepare({ text: script, values: {}, target: targetWith(), allowed: 'change' });
  const cancel = new AbortController();
  let printed = '';
  let acted = false;
  const result = await statement.run(
    runContext({
      secrets,
      signal: cancel.signal,
      timeoutMs: 20_000,
      onOutput: (chunk) => {
        printed += chunk;
        if (acted || printed.trim().split('\n').length < count) return;
        acted = true;
        act(() => cancel.abort());
      },
    }),
  );
  return { result, pids: printed.trim().split('\n').map(Number) };
}

describe('a script on another machine', () => {
  const test = (title: string, body: (context: TestContext) => Promise<void>, timeout = 20_000) =>
    it(
      title,
      async (context) => {
        if (sshd === null) return context.skip('sshd is not on this machine');
        await body(context);
      },
      timeout,
    );

  test('has a folder of its own that is gone afterwards, and nothing in its environment but what it was given', async () => {
    const result = await run('pwd; ls -A; env | sort; ulimit -t');
    const [folder = '', ...lines] = String(result.value.stdout).trim().split('\n');
    expect(result).toMatchObject({ status: 'ok', warnings: [] });
    expect(folder).toMatch(/^\/tmp\/warroom-step-[0-9a-f]{32}$/u);
    expect(existsSync(folder)).toBe(false);
    const names = lines.map((line) => line.split('=')[0]);
    expect(names.filter((name) => name !== 'OLDPWD')).toEqual([
      ...['group', 'step.sh', 'API_KEY', 'HOME', 'LANG', 'PATH', 'PWD', 'TMPDIR', 'WARROOM_STEP', '1800'],
    ]);
    expect(JSON.stringify(result)).not.toContain('api-key-4711-0815');
  });

  test('no value and no secret stands in a command line there', async () => {
    const result = await run(
      'ps -eo args= | grep -c "api-key-4711-081[5]" || true; ps -eo args= | grep -c warroom-ste[p]',
    );
    expect(String(result.value.stdout).trim().split('\n')).toEqual(['0', '1']);
  });

  test('says its exit code and how a signal ended it', async () => {
    expect(await run('echo out; echo err >&2; exit 3')).toMatchObject({
      status: 'failed',
      value: { exit_code: 3, stdout: 'out\n', stderr: 'err\n' },
    });
    expect(await run('kill -SEGV $$')).toMatchObject({ status: 'failed', error: expect.stringContaining('SIGSEGV') });
  });

  test('is entered by each step with the key of its own credential', async () => {
    const asked: string[] = [];
    const remember = (reference: string) => {
      asked.push(reference);
      return secrets(reference);
    };
    const source = { text: 'uptime', values: {}, target: targetWith(), allowed: 'read' as const };
    expect((await execute(executor, source, { secrets: remember })).status).toBe('ok');
    expect(asked).toEqual(['file:/second']);
  });

  test('is entered with the fingerprint as well as with the key of the machine', async () => {
    expect((await run('true', targetWith({ hostKey: sshd?.fingerprint }))).status).toBe('ok');
  });

  test('gets nothing, not even the account’s name, when the machine shows another key than the pinned one', async () => {
    const [type = '', blob = ''] = (sshd?.hostKey ?? '').split(' ');
    const bytes = Buffer.from(blob, 'base64');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    for (const hostKey of [`${type} ${bytes.toString('base64')}`, `SHA256:${'A'.repeat(43)}`]) {
      const result = await run('touch /tmp/warroom-wrong-host', targetWith({ hostKey }));
      expect(result).toMatchObject({ status: 'refused', error: expect.stringContaining(sshd?.fingerprint ?? '') });
      expect(existsSync('/tmp/warroom-wrong-host')).toBe(false);
    }
  });

  test('is not reached with a key that may not enter, and the sentence says so', async () => {
    const result = await run('true', targetWith({}, 'file:/stranger'));
    expect(result).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/^Target worker cannot be reached at .*key may enter\.$/u),
    });
  });

  test('ends with everything that it started when it is cancelled: a group that ignores a request, and what left it', async () => {
    const script = `sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' &\nsetsid sh -c 'echo $$; exec sleep 300' &\nwait`;
    const { result, pids } = await runUntil(script, 2, (stop) => stop());
    expect(result).toMatchObject({
      status: 'cancelled',
      error: expect.stringContaining('all its processes were ended'),
    });
    expect(pids).toHaveLength(2);
    for (const pid of pids) expect(await untilGone(pid)).toBe(true);
  });

  test('leaves nothing of its group behind when it ends by itself', async () => {
    const result = await run('sleep 300 & echo $!');
    expect(result.status).toBe('ok');
    expect(await untilGone(Number(String(result.value.stdout).trim()))).toBe(true);
  });

  test('is unknown when the connection breaks in the middle, for a person to decide', async () => {
    const { result, pids } = await runUntil('echo $$; sleep 3', 1, () => sshd?.cut());
    expect(result).toMatchObject({ status: 'unknown', error: expect.stringContaining('look before you run it again') });
    expect(pids).toHaveLength(1);
  });

  test('says which folder of the target is not there', async () => {
    const target = targetWith();
    const result = await run('pwd', { ...target, options: { ...target.options, cwd: `/nowhere/it's` } });
    expect(result).toMatchObject({ status: 'failed', value: { exit_code: 126 } });
    expect(result.output).toContain('folder of the target');
  });
});
