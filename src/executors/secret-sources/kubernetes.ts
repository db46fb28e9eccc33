import { z } from 'zod';
import { UserError } from '../../lib/errors.ts';
import { Secret } from '../../lib/secret.ts';
import { LoadedSecrets } from '../credential.ts';
import { reachCluster } from '../kube/cluster.ts';
import { askJson, NoAnswerError } from './ask-json.ts';

type Wanted = { readonly namespace: string; readonly name: string; readonly key: string };

const secretObject = z.object({ data: z.record(z.string(), z.string()).optional() });

/**
 * One value of a Kubernetes Secret, looked up now and kept nowhere: in the cluster of KUBECONFIG (one file), else in the one
 * that Warroom runs in, with the service account of its pod. Throws UserError `secret_missing` with what to do.
 */
export async function readFromKubernetes(
  environment: (name: string) => string | undefined,
  wanted: Wanted,
): Promise<Secret> {
  const reference = `k8s:${wanted.namespace}/${wanted.name}#${wanted.key}`;
  const place = await cluster(environment('KUBECONFIG'), reference);
  const path = `/api/v1/namespaces/${wanted.namespace}/secrets/${wanted.name}`;
  const url = new URL(place.server.pathname.replace(/\/+$/u, '') + path, place.server);
  let answer: Awaited<ReturnType<typeof askJson>>;
  try {
    answer = await askJson({ url, method: 'GET', headers: place.headers, tls: place.tls });
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    throw refusal(
      `${reference} cannot be looked up: ${place.server.host} does not answer (${error.message}); check KUBECONFIG and the network.`,
    );
  }
  if (answer.status !== 200) throw refusal(`${reference} cannot be looked up: ${meaningOf(answer.status, wanted)}`);
  const data = secretObject.safeParse(answer.body).data?.data ?? {};
  const encoded = Object.hasOwn(data, wanted.key) ? data[wanted.key] : undefined;
  const value =
    encoded === undefined
      ? ''
      : Buffer.from(encoded, 'base64')
          .toString('utf8')
          .replace(/\r?\n$/u, '');
  if (value !== '') return new Secret(value);
  throw refusal(
    `The Secret ${wanted.namespace}/${wanted.name} has nothing under the key ${wanted.key}: write the value there, or correct the reference.`,
  );
}

async function cluster(kubeconfig: string | undefined, reference: string) {
  const where = kubeconfig === undefined ? { inCluster: true as const } : { kubeconfig };
  try {
    return await reachCluster(where, {}, { target: 'secrets', secrets: new LoadedSecrets(undefined) });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const by = kubeconfig === undefined ? 'the service account of its pod' : `KUBECONFIG (${kubeconfig})`;
    const why = error.message.replace(/^Target secrets is not usable: /u, '').replace(/; correct the target.*$/u, '');
    throw refusal(`${reference} cannot be looked up with ${by}: ${why}; set KUBECONFIG to a file that works.`);
  }
}

function meaningOf(status: number, wanted: Wanted): string {
  if (status === 401) return 'the cluster does not know who asks (401); check the token of KUBECONFIG.';
  if (status === 403)
    return `it may not be read (403); give Warroom the right to get this Secret in ${wanted.namespace}.`;
  if (status === 404) return 'there is no such Secret (404); check namespace and name.';
  return `the cluster answered ${status}; look at the cluster.`;
}

function refusal(text: string): UserError {
  return new UserError('secret_missing', text);
}
