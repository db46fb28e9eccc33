import type { Client } from 'pg';
import type { Json } from '../../lib/canonical-json.ts';
import { unlessAborted } from '../limits.ts';
import { pgValues } from './pg-values.ts';
import type { PgConnection } from './sql-target.ts';

/** One fresh connection for one statement. */
export type PgSession = {
  readonly client: Client;
  /** The server process of the transaction under way and its start; behind a pooler the connection itself does not know. */
  transaction: { readonly pid: number; readonly started: string } | null;
  close(): Promise<void>;
};

/** Rows as arrays, because two columns may have the same name. */
export type PgAnswer = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
  /** Rows returned or changed; null for statements that do neither. */
  readonly rowCount: number | null;
  readonly command: string;
  /** More rows were there. */
  readonly cut: boolean;
};

/** A statement waits for a lock this long at most, in milliseconds: standing in a queue for a lock blocks everybody behind. */
const LOCK_TIMEOUT_MS = 5_000;
/** An answer larger than this is not taken into memory: the connection is cut. */
const MAX_WIRE_BYTES = 32 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const CANCEL_WAIT_MS = 3_000;
/** In the protocol's Execute message zero means no limit. */
const ALL_ROWS = 0;

/** The server sent more than is taken into memory. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
}

/**
 * Connects with the limits set from the first moment. Rejects with the driver's error, or with an AbortError when the signal comes
 * first.
 */
export async function openPgSession(
  connection: PgConnection,
  use: { readOnly: boolean; timeoutMs: number; signal: AbortSignal },
): Promise<PgSession> {
  const { Client } = (await import('pg')).default;
  const settings = [
    `statement_timeout=${use.timeoutMs}`,
    `lock_timeout=${Math.min(LOCK_TIMEOUT_MS, use.timeoutMs)}`,
    `idle_in_transaction_session_timeout=${use.timeoutMs + CANCEL_WAIT_MS}`,
    'datestyle=ISO',
    ...(use.readOnly ? ['default_transaction_read_only=on'] : []),
  ];
  const { pooled = false, ...place } = connection;
  const client = new Client({
    ...place,
    ...(pooled ? {} : { options: settings.map((setting) => `-c ${setting}`).join(' ') }),
    application_name: 'warroom step',
    connectionTimeoutMillis: Math.min(CONNECT_TIMEOUT_MS, use.timeoutMs),
    types: pgValues,
  });
  client.on('error', () => undefined); // the query that is under way rejects as well; this only keeps the process alive
  const connecting = client.connect();
  try {
    await unlessAborted(use.signal, connecting);
  } catch (error) {
    streamOf(client)?.destroy();
    throw error;
  }
  guardSize(client);
  return { client, transaction: null, close: () => client.end().catch(() => undefined) }; // already cut: nothing is left to close
}

/**
 * Begins a transaction and sets the limits for it alone: a pooler hands the session to others afterwards, and one that is told to ignore
 * the limits of the start packet does so in silence.
 */
export async function beginTransaction(
  session: PgSession,
  use: { readOnly: boolean; timeoutMs: number },
): Promise<void> {
  await session.client.query(`BEGIN TRANSACTION READ ${use.readOnly ? 'ONLY' : 'WRITE'}`);
  const answer = await session.client.query({
    text: `select pg_catalog.set_config('statement_timeout', $1, true), pg_catalog.set_config('lock_timeout', $2, true),
      pg_catalog.set_config('idle_in_transaction_session_timeout', $3, true), pg_catalog.set_config('datestyle', 'ISO', true),
      pg_catalog.pg_backend_pid() as pid, pg_catalog.transaction_timestamp()::text as started`,
    values: [use.timeoutMs, Math.min(LOCK_TIMEOUT_MS, use.timeoutMs), use.timeoutMs + CANCEL_WAIT_MS].map(String),
  });
  const row = answer.rows[0] as { pid: number; started: string };
  session.transaction = { pid: Number(row.pid), started: row.started };
}

/**
 * Runs one statement by the extended protocol. With `toTheEnd` the server carries it out completely (a SELECT that calls changing
 * functions would otherwise stop half-way); without, no more than `maxRows` rows are computed. At most `maxRows` are returned.
 */
export async function queryCapped(
  client: Client,
  statement: { text: string; values: unknown[]; maxRows: number; toTheEnd: boolean },
): Promise<PgAnswer> {
  const { default: Cursor } = await import('pg-cursor');
  const cursor = client.query(new Cursor(statement.text, statement.values, { rowMode: 'array', types: pgValues }));
  // After an error the portal is gone, and a lost connection would never confirm that it was closed.
  const { rows, result } = await readRows(cursor, statement.toTheEnd ? ALL_ROWS : statement.maxRows + 1);
  await cursor.close();
  const columns = (result.fields ?? []).map((field) => field.name);
  const cut = rows.length > statement.maxRows;
  const shown = cut ? rows.slice(0, statement.maxRows) : rows;
  const rowCount = columns.length > 0 ? shown.length : (result.rowCount ?? null);
  return { columns, rows: shown, rowCount, command: result.command ?? '', cut };
}

/** Asks the server on a second connection to stop what the session is doing; true when it said that it will. */
export async function cancelOnServer(connection: PgConnection, session: PgSession): Promise<boolean> {
  const { Client } = (await import('pg')).default;
  const { pooled = false, ...place } = connection;
  const { transaction } = session;
  if (pooled && transaction === null) return false; // whose process it is cannot be known
  const second = new Client({ ...place, connectionTimeoutMillis: CANCEL_WAIT_MS, query_timeout: CANCEL_WAIT_MS });
  second.on('error', () => undefined);
  try {
    await second.connect();
    const pid = (session.client as unknown as { processID: number | null }).processID;
    const answer = transaction
      ? // the same transaction still, not the next one of somebody else in a process of the pool
        await second.query({
          text: 'select pg_cancel_backend(pid) as done from pg_stat_activity where pid = $1 and xact_start = $2::timestamptz',
          values: [transaction.pid, transaction.started],
        })
      : await second.query({ text: 'select pg_cancel_backend($1) as done', values: [pid] });
    return (answer.rows[0] as { done?: boolean } | undefined)?.done === true;
  } catch {
    return false; // the caller cuts the connection instead
  } finally {
    await second.end().catch(() => undefined);
  }
}

/** Cuts the connection without a word; the server notices and rolls back. */
export function cutConnection(session: PgSession): void {
  streamOf(session.client)?.destroy();
}

type ReadResult = {
  readonly fields?: readonly { name: string }[];
  readonly rowCount?: number | null;
  readonly command?: string;
};

function readRows(
  cursor: { read(count: number, done: (error: Error | undefined, rows: unknown[], result: unknown) => void): void },
  count: number,
): Promise<{ rows: Json[][]; result: ReadResult }> {
  return new Promise((resolve, reject) => {
    cursor.read(count, (error, rows, result) => {
      if (error) reject(error);
      else resolve({ rows: rows as Json[][], result: (result ?? {}) as ReadResult });
    });
  });
}

type Stream = { destroy(error?: Error): void; on(event: 'data', listener: (chunk: Buffer) => void): void };

/** node-postgres keeps its socket here; there is no public way to it. */
function streamOf(client: Client): Stream | undefined {
  return (client as unknown as { connection?: { stream?: Stream } }).connection?.stream;
}

function guardSize(client: Client): void {
  let received = 0;
  const stream = streamOf(client);
  stream?.on('data', (chunk) => {
    received += chunk.length;
    if (received > MAX_WIRE_BYTES)
      stream.destroy(new AnswerTooLarge(`it is larger than ${MAX_WIRE_BYTES / 1024 / 1024} MiB`));
  });
}
