import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import {
  type CredentialName,
  definitionProblems,
  type LoadedSecrets,
  readTarget,
  secretReference,
} from '../credential.ts';
import { readAuthority } from '../tls-authority.ts';
import type { RedisPlace, RedisTls } from './redis-session.ts';

const url = z
  .string()
  .regex(
    /^rediss?:\/\/(?:\[[0-9a-fA-F:]+\]|[^/:@\s]+)(?::\d{1,5})?(?:\/\d{1,2})?$/u,
    'write redis://host:port/db or rediss://host:port/db, without a password',
  );

const options = z
  .strictObject({
    url: url.optional(),
    /** Path of a unix socket. */
    socket: z.string().startsWith('/', 'write an absolute path').optional(),
    db: z.int().min(0).max(63).default(0),
    /** The address is a node of a cluster: keys are followed to the nodes that hold them. */
    cluster: z.boolean().default(false),
    /** PEM file with the authority that signed the server's certificate; without it those that the machine trusts. */
    ca: z.string().startsWith('/', 'write an absolute path').optional(),
  })
  .refine((given) => (given.url === undefined) !== (given.socket === undefined), 'give either `url` or `socket`')
  .refine((given) => !given.cluster || given.url !== undefined, 'a cluster is reached over TCP: write `url`')
  .refine(
    (given) => !given.cluster || (given.db === 0 && !/[^/]\/[1-9]\d*$/u.test(given.url ?? '')),
    'a cluster has database 0 only',
  )
  .refine((given) => given.ca === undefined || given.url?.startsWith('rediss:'), '`ca` needs TLS: write rediss://');

const credential = z.strictObject({
  username: z.string().min(1).optional(),
  password: secretReference.optional(),
  /** For servers that ask for a certificate: both as PEM. */
  certificate: secretReference.optional(),
  key: secretReference.optional(),
});

const shape = { options, credential };

/** Problems of a target of this executor, one sentence each. */
export function redisTargetProblems(target: TargetDefinition): string[] {
  return definitionProblems(target, shape);
}

/** Where to connect and as whom, with only the named credential loaded. Throws UserError `target_invalid` or what a secret throws. */
export async function redisConnection(
  target: TargetDefinition,
  use: { credential: CredentialName; secrets: LoadedSecrets },
): Promise<{ options: RedisPlace; address: string; cluster: boolean }> {
  const { place, login } = readTarget(target, use.credential, shape);
  const password = await use.secrets.optional(login.password);
  const account = {
    ...(login.username === undefined ? {} : { username: login.username }),
    ...(password === undefined ? {} : { password }),
  };
  if (place.socket !== undefined)
    return { options: { path: place.socket, db: place.db, ...account }, address: place.socket, cluster: false };
  const parsed = new URL(place.url ?? '');
  const port = parsed.port === '' ? 6379 : Number(parsed.port);
  const host = parsed.hostname.replace(/^\[|\]$/gu, '');
  const db = parsed.pathname.length > 1 ? Number(parsed.pathname.slice(1)) : place.db;
  const tls = parsed.protocol === 'rediss:' ? { tls: await tlsOf(login, place.ca, use.secrets) } : {};
  return {
    options: { host, port, db, ...tls, ...account },
    address: `${host}:${port}`,
    cluster: place.cluster,
  };
}

async function tlsOf(
  login: z.infer<typeof credential>,
  ca: string | undefined,
  secrets: LoadedSecrets,
): Promise<RedisTls> {
  const cert = await secrets.optional(login.certificate);
  const key = await secrets.optional(login.key);
  return {
    ...(ca === undefined ? {} : { ca: await readAuthority(ca) }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
