import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import { UserError } from '../../lib/errors.ts';
import {
  type CredentialName,
  type LoadedSecrets,
  parseTargetPart,
  secretReference,
  targetProblems,
} from '../credential.ts';

/** How to reach one PostgreSQL as one role: what node-postgres is given. */
export type PgConnection = {
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  readonly ssl?: boolean;
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
  );

const options = z.strictObject({
  connection: z.union([connectionString, z.strictObject({ embedded: z.literal(true) }), address], {
    error:
      'write a connection string postgres://host:port/database, { embedded: true }, or { host, port, database, ssl }',
  }),
  maxRows: z.int().min(1).max(10_000).default(200),
});

const credential = z.strictObject({
  user: z.string().min(1).optional(),
  password: secretReference.optional(),
  /** A whole connection string kept as a secret. */
  connection: secretReference.optional(),
});

/** Problems of a target of this executor, one sentence each. */
export function sqlTargetProblems(target: TargetDefinition): string[] {
  return [
    ...targetProblems(options, 'options', target.options),
    ...targetProblems(credential, 'read', target.read),
    ...(target.write === null ? [] : targetProblems(credential, 'write', target.write)),
  ];
}

/** The row cap of a target. */
export function maxRowsOf(target: TargetDefinition): number {
  return parseTargetPart(options, { target: target.name, part: 'options' }, target.options).maxRows;
}

/**
 * Where to connect and as whom, with only the named credential loaded. Throws UserError `target_invalid`, or what resolving a
 * secret throws.
 */
export async function sqlConnection(
  target: TargetDefinition,
  use: { credential: CredentialName; secrets: LoadedSecrets; embedded: EmbeddedConnections | undefined },
): Promise<PgConnection> {
  const { connection } = parseTargetPart(options, { target: target.name, part: 'options' }, target.options);
  const login = parseTargetPart(
    credential,
    { target: target.name, part: use.credential },
    target[use.credential] ?? {},
  );
  if (typeof connection === 'object' && 'embedded' in connection) {
    if (use.embedded) return use.embedded[use.credential];
    throw new UserError(
      'target_invalid',
      `Target ${target.name} means Warroom's own database, which is not available here.`,
    );
  }
  const whole = await use.secrets.optional(login.connection);
  const password = await use.secrets.optional(login.password);
  const base = whole
    ? { connectionString: whole }
    : typeof connection === 'string'
      ? { connectionString: connection }
      : connection;
  return {
    ...base,
    ...(login.user === undefined ? {} : { user: login.user }),
    ...(password === undefined ? {} : { password }),
  };
}
