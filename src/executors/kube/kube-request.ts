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

/** Whether objects of that type hold secret values, by any of the names that the server gives it. */
export function holdsSecrets(resource: KubeResource): boolean {
  return [resource.plural, resource.singular, resource.kind, ...resource.shortNames].some(isSecretType);
}

/** Every part of the path is exactly one segment that no server reads as another path. Throws UserError `value_refused`. */
export function requireSegments(request: KubeRequest): void {
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
