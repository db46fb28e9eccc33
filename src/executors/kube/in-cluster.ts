import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import { processEnvironment } from '../../config/environment.ts';
import { InternalError, messageOf } from '../../lib/errors.ts';

/** What Kubernetes gives the pod that Warroom runs in. */
export type Pod = {
  /** Folder with `token`, `ca.crt` and `namespace` of the service account. */
  readonly folder: string;
  readonly environment: (name: string) => string | undefined;
};

/** The pod of this process, if it is one. */
export const THIS_POD: Pod = {
  folder: '/var/run/secrets/kubernetes.io/serviceaccount',
  environment: (name) => processEnvironment()[name],
};

export type InCluster = {
  readonly server: string;
  readonly namespace: string | undefined;
  readonly tokenFile: string;
  readonly ca: Buffer;
};

/** The API server as a pod sees it; the token stays in its file, because it is replaced there every hour. */
export async function enterFromPod(pod: Pod): Promise<InCluster> {
  const host = pod.environment('KUBERNETES_SERVICE_HOST');
  const port = pod.environment('KUBERNETES_SERVICE_PORT');
  if (!host || !port)
    throw new InternalError(
      'kube.no_pod',
      'Warroom runs in no pod of a cluster (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set)',
    );
  const ca = await readAccountFile(path.join(pod.folder, 'ca.crt'));
  const namespace = await readFile(path.join(pod.folder, 'namespace'), 'utf8').catch(() => '');
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace: namespace.trim() === '' ? undefined : namespace.trim(),
    tokenFile: path.join(pod.folder, 'token'),
    ca,
  };
}

/** A token as it is in its file now. */
export async function readTokenFile(file: string): Promise<string> {
  const token = (await readAccountFile(file)).toString('utf8').trim();
  if (token !== '' && /^[\x21-\x7e]+$/u.test(token)) return token;
  throw new InternalError('kube.token', `the token file ${file} holds no token`);
}

async function readAccountFile(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new InternalError('kube.account', `its file ${file} cannot be read (${messageOf(error)})`);
  }
}
