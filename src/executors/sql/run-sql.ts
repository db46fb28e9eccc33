import type { Clock } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { plural } from '../../lib/text.ts';
import type { Limits, StopReason } from '../limits.ts';
import { type Findings, stopped } from '../results.ts';
import {
  AnswerTooLarge,
  beginTransaction,
  cancelOnServer,
  cutConnection,
  openPgSession,
  type PgAnswer,
  type PgSession,
  queryCapped,
} from './pg-session.ts';
import { checkReadRole } from './read-role.ts';
import type { PgConnection } from './sql-target.ts';
import { renderRows } from './table.ts';

/** Everything that running one statement needs. */
export type SqlWork = {
  readonly target: string;
  readonly connection: PgConnection;
  readonly text: string;
  readonly values: readonly unknown[];
  readonly maxRows: number;
  readonly readOnly: boolean;
  /** The server refuses it inside a transaction: it commits by itself. */
  readonly outsideTransaction: boolean;
  readonly timeoutMs: number;
  readonly limits: Limits;
  readonly clock: Clock;
};

/** How far the work got: what can be said after a failure depends on it. */
type Progress = { phase: 'before' | 'sent' | 'committing' };

/** How long the server is given to obey a cancel before the connection is cut. */
const CANCEL_GRACE_MS = 2_000;
/** SQLSTATE of a statement that was cancelled, by a person or by statement_timeout. */
const QUERY_CANCELED = '57014';
const LOCK_NOT_AVAILABLE = '55P03';

/** Runs one statement on a connection of its own: reading is always rolled back, a change is one committed transaction. */
export async function runSql(work: SqlWork): Promise<Findings> {
  let session: PgSession;
  try {
    session = await openPgSession(work.connection, { ...work, signal: work.limits.signal });
  } catch (error) {
    if (work.limits.reason()) return stopped(work.limits, 'the database was not reached, nothing was sent.');
    if (messageOf(error).includes('unsupported startup parameter'))
      return {
        status: 'failed',
        error: `Target ${work.target} is reached through a pooler that keeps no settings of a session: write \`pooled: true\` into its options.`,
      };
    return {
      status: 'failed',
      error: `Target ${work.target} cannot be reached at ${addressOf(work.connection)} (${reasonOf(error)}): check that it runs and that the credential is right.`,
    };
  }
  const progress: Progress = { phase: 'before' };
  const stopWatching = cancelWhenStopped(work, session);
  try {
    return work.readOnly ? await read(work, session, progress) : await change(work, session, progress);
  } catch (error) {
    return afterFailure(work, progress, error);
  } finally {
    stopWatching();
    if (work.limits.reason()) cutConnection(session);
    await session.close();
  }
}

async function read(work: SqlWork, session: PgSession, progress: Progress): Promise<Findings> {
  await beginTransaction(session, work);
  try {
    const role = await checkReadRole(session.client, work.target);
    if (role.refusal) return { status: 'refused', error: role.refusal };
    progress.phase = 'sent';
    const answer = await queryCapped(session.client, { ...work, values: [...work.values], toTheEnd: false });
    return findings(answer, [
      role.warning,
      answer.cut ? `Only the first ${plural(work.maxRows, 'row')} are shown: narrow the question.` : null,
    ]);
  } finally {
    await session.client.query('ROLLBACK').catch(() => undefined); // a lost connection has rolled back already
  }
}

async function change(work: SqlWork, session: PgSession, progress: Progress): Promise<Findings> {
  const { client } = session;
  if (work.outsideTransaction && work.connection.pooled) {
    return {
      status: 'refused',
      error:
        'This statement runs outside of a transaction, where a pooler keeps no limits: use a target with the address of PostgreSQL itself.',
    };
  }
  if (!work.outsideTransaction) await beginTransaction(session, work);
  progress.phase = 'sent';
  const answer = await queryCapped(client, { ...work, values: [...work.values], toTheEnd: true });
  const cut = answer.cut ? `All rows were worked on, the first ${plural(work.maxRows, 'row')} are shown.` : null;
  if (work.outsideTransaction) return findings(answer, [cut]);
  if (work.limits.reason()) {
    await client.query('ROLLBACK');
    return stopped(work.limits, 'it was rolled back.');
  }
  progress.phase = 'committing';
  const commit = await client.query('COMMIT');
  if (commit.command !== 'COMMIT')
    return {
      status: 'failed',
      error: 'PostgreSQL rolled the transaction back instead of committing it: nothing was changed.',
    };
  return findings(answer, [cut]);
}

function findings(answer: PgAnswer, warnings: readonly (string | null)[]): Findings {
  const rows = answer.rows.map((row) =>
    Object.fromEntries(answer.columns.map((column, index) => [column, row[index] ?? null])),
  );
  const affected =
    answer.rowCount === null ? answer.command : `${answer.command}: ${plural(answer.rowCount, 'row')} affected`;
  return {
    status: 'ok',
    value: { rows, row_count: answer.rowCount ?? 0, columns: answer.columns },
    output: answer.columns.length > 0 ? renderRows(answer.columns, answer.rows) : affected,
    warnings: warnings.filter((warning) => warning !== null),
  };
}

/** When somebody stops the work, the server is asked to stop too; if it does not answer, the connection is cut. */
function cancelWhenStopped(work: SqlWork, session: PgSession): () => void {
  const finished = new AbortController();
  const onStop = () => {
    const cancel = async () => {
      await cancelOnServer(work.connection, session);
      await work.clock.sleep(CANCEL_GRACE_MS, finished.signal);
      cutConnection(session);
    };
    cancel().catch(() => undefined); // the work ended first
  };
  if (work.limits.signal.aborted) onStop();
  else work.limits.signal.addEventListener('abort', onStop, { once: true });
  return () => {
    finished.abort();
    work.limits.signal.removeEventListener('abort', onStop);
  };
}

function afterFailure(work: SqlWork, progress: Progress, error: unknown): Findings {
  const code = sqlState(error);
  const reason = reasonOf(error);
  const certain = code !== null && !code.startsWith('57P') && !code.startsWith('08');
  if (!work.readOnly && progress.phase !== 'before' && !certain) {
    return {
      status: 'unknown',
      error: `The connection was lost before PostgreSQL confirmed (${reason}): it may or may not have happened, look before you run it again.`,
    };
  }
  const stop: StopReason | null = work.limits.reason();
  if (stop && work.outsideTransaction && progress.phase !== 'before')
    return stopped(
      work.limits,
      'PostgreSQL stopped the statement; it ran outside of a transaction, so what it had done by then stays done, and an index may be left invalid.',
    );
  if (stop) return stopped(work.limits, 'PostgreSQL stopped the statement and rolled it back.');
  if (error instanceof AnswerTooLarge)
    return {
      status: 'failed',
      error: `The answer of ${work.target} was cut off: ${reason}; ask for fewer rows or columns.`,
    };
  if (code === QUERY_CANCELED)
    return {
      status: 'timeout',
      error:
        'PostgreSQL ended the statement at its time limit and rolled it back: narrow it, or raise the timeout of the step.',
    };
  if (code === LOCK_NOT_AVAILABLE)
    return {
      status: 'failed',
      error:
        'Another session holds a lock that the statement needs, and it did not let go within 5 s: find the holder with pg_blocking_pids.',
    };
  return { status: 'failed', error: `PostgreSQL refused the statement: ${reason}${code ? ` (${code})` : ''}.` };
}

function sqlState(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/u.test(code) && 'severity' in (error as Error) ? code : null;
}

function reasonOf(error: unknown): string {
  const text = messageOf(error) || (error instanceof Error && 'code' in error ? String(error.code) : 'no reason given');
  return text.replace(/[.\s]+$/u, '');
}

function addressOf(connection: PgConnection): string {
  if (connection.connectionString)
    return connection.connectionString.replace(/\/\/[^@/]*@/u, '//').replace(/\?.*$/u, '');
  return `${connection.host ?? 'localhost'}${connection.port ? `:${connection.port}` : ''}/${connection.database ?? ''}`;
}
