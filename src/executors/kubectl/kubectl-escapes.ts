import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { DeeperLayers, DeeperUse, LayerResult } from '../examination.ts';
import { reviewAccess } from '../kube/access-review.ts';
import type { KubePlace } from '../kube/cluster.ts';
import { KNOWN_TYPES } from '../kube/known-types.ts';
import { KubeConnection } from '../kube/kube-http.ts';
import type { KubeGuard, KubeRequest } from '../kube/kube-request.ts';
import { guardRequest } from './kube-guard.ts';
import { kubePlace } from './kube-target.ts';

/** What a command asks of the API server: the request as the guard sees it, and the verb as RBAC names it. */
type Asked = { readonly verb: string } & Pick<KubeRequest, 'method' | 'subresource'> & { readonly plural: string };

const ASKED: Readonly<Record<string, Asked>> = {
  delete: { verb: 'delete', method: 'DELETE', plural: 'configmaps' },
  scale: { verb: 'patch', method: 'PATCH', plural: 'deployments', subresource: 'scale' },
  exec: { verb: 'create', method: 'GET', plural: 'pods', subresource: 'exec' },
  cordon: { verb: 'patch', method: 'PATCH', plural: 'nodes' },
  get: { verb: 'list', method: 'GET', plural: 'secrets' },
};

/**
 * Shows each request to the guard that stands before the wire, and asks the API server whether the read credential would be
 * allowed it (SelfSubjectAccessReview, which keeps nothing). Not even a dry run is sent: admission webhooks see those.
 * Rejects when the server is not reached.
 */
export async function askAboutRights(
  use: DeeperUse & { readonly clock: Clock; readonly guard?: KubeGuard | undefined },
): Promise<DeeperLayers> {
  const place = await kubePlace(use.target, { credential: 'read', secrets: use.secrets });
  const connection = new KubeConnection(place);
  try {
    const layers = new Map<string, LayerResult[]>();
    const allowed: string[] = [];
    for (const statement of use.statements) {
      const asked = ASKED[statement.split(' ')[1] ?? ''];
      if (!asked) continue;
      const rights = await review(connection, place, { asked, signal: use.signal });
      if (rights.outcome === 'open') allowed.push(nameOf(asked));
      layers.set(statement, [gate(use.guard ?? guardRequest, place, asked), rights]);
    }
    const findings =
      allowed.length === 0
        ? []
        : [
            `The read credential of ${use.target.name} may ${allowed.join(', ')}: bind its account to a role with get, list and watch, without Secrets.`,
          ];
    return { findings, remarks: [], layers };
  } finally {
    connection.close();
  }
}

const nameOf = ({ verb, plural, subresource }: Asked) => `${verb} ${plural}${subresource ? `/${subresource}` : ''}`;

function gate(guard: KubeGuard, place: KubePlace, { method, plural, subresource }: Asked): LayerResult {
  const resource = KNOWN_TYPES.find((type) => type.plural === plural);
  if (!resource) return { layer: 'gate', outcome: 'unknown', why: `${plural} is no known type.` };
  const namespace = resource.namespaced ? place.namespace : null;
  const request = { method, resource, namespace, name: 'warroom-doctor', ...(subresource ? { subresource } : {}) };
  try {
    guard(request, 'read');
    return { layer: 'gate', outcome: 'open', why: 'The guard lets the request pass.' };
  } catch (error) {
    return { layer: 'gate', outcome: 'stopped', why: messageOf(error) };
  }
}

async function review(
  connection: KubeConnection,
  place: KubePlace,
  { asked, signal }: { asked: Asked; signal: AbortSignal },
): Promise<LayerResult> {
  const { verb, subresource } = asked;
  const type = KNOWN_TYPES.find(({ plural }) => plural === asked.plural);
  const namespace = type?.namespaced === false ? null : (place.namespaces?.[0] ?? place.namespace);
  const right = { verb, group: type?.group ?? '', resource: asked.plural, subresource: subresource ?? null, namespace };
  const { allowed, status } = await reviewAccess(connection, right, signal);
  if (allowed === null) return { layer: 'rights', outcome: 'unknown', why: `The API server does not say (${status}).` };
  return allowed
    ? { layer: 'rights', outcome: 'open', why: `The account may ${nameOf(asked)}.` }
    : { layer: 'rights', outcome: 'stopped', why: `The account may not ${nameOf(asked)}.` };
}
