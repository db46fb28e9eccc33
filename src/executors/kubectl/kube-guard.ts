import { UserError } from '../../lib/errors.ts';
import { holdsSecrets, type KubeMode, type KubeRequest, requireSegments } from '../kube/kube-request.ts';

const READ_SUBRESOURCES = new Set([undefined, 'log', 'status', 'scale']);
const CHANGE_SUBRESOURCES = new Set([undefined, 'log', 'status', 'scale', 'eviction', 'exec']);
/** Query parameters that a reading request may carry; `follow`, `command`, `stdin` and the like are not among them. */
const READ_QUERY = new Set(
  `labelSelector fieldSelector limit continue includeObject container tailLines sinceSeconds sinceTime previous timestamps limitBytes`.split(
    ' ',
  ),
);
/** Types whose creation hands out credentials or whose very name is a way around. */
const CREDENTIAL_TYPES = new Set(['tokenreviews', 'certificatesigningrequests', 'selfsubjectaccessreviews']);

/**
 * The last look before the wire, whatever the command was: a reading session sends GET alone, to objects and to the subresources log,
 * status and scale; no session ever asks for a Secret. `get` on a pod's exec, attach or portforward would run commands through GET.
 */
export function guardRequest(request: KubeRequest, mode: KubeMode): void {
  requireSegments(request);
  if (holdsSecrets(request.resource) && !isSecretDeletion(request)) {
    throw refused(mode, 'Secrets are never shown: ask for what uses them.');
  }
  if (mode !== 'read') {
    if (!CHANGE_SUBRESOURCES.has(request.subresource))
      throw refused(mode, `No step uses the subresource ${request.subresource}.`);
    if (mode === 'preview' && request.method !== 'GET' && !hasDryRun(request))
      throw refused(mode, 'A preview sends dry runs only.');
    if (mode === 'preview' && request.subresource === 'exec')
      throw refused(mode, 'A command in a container has no dry run.');
    return;
  }
  if (request.method !== 'GET') throw refused(mode, `A reading step sends GET alone, not ${request.method}.`);
  if (!READ_SUBRESOURCES.has(request.subresource))
    throw refused(mode, `A reading step does not use the subresource ${request.subresource}.`);
  if (request.body !== undefined) throw refused(mode, 'A reading step sends no body.');
  const strange = request.query?.find(([key]) => !READ_QUERY.has(key));
  if (strange) throw refused(mode, `A reading step does not send the parameter ${strange[0]}.`);
  if (CREDENTIAL_TYPES.has(request.resource.plural))
    throw refused(mode, `${request.resource.plural} are not read by steps.`);
}

function isSecretDeletion(request: KubeRequest): boolean {
  return request.method === 'DELETE' && request.name !== undefined && request.subresource === undefined;
}

function hasDryRun(request: KubeRequest): boolean {
  // A server that gets a body with a deletion does not look at the address.
  const body = request.body as { dryRun?: unknown } | undefined;
  if (request.method === 'DELETE' && body !== undefined)
    return Array.isArray(body.dryRun) && body.dryRun.length === 1 && body.dryRun[0] === 'All';
  return request.query?.some(([key, value]) => key === 'dryRun' && value === 'All') ?? false;
}

function refused(mode: KubeMode, message: string): UserError {
  return new UserError(mode === 'read' ? 'not_read_only' : 'statement_invalid', message);
}
