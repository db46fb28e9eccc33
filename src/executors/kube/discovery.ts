import type { KubeConnection } from './kube-http.ts';
import { at, listAt, textAt } from './kube-object.ts';
import { refusalOf } from './kube-refusal.ts';
import type { KubeResource } from './kube-request.ts';

const MAX_GROUPS = 200;

/**
 * The types that a server serves, in its own preferred versions, from the discovery documents (`/api/v1`, `/apis`, `/apis/<group>/<version>`).
 * Groups that do not answer are left out, as a broken metrics server must not stop a diagnosis. Throws KubeRefusal when the credential is not accepted.
 */
export async function discoverTypes(connection: KubeConnection, signal: AbortSignal): Promise<readonly KubeResource[]> {
  const get = async (path: string): Promise<unknown> => {
    const answer = await connection.send({
      method: 'GET',
      path,
      headers: { accept: 'application/json' },
      body: null,
      signal,
    });
    if ([401, 403].includes(answer.status)) throw refusalOf(answer);
    if (answer.status !== 200) return null;
    try {
      return JSON.parse(answer.body);
    } catch {
      return null;
    }
  };
  const groups = listAt(await get('/apis'), 'groups').slice(0, MAX_GROUPS);
  const versions = groups.flatMap((group) => {
    const version = textAt(group, 'preferredVersion', 'groupVersion');
    return isGroupVersion(version) ? [version] : [];
  });
  const lists = await Promise.all([
    get('/api/v1').then((list) => typesOf(list, 'v1')),
    ...versions.map(async (version) => typesOf(await get(`/apis/${version}`), version)),
  ]);
  return lists.flat();
}

function isGroupVersion(text: string): boolean {
  return /^[a-z0-9][a-z0-9.-]*\/v[a-z0-9]+$/u.test(text) && !text.includes('..');
}

function typesOf(list: unknown, groupVersion: string): KubeResource[] {
  const [group, version] = groupVersion.includes('/') ? groupVersion.split('/') : ['', groupVersion];
  return listAt(list, 'resources').flatMap((resource) => {
    const plural = textAt(resource, 'name');
    if (plural === '' || plural.includes('/')) return [];
    return [
      {
        group: group ?? '',
        version: version ?? '',
        plural,
        singular: textAt(resource, 'singularName') || textAt(resource, 'kind').toLowerCase(),
        kind: textAt(resource, 'kind'),
        namespaced: at(resource, 'namespaced') === true,
        shortNames: listAt(resource, 'shortNames').map(String),
        categories: listAt(resource, 'categories').map(String),
      },
    ];
  });
}
