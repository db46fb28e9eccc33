import { isSecretType } from '../../analysis/kubectl-commands.ts';
import { UserError } from '../../lib/errors.ts';

/** A type that the API server serves. */
export type KubeResource = {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
};

/** One request, typed: there is no way to give a URL. */
export type KubeRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly resource: KubeResource;
  readonly namespace: string | null;
  readonly name?: string;
  readonly subresource?: 'log' | 'status' | 'scale' | 'eviction' | 'exec';
  readonly query?: readonly (readonly [string, string])[];
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
};

/** What a session may send: `read` for reading steps, `preview` for dry runs, `change` for approved steps. */
export type KubeMode = 'read' | 'preview' | 'change';

/** Looks at a request before it is sent and throws UserError when it may not be. */
export type KubeGuard = (request: KubeRequest, mode: KubeMode) => void;

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

/** Whether objects of that type hold secret values, by any of the names that the server gives it. */
export function holdsSecrets(resource: KubeResource): boolean {
  return [resource.plural, resource.singular, resource.kind, ...resource.shortNames].some(isSecretType);
}

function isSecretDeletion(request: KubeRequest): boolean {
  return request.method === 'DELETE' && request.name !== undefined && request.subresource === undefined;
}

function hasDryRun(request: KubeRequest): boolean {
  return request.query?.some(([key, value]) => key === 'dryRun' && value === 'All') ?? false;
}

/** Every part of the path is exactly one segment that no server reads as another path. */
function requireSegments(request: KubeRequest): void {
  const { resource, namespace, name } = request;
  for (const part of [
    resource.version,
    resource.plural,
    ...(resource.group === '' ? [] : [resource.group]),
    namespace,
    name,
  ]) {
    if (part === null || part === undefined) continue;
    if (!/^[A-Za-z0-9](?:[-A-Za-z0-9._:]*[A-Za-z0-9])?$/u.test(part) || part.includes('..') || part.length > 253) {
      throw new UserError(
        'value_refused',
        `"${part.slice(0, 60)}" cannot be the name of something in Kubernetes: use letters, digits, - and . only.`,
      );
    }
  }
}

function refused(mode: KubeMode, message: string): UserError {
  return new UserError(mode === 'read' ? 'not_read_only' : 'statement_invalid', message);
}
