import type { KubeConnection } from './kube-http.ts';

/** One right as RBAC names it. */
export type KubeRight = {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource: string | null;
  /** Null: of the whole cluster. */
  readonly namespace: string | null;
};

/**
 * Asks the API server whether the account may do that (SelfSubjectAccessReview, which keeps nothing and which admission webhooks do not
 * see as a change). `allowed` is null when the server does not say. Throws KubeConnectionError.
 */
export async function reviewAccess(
  connection: KubeConnection,
  right: KubeRight,
  signal: AbortSignal,
): Promise<{ allowed: boolean | null; status: number }> {
  const { subresource, namespace, ...rest } = right;
  const resourceAttributes = {
    ...rest,
    ...(subresource === null ? {} : { subresource }),
    ...(namespace === null ? {} : { namespace }),
  };
  const kind = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' };
  const answer = await connection.send({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ ...kind, spec: { resourceAttributes } }),
    signal,
  });
  return { allowed: answer.status < 300 ? allowedIn(answer.body) : null, status: answer.status };
}

function allowedIn(body: string): boolean | null {
  try {
    const { status } = JSON.parse(body) as { status?: { allowed?: unknown } };
    return typeof status?.allowed === 'boolean' ? status.allowed : null;
  } catch {
    return null;
  }
}
