import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TargetDefinition } from '../../../src/domain/system.ts';
import type { KubeServer, KubeUser } from './server.ts';
import { ADMIN, shopCluster } from './shop-cluster.ts';
import { typeOf } from './store.ts';

/** What an account needs for scripts in Jobs, and not a right more. */
const JOB_RIGHTS = [
  'create jobs',
  'get jobs',
  'delete jobs',
  'create secrets',
  'delete secrets',
  'list pods',
  'get pods/log',
  'list events',
];
export const JOB_MAKER: KubeUser = {
  name: 'job-maker',
  may: (verb, resource) => JOB_RIGHTS.includes(`${verb} ${resource}`),
};

export type JobCluster = {
  readonly server: KubeServer;
  readonly target: TargetDefinition;
  readonly address: string;
  stop(): Promise<void>;
};

/** A cluster in which scripts run as Jobs of the namespace `shop`, and a target that runs them there. */
export async function jobCluster(options: Parameters<typeof shopCluster>[0] = {}): Promise<JobCluster> {
  const users = { 'read-secret-4711': JOB_MAKER, 'write-secret-4712': JOB_MAKER, admin: ADMIN };
  const server = shopCluster({ users, ...options });
  for (const name of ['shop-reader', 'shop-writer'])
    server.store.create(typeOf('serviceaccounts'), 'shop', { metadata: { name } }, false);
  const address = await server.start();
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-job-cluster-'));
  const certificateAuthority = path.join(dir, 'ca.pem');
  await writeFile(certificateAuthority, server.authority);
  return {
    server,
    address,
    target: {
      name: 'tools',
      executor: 'sh',
      description: null,
      options: { job: { server: address, certificateAuthority, namespace: 'shop', image: 'shop/tools@sha256:0815' } },
      read: { token: { secret: 'env:READ_SECRET' }, serviceAccount: 'shop-reader' },
      write: {
        token: { secret: 'env:WRITE_SECRET' },
        serviceAccount: 'shop-writer',
        env: { API_KEY: { secret: 'env:API_KEY' } },
      },
    },
    stop: async () => {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
