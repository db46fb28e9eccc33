import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import path from 'node:path';
import { z } from 'zod';
import { messageOf, UserError } from '../../lib/errors.ts';
import { Secret } from '../../lib/secret.ts';
import { type LoadedSecrets, secretReference } from '../credential.ts';

/** Name of a namespace, or of anything else that is a DNS name there. */
export const namespaceName = z
  .string()
  .regex(/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u, 'write the name of a namespace');
const server = z.string().refine((text) => URL.canParse(text) && isSafeServer(new URL(text)), {
  error: 'write https://host:port without user and query; plain http is for this machine only (kubectl proxy)',
});

/** How a target names its cluster. */
export const clusterOptions = {
  /** Address of the API server, when no kubeconfig names it. */
  server: server.optional(),
  /** File with the server's certificate authority, PEM. */
  certificateAuthority: z.string().min(1).optional(),
  /** A kubeconfig file. Relative to where Warroom was started. */
  kubeconfig: z.string().min(1).optional(),
  /** Context of the kubeconfig; its current one without it. */
  context: z.string().min(1).optional(),
  /** The service account of the pod that Warroom runs in. */
  inCluster: z.literal(true).optional(),
};

/** What a credential is made of that enters a cluster. */
export const clusterCredential = {
  /** Bearer token of a service account. */
  token: secretReference.optional(),
  /** A kubeconfig of its own, as a secret (`file:/path`): the best way to keep reading and writing apart. */
  kubeconfig: secretReference.optional(),
  /** A context of the kubeconfig with another user. */
  context: z.string().min(1).optional(),
};

/** What to do about options that name no cluster or several. */
export const ONE_CLUSTER = 'name exactly one of `server`, `kubeconfig` and `inCluster`';

/** True for options that name one cluster. */
export function namesOneCluster(part: ClusterOptions): boolean {
  return [part.server, part.kubeconfig, part.inCluster].filter((item) => item !== undefined).length === 1;
}

const optionsObject = z.object({ ...clusterOptions, namespace: namespaceName.optional() });
const credentialObject = z.object(clusterCredential);
export type ClusterOptions = z.output<typeof optionsObject>;
export type ClusterCredential = z.output<typeof credentialObject>;

/** The cluster as one credential reaches it. */
export type KubePlace = {
  readonly server: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername'>;
  readonly namespace: string;
  /** The only namespaces that may be named; null for all. */
  readonly namespaces: readonly string[] | null;
  /** The only folder that files are copied from and to; null for none. */
  readonly files: string | null;
};

/**
 * Loads one credential. Kubeconfigs that start programs (`exec`, `auth-provider`) or do not verify the server's certificate are
 * refused. Throws UserError `target_invalid` or what resolving a secret throws.
 */
export async function reachCluster(
  where: ClusterOptions,
  login: ClusterCredential,
  use: { target: string; secrets: LoadedSecrets },
): Promise<KubePlace> {
  try {
    const token = login.token === undefined ? null : await use.secrets.text(login.token);
    const own = login.kubeconfig === undefined ? null : await use.secrets.text(login.kubeconfig);
    const found =
      where.server !== undefined && own === null ? null : await loadConfig(where, { ...login, text: own }, token);
    const address = found?.server ?? where.server ?? '';
    if (!URL.canParse(address) || !isSafeServer(new URL(address)))
      throw unusable(`the address of its cluster (${address || 'none'}) is no https address`);
    const ca = where.certificateAuthority === undefined ? {} : { ca: await readFile(where.certificateAuthority) };
    const authorization = token === null ? found?.authorization : `Bearer ${token}`;
    if (authorization !== undefined) use.secrets.used.push(new Secret(authorization.replace(/^\w+ /u, '')));
    return {
      server: new URL(address),
      headers: authorization === undefined ? {} : { authorization },
      tls: { ...found?.tls, ...ca },
      namespace: where.namespace ?? found?.namespace ?? 'default',
      namespaces: null,
      files: null,
    };
  } catch (error) {
    const told = error instanceof UserError && error.code !== 'kubeconfig_unusable';
    if (told) throw error;
    const reason = messageOf(error).split('\n')[0] ?? '';
    throw new UserError(
      'target_invalid',
      `Target ${use.target} is not usable: ${reason.replace(/[.\s]+$/u, '')}; correct the target or its kubeconfig.`,
    );
  }
}

type Found = {
  readonly server: string;
  readonly namespace: string | undefined;
  readonly authorization: string | undefined;
  readonly tls: KubePlace['tls'];
};

/** The kubeconfig in use. With a token of its own, the kubeconfig's user is left out: only one credential is loaded. */
async function loadConfig(
  where: ClusterOptions,
  login: { readonly context?: string | undefined; readonly text: string | null },
  token: string | null,
): Promise<Found> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  if (login.text !== null) config.loadFromString(login.text);
  else if (where.kubeconfig !== undefined) config.loadFromFile(path.resolve(where.kubeconfig));
  else config.loadFromCluster();
  const context = login.context ?? (login.text === null ? where.context : undefined) ?? config.getCurrentContext();
  const chosen = config.getContextObject(context);
  if (chosen === null) throw unusable(`its kubeconfig has no context ${context}`);
  config.setCurrentContext(context);
  const user = config.getCurrentUser();
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw unusable(`context ${context} names no cluster`);
  if (cluster.skipTLSVerify) throw unusable('its kubeconfig does not verify the certificate of the server');
  if (cluster.proxyUrl) throw unusable('its kubeconfig names a proxy, which is not supported');
  if (user?.exec || (user?.authProvider && where.inCluster !== true)) {
    throw unusable('its kubeconfig gets its credential from a program; give the target a `token` of a service account');
  }
  if (user?.impersonateUser) throw unusable('its kubeconfig impersonates somebody');
  if (token !== null && user) config.users = [{ name: user.name }];
  const request: RequestOptions = {};
  await config.applyToHTTPSOptions(request);
  const basic = request.auth ? `Basic ${Buffer.from(request.auth).toString('base64')}` : undefined;
  const bearer = (request.headers as Record<string, string> | undefined)?.Authorization?.trim();
  const tls = Object.fromEntries(
    (['ca', 'cert', 'key', 'servername'] as const).flatMap((key) => (request[key] ? [[key, request[key]]] : [])),
  );
  return { server: cluster.server, namespace: chosen.namespace, authorization: bearer ?? basic, tls };
}

function isSafeServer(url: URL): boolean {
  if (url.username + url.password + url.search + url.hash !== '') return false;
  return (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/u.test(url.hostname))
  );
}

function unusable(reason: string): UserError {
  return new UserError('kubeconfig_unusable', reason);
}
