import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import { UserError } from '../../lib/errors.ts';
import {
  type CredentialName,
  definitionProblems,
  type LoadedSecrets,
  readPlace,
  readTarget,
  secretReference,
} from '../credential.ts';
import { readAuthority } from '../tls-authority.ts';

/** How to reach one PostgreSQL as one role: what node-postgres is given. */
export type PgConnection = {
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  /** TLS with the server's certificate and name checked, as `sslmode=verify-full`; with an authority of its own or those that the machine trusts. */
  readonly ssl?: boolean | { readonly ca: string };
  /** A pooler in transaction mode stands in between: nothing may be set that outlives a transaction. */
  readonly pooled?: boolean;
};

/** Warroom's own database, as its read-only role and as its owner. */
export type EmbeddedConnections = { readonly read: PgConnection; readonly write: PgConnection };

const address = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(5432),
  database: z.string().min(1),
  ssl: z.boolean().default(false),
});

const connectionString = z
  .string()
  .regex(/^postgres(?:ql)?:\/\//u, 'write postgres://host:port/database')
  .refine(
    (text) => !/^[a-z]+:\/\/[^/]*:[^/@]*@/u.test(text),
    'a password must not stand in the address: put `password: { secret: env:NAME }` into the credential',
  )
  .refine((text) => tlsProblem(text) === null, { error: (issue) => tlsProblem(String(issue.input)) ?? '' });

const options = z.strictObject({
  connection: z.union([connectionString, z.strictObject({ embedded: z.literal(true) }), address], {
    error:
      'write a connection string postgres://host:port/database, { embedded: true }, or { host, port, database, ssl }',
  }),
  maxRows: z.int().min(1).max(10_000).default(200),
  /** PEM file with the authority that signed the server's certificate; TLS is then demanded. */
  ca: z.string().startsWith('/', 'write an absolute path').optional(),
  /** The address is that of PgBouncer in transaction mode, or of another pooler of that kind. */
  pooled: z.boolean().default(false),
});

const credential = z.strictObject({
  user: z.string().min(1).optional(),
  password: secretReference.optional(),
  /** A whole connection string kept as a secret. */
  connection: secretReference.optional(),
});

/** Modes of libpq that encrypt but do not look who answers are no protection; null for an address without them. */
function tlsProblem(text: string): string | null {
  const query = new URLSearchParams(text.split('?')[1] ?? '');
  const mode = query.get('sslmode');
  if (query.has('uselibpqcompat') || (mode !== null && mode !== 'disable' && mode !== 'verify-full'))
    return 'the server must be known: write sslmode=verify-full, and `ca` for an authority of your own';
  if (query.has('sslrootcert') || query.has('sslcert') || query.has('sslkey'))
    return 'files of TLS do not stand in the address: write `ca` into the options';
  return null;
}

const shape = { options, credential };

/** Problems of a target of this executor, one sentence each. */
export function sqlTargetProblems(target: TargetDefinition): string[] {
  return definitionProblems(target, shape);
}

/** The row cap of a target. */
export function maxRowsOf(target: TargetDefinition): number {
  return readPlace(target, shape).maxRows;
}

/**
 * Where to connect and as whom, with only the named credential loaded. Throws UserError `target_invalid`, or what resolving a
 * secret throws.
 */
export async function sqlConnection(
  target: TargetDefinition,
  use: { credential: CredentialName; secrets: LoadedSecrets; embedded: EmbeddedConnections | undefined },
): Promise<PgConnection> {
  const {
    place: { connection, ca, pooled },
    login,
  } = readTarget(target, use.credential, shape);
  if (typeof connection === 'object' && 'embedded' in connection) {
    if (use.embedded) return use.embedded[use.credential];
    throw new UserError(
      'target_invalid',
      `Target ${target.name} means Warroom's own database, which is not available here.`,
    );
  }
  const whole = await use.secrets.optional(login.connection);
  const password = await use.secrets.optional(login.password);
  const text = whole ?? (typeof connection === 'string' ? connection : null);
  const problem = text === null ? null : tlsProblem(text);
  if (problem !== null)
    throw new UserError('target_invalid', `The connection of target ${target.name} is not usable: ${problem}.`);
  const way = { ...(ca === undefined ? {} : { ssl: { ca: await readAuthority(ca) } }), pooled };
  if (text !== null) {
    const connectionString = loginInto(text, { user: login.user, password });
    return { connectionString: ca === undefined ? connectionString : withoutMode(connectionString), ...way };
  }
  return {
    ...(connection as PgConnection),
    ...way,
    ...(login.user === undefined ? {} : { user: login.user }),
    ...(password === undefined ? {} : { password }),
  };
}

/** node-postgres takes user and password from a connection string, also when it has none: so they are put into it. */
function loginInto(text: string, login: { user: string | undefined; password: string | undefined }): string {
  if (!URL.canParse(text))
    throw new UserError('target_invalid', 'The connection is no address: write postgres://host:port/database.');
  const url = new URL(text);
  for (const [name, value] of Object.entries(login)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

/** The driver lets the mode in the address win over the authority of the options. */
function withoutMode(text: string): string {
  const url = new URL(text);
  url.searchParams.delete('sslmode');
  return url.href;
}
