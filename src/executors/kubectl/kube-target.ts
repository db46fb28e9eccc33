import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import path from 'node:path';
import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { Secret } from '../../lib/secret.ts';
import {
  type CredentialName,
  definitionProblems,
  type LoadedSecrets,
  readTarget,
  secretReference,
} from '../credential.ts';

const name = z.string().regex(/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/u, 'write the name of a namespace');
const server = z.string().refine((text) => URL.canParse(text) && isSafeServer(new URL(text)), {
  error: 'write https://host:port without user and query; plain http is for this machine only (kubectl proxy)',
});

const options = z
  .strictObject({
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
    /** Where commands without -n look. */
    namespace: name.optional(),
    /** The only namespaces that steps may name; every one without it. */
    namespaces: z.array(name).min(1).optional(),
    /** The only folder that `cp` reads from and writes to; without it `cp` is refused. */
    files: z.string().min(1).optional(),
  })
  .refine((part) => [part.server, part.kubeconfig, part.inCluster].filter((item) => item !== undefined).length === 1, {
    error: 'name exactly one of `server`, `kubeconfig` and `inCluster`',
  });

const credential = z.strictObject({
  /** Bearer token of a service account. */
  token: secretReference.optional(),
  /** A kubeconfig of its own, as a secret (`file:/path`): the best way to keep reading and writing apart. */
  kubeconfig: secretReference.optional(),
  /** A context of the kubeconfig with another user. */
  context: z.string().min(1).optional(),
});

/** The cluster as one credential reaches it. */
export type KubePlace = {
  readonly server: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername'>;
  readonly namespace: string;
  readonly namespaces: readonly string[] | null;
  readonly files: string | null;
};

const shape = { options, credential };

/** Problems of a target of this executor, one sentence each. */
export function kubectlTargetProblems(target: TargetDefinition): string[] {
  return definitionProblems(target, shape);
}

/**
 * Loads the named credential and nothing else. Kubeconfigs that start programs (`exec`, `auth-provider`) or do not verify the
 * server's certificate are refused. Throws UserError `target_invalid` or what resolving a secret throws.
 */
export async function kubePlace(
  target: TargetDefinition,
  use: { credential: CredentialName; secrets: LoadedSecrets },
): Promise<KubePlace> {
  const { place: where, login } = readTarget(target, use.credential, shape);
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
      namespaces: where.namespaces ?? null,
      files: where.files === undefined ? null : path.resolve(where.files),
    };
  } catch (error) {
    const told = error instanceof UserError && error.code !== 'kubeconfig_unusable';
    if (told) throw error;
    const reason = messageOf(error).split('\n')[0] ?? '';
    throw new UserError(
      'target_invalid',
      `Target ${target.name} is not usable: ${reason.replace(/[.\s]+$/u, '')}; correct the target or its kubeconfig.`,
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
  where: z.output<typeof options>,
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
