import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TargetDefinition } from '../../../src/domain/system.ts';
import { createShExecutor } from '../../../src/executors/sh/sh-executor.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { InternalError } from '../../../src/lib/errors.ts';
import { testSshd } from '../../support/sshd.ts';
import type { ContractSetup } from '../contract.ts';

/** `sh` on another machine: a real sshd, which is entered with a key; the secret of the contract is one for its scripts. */
export const shellOverSsh: ContractSetup = async () => {
  const sshd = await testSshd();
  if (sshd === null) return null;
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-contract-ssh-'));
  const { host, port, user, hostKey } = { ...sshd, host: '127.0.0.1' };
  const ssh = { host, port, user, hostKey };
  const work = path.join(dir, 'work');
  await mkdir(work);
  const key = { secret: 'file:/keys/worker' };
  const target: TargetDefinition = {
    name: 'worker',
    executor: 'sh',
    description: null,
    options: { ssh, cwd: work },
    read: { key },
    write: { key, env: { API_KEY: { secret: 'env:WRITE_SECRET' } } },
  };
  return {
    subject: {
      executor: createShExecutor({
        clock: systemClock,
        secrets: () => Promise.reject(new InternalError('test', 'the run gives its own')),
      }),
      target,
      effect: 'change',
      echo: { text: `printf '%s' "$value"`, read: (value) => value.stdout },
      secrets: { [key.secret]: sshd.keys[0] },
      runs: 8,
      slow: 'sleep 60',
      large: `echo FIRST\nhead -c 200000 /dev/zero | tr '\\0' 'x'\necho\necho LAST`,
      change: 'echo caught >> prey',
      state: async () => ({
        files: await readdir(work),
        prey: await readFile(path.join(work, 'prey'), 'utf8').catch(() => null),
      }),
      unreachable: { ...target, options: { ssh: { ...ssh, port: 1 } } },
      badTargets: [
        { ...target, options: { ssh: { host: '127.0.0.1', user: 'x' } } },
        { ...target, options: { ssh: { ...ssh, hostKey: 'any' } } },
        { ...target, options: { ssh: { ...ssh, host: '-oProxyCommand=id' } } },
        { ...target, options: { ssh: { ...ssh, password: 'x' } } },
        { ...target, write: {} },
      ],
      variants: [
        { text: `printf '%s ' "$value"` },
        { target: { ...target, options: { ssh, cwd: '/tmp' } } },
        { target: { ...target, options: { ssh: { ...ssh, host: 'localhost' }, cwd: work } } },
        { target: { ...target, options: { cwd: work } } },
      ],
    },
    stop: async () => {
      await sshd.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
