import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import path from 'node:path';
import type { Context, KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, UserError } from '../../lib/errors.ts';
import { Secret } from '../../lib/secret.ts';
import { type LoadedSecrets, secretReference } from '../credential.ts';
import { enterFromPod, type Pod, readTokenFile, THIS_POD } from './in-cluster.ts';

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
  /** Reads a token anew that is replaced in its file; null when it is still the same. */
  readonly renew?: () => Promise<Readonly<Record<string, string>> | null>;
};

/**
 * Loads one credential. Kubeconfigs that start programs (`exec`, `auth-provider`) or do not verify the server's certificate are
 * refused. Throws UserError `target_invalid` or what resolving a secret throws.
 */
export async function reachCluster(
  where: ClusterOptions,
  login: ClusterCredential,
  use: { target: string; secrets: LoadedSecrets; pod?: Pod | undefined },
): Promise<KubePlace> {
  const remember = (authorization: string) => use.secrets.used.push(new Secret(authorization.replace(/^\w+ /u, '')));
  try {
    const token = login.token === undefined ? null : await use.secrets.text(login.token);
    const own = login.kubeconfig === undefined ? null : await use.secrets.text(login.kubeconfig);
    const found = await findCluster(where, { ...login, text: own, token }, use.pod ?? THIS_POD);
    const address = found?.server ?? where.server ?? '';
    if (!URL.canParse(address) || !isSafeServer(new URL(address)))
      throw unusable(`the address of its cluster (${address || 'none'}) is no https address`);
    const ca = where.certificateAuthority === undefined ? {} : { ca: await readFile(where.certificateAuthority) };
    const authorization = token === null ? found?.authorization : `Bearer ${token}`;
    if (authorization !== undefined) remember(authorization);
    const renew = token === null && found?.tokenFile ? renewal(found.tokenFile, authorization, remember) : {};
    return {
      server: new URL(address),
      headers: authorization === undefined ? {} : { authorization },
      tls: { ...found?.tls, ...ca },
      namespace: where.namespace ?? found?.namespace ?? 'default',
      namespaces: null,
      files: null,
      ...renew,
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

async function findCluster(
  where: ClusterOptions,
  login: { readonly context?: string | undefined; readonly text: string | null; readonly token: string | null },
  pod: Pod,
): Promise<Found | null> {
  if (login.text === null && where.server !== undefined) return null;
  if (login.text === null && where.inCluster === true) return await fromPod(pod, login.token);
  return await loadConfig(where, login, login.token);
}

function renewal(file: string, first: string | undefined, remember: (authorization: string) => unknown) {
  let known = first;
  return {
    renew: async () => {
      const authorization = await readTokenFile(file).then(
        (token) => `Bearer ${token}`,
        () => known,
      );
      if (authorization === undefined || authorization === known) return null;
      known = authorization;
      remember(authorization);
      return { authorization };
    },
  };
}

type Found = {
  readonly server: string;
  readonly namespace: string | undefined;
  readonly authorization: string | undefined;
  /** Where the token is, when it is replaced in a file from time to time. */
  readonly tokenFile: string | null;
  readonly tls: KubePlace['tls'];
};

async function fromPod(pod: Pod, token: string | null): Promise<Found> {
  const { server, namespace, tokenFile, ca } = await enterFromPod(pod);
  return { server, namespace, tls: { ca }, ...(await bearerOf(token === null ? tokenFile : null)) };
}

async function bearerOf(tokenFile: string | null): Promise<Pick<Found, 'authorization' | 'tokenFile'>> {
  if (tokenFile === null) return { authorization: undefined, tokenFile };
  return { authorization: `Bearer ${await readTokenFile(tokenFile)}`, tokenFile };
}

/** The kubeconfig in use. With a token of its own, the kubeconfig's user is left out: only one credential is loaded. */
async function loadConfig(
  where: ClusterOptions,
  login: { readonly context?: string | undefined; readonly text: string | null },
  token: string | null,
): Promise<Found> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  const file = path.resolve(where.kubeconfig ?? '');
  if (login.text !== null) config.loadFromString(login.text);
  else config.loadFromFile(file);
  const context = chooseContext(config, login.context ?? (login.text === null ? where.context : undefined));
  config.setCurrentContext(context.name);
  const user = config.getCurrentUser();
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw unusable(`context ${context.name} names no cluster`);
  if (cluster.skipTLSVerify) throw unusable('its kubeconfig does not verify the certificate of the server');
  if (cluster.proxyUrl) throw unusable('its kubeconfig names a proxy, which is not supported');
  if (user?.exec || user?.authProvider) {
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
  const text = login.text ?? (await readFile(file, 'utf8'));
  const tokenFile = token === null ? findTokenFile(text, context.user, login.text === null ? file : null) : null;
  const { authorization } = await bearerOf(tokenFile);
  return {
    server: cluster.server,
    namespace: context.namespace,
    authorization: authorization ?? bearer ?? basic,
    tokenFile,
    tls,
  };
}

function chooseContext(config: KubeConfig, named: string | undefined): Context {
  const context = named ?? config.getCurrentContext();
  const chosen = config.getContextObject(context);
  if (chosen !== null) return chosen;
  const names = config.getContexts().map(({ name }) => name);
  const which = names.length === 0 ? 'it has none' : `name one of ${names.join(', ')} in \`context\``;
  throw unusable(`its kubeconfig has no ${context ? `context ${context}` : 'current context'}, ${which}`);
}

const tokenFiles = z.object({
  users: z
    .array(z.object({ name: z.string(), user: z.object({ tokenFile: z.string().optional() }).nullish() }))
    .nullish(),
});

/** `tokenFile` of a kubeconfig's user, which the client library does not read; relative to the kubeconfig, as kubectl has it. */
function findTokenFile(text: string, user: string, file: string | null): string | null {
  const found = tokenFiles.safeParse(parse(text)).data?.users?.find(({ name }) => name === user)?.user?.tokenFile;
  if (found === undefined || found === '') return null;
  if (path.isAbsolute(found)) return found;
  if (file !== null) return path.resolve(path.dirname(file), found);
  throw unusable(`its kubeconfig names the token file ${found}, which must be an absolute path here`);
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
