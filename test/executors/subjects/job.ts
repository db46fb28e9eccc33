import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createShExecutor } from '../../../src/executors/sh/sh-executor.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { InternalError } from '../../../src/lib/errors.ts';
import { jobCluster } from '../../support/kube/job-cluster.ts';
import type { ContractSetup } from '../contract.ts';

/** `sh` as a Job of Kubernetes: the imitated cluster really runs the command; its folder stands for one of the image. */
export const shellAsJob: ContractSetup = async () => {
  const cluster = await jobCluster();
  const work = await mkdtemp(path.join(tmpdir(), 'warroom-contract-job-'));
  const job = cluster.target.options.job as Record<string, unknown>;
  const target = { ...cluster.target, options: { job, cwd: work } };
  const without = (key: string) => Object.fromEntries(Object.entries(job).filter(([name]) => name !== key));
  return {
    subject: {
      executor: createShExecutor({
        clock: systemClock,
        secrets: () => Promise.reject(new InternalError('test', 'the run gives its own')),
      }),
      target,
      effect: 'change',
      echo: { text: `printf '%s' "$value"`, read: (value) => value.stdout },
      secrets: { 'env:API_KEY': 'api-key-4711-0815' },
      runs: 30,
      slow: 'sleep 60',
      large: `echo FIRST\nhead -c 200000 /dev/zero | tr '\\0' 'x'\necho\necho LAST`,
      change: 'echo caught >> prey',
      state: async () => ({
        files: await readdir(work),
        prey: await readFile(path.join(work, 'prey'), 'utf8').catch(() => null),
      }),
      unreachable: { ...target, options: { job: { ...job, server: 'https://127.0.0.1:1' } } },
      badTargets: [
        { ...target, options: { job: without('image') } },
        { ...target, options: { job: without('namespace') } },
        { ...target, options: { job: { ...job, inCluster: true } } },
        { ...target, options: { job: { ...job, server: 'http://cluster.example.com' } } },
        { ...target, options: { job: { ...job, user: 0 } } },
        { ...target, options: { job: { ...job, limits: { memory: 'plenty' } } } },
        { ...target, options: { job: { ...job, image: '-v /:/host' } } },
        { ...target, write: { token: { secret: 'plain' } } },
      ],
      variants: [
        { text: `printf '%s ' "$value"` },
        { target: { ...target, options: { job, cwd: '/tmp' } } },
        { target: { ...target, options: { job: { ...job, image: 'shop/tools:2' }, cwd: work } } },
        { target: { ...target, options: { job: { ...job, namespace: 'other' }, cwd: work } } },
        { target: { ...target, write: { ...target.write, serviceAccount: 'other' } } },
      ],
    },
    stop: async () => {
      await cluster.stop();
      await rm(work, { recursive: true, force: true });
    },
  };
};
