import pg from 'pg';
import { InternalError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

/** Where the database is: an embedded server's socket, or an address such as DATABASE_URL holds. */
export type Connection =
  | { readonly host: string; readonly user: string; readonly database: string }
  | { readonly connectionString: string };

const INT8 = 20;
const DATE = 1082;
const TIMESTAMP = 1114;

/**
 * A pool of connections. An idle connection that the server cuts is logged and replaced: it never ends the process.
 * `bigint` is read as a number, `timestamptz` as a Date, `date` and `timestamp` as text, `json` as a value to be checked.
 */
export function createPool(connection: Connection, log: Log, options: { readonly max?: number } = {}): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    max: options.max ?? 15,
    application_name: 'warroom',
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: { getTypeParser },
  });
  const seen = (error: Error): void => log.warn({ error }, 'A connection to the database was lost.');
  pool.on('error', seen);
  // Without this, a connection that is cut while it is checked out ends the process.
  pool.on('connect', (client) => client.on('error', seen));
  return pool;
}

/** PostgreSQL's `bigint` as a number. Throws InternalError where a number could not hold it exactly. */
export function parseBigint(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new InternalError('database.bigint', `The bigint ${text} from the database is too large for a number.`);
}

function getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid === INT8 && format !== 'binary') return parseBigint;
  if (oid === DATE || oid === TIMESTAMP) return (text) => text;
  return pg.types.getTypeParser(oid, format) as (text: string) => unknown;
}
