import { InternalError } from '../../../lib/errors.ts';
import { type KubeGuard, type KubeRequest, requireSegments } from '../../kube/kube-request.ts';

/** The query parameters of each kind of question. */
const CREATE = ['fieldManager', 'fieldValidation'];
const LIST = ['labelSelector', 'fieldSelector', 'limit'];
const LOG = ['container', 'follow'];

/**
 * The last look before the wire: one Job and its Secret are made and taken away under one name, and its pods, their output and its events
 * are looked at. No Secret is read, nothing of another namespace is touched.
 */
export function guardJob(own: { namespace: string; name: string }): KubeGuard {
  return (request) => {
    requireSegments(request);
    if (request.namespace === own.namespace && isAllowed(request, own.name)) return;
    const { method, resource, name } = request;
    throw new InternalError('job_request', `A script's Job has no use for ${method} ${resource.plural} ${name ?? ''}`);
  };
}

function isAllowed(request: KubeRequest, own: string): boolean {
  const { method, resource, name, subresource, body } = request;
  const asks = (keys: readonly string[]) => (request.query ?? []).every(([key]) => keys.includes(key));
  const what = [method, resource.group, resource.plural, subresource]
    .filter((part) => part !== '')
    .join(' ')
    .trimEnd();
  switch (what) {
    case 'POST batch jobs':
    case 'POST secrets':
      return name === undefined && nameOf(body) === own && asks(CREATE);
    case 'GET batch jobs':
    case 'DELETE batch jobs':
    case 'DELETE secrets':
      return name === own && asks([]);
    case 'GET pods log':
      return name !== undefined && asks(LOG);
    case 'GET pods':
    case 'GET events':
      return name === undefined && body === undefined && asks(LIST);
    default:
      return false;
  }
}

function nameOf(body: unknown): unknown {
  return (body as { metadata?: { name?: unknown } } | undefined)?.metadata?.name;
}
