/**
 * How a secret is named where its value must not stand: `env:NAME`, `file:/path`, `vault:path#key` (HashiCorp Vault, KV
 * version 1 or 2) and `k8s:namespace/name#key` (a Secret of Kubernetes).
 */
export type SecretReferenceParts =
  | { readonly scheme: 'env'; readonly name: string }
  | { readonly scheme: 'file'; readonly path: string }
  | { readonly scheme: 'vault'; readonly path: string; readonly key: string }
  | { readonly scheme: 'k8s'; readonly namespace: string; readonly name: string; readonly key: string };

/** Said wherever a reference is none. */
export const SECRET_REFERENCE_FORMS = 'write env:NAME, file:/path, vault:path#key or k8s:namespace/name#key';

const ENV = /^env:([A-Za-z_][A-Za-z0-9_]*)$/u;
const FILE = /^file:(\/.+)$/u;
/** No empty segment, and none of dots alone: a path never leaves its engine. */
const VAULT =
  /^vault:((?!\.{1,2}(?:\/|#))[A-Za-z0-9._~@+=-]+(?:\/(?!\.{1,2}(?:\/|#))[A-Za-z0-9._~@+=-]+)+)#([^\s#]+)$/u;
const K8S = /^k8s:([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)#([-._A-Za-z0-9]+)$/u;

/** Reads a reference; null when it is none of the four forms. */
export function parseSecretReference(text: string): SecretReferenceParts | null {
  const [, name] = ENV.exec(text) ?? [];
  if (name !== undefined) return { scheme: 'env', name };
  const [, file] = FILE.exec(text) ?? [];
  if (file !== undefined) return { scheme: 'file', path: file };
  const [, path, key] = VAULT.exec(text) ?? [];
  if (path !== undefined && key !== undefined) return { scheme: 'vault', path, key };
  const [, namespace, object, entry] = K8S.exec(text) ?? [];
  if (namespace !== undefined && object !== undefined && entry !== undefined)
    return { scheme: 'k8s', namespace, name: object, key: entry };
  return null;
}
