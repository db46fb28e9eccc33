import { messageOf } from '../../lib/errors.ts';
import type { DeeperLayers, DeeperUse, LayerResult } from '../examination.ts';
import { openPgSession, type PgSession, queryCapped } from './pg-session.ts';
import { checkReadRole } from './read-role.ts';
import { type EmbeddedConnections, sqlConnection } from './sql-target.ts';

/**
 * The only statements that are sent past Warroom's own parser, in a read-only transaction that is rolled back whatever
 * happens. Should nothing stop them they leave nothing behind: a temporary table is the session's own and ends with it, and
 * the setting is that of the transaction. What is not given back by a rollback (a sequence's next number), or
 * what reaches beyond the transaction (COPY TO PROGRAM, NOTIFY, COMMIT), is never sent.
 */
const SENT: readonly string[] = [
  'create temporary table warroom_doctor (x integer)',
  'select 1 as x into temporary table warroom_doctor',
  "select set_config('transaction_read_only', 'off', true)",
  'select 1; create temporary table warroom_doctor (x integer)',
];

/** Asks the role for its privileges, and the read-only transaction whether it holds. Rejects when the database is not reached. */
export async function tryPastParser(
  use: DeeperUse & { readonly embedded: EmbeddedConnections | undefined },
): Promise<DeeperLayers> {
  const { target, secrets, embedded, signal, timeoutMs } = use;
  const connection = await sqlConnection(target, { credential: 'read', secrets, embedded });
  const session = await openPgSession(connection, { readOnly: true, timeoutMs, signal });
  try {
    const role = await checkReadRole(session.client, target.name);
    const fault = role.refusal ?? role.warning;
    const rights: LayerResult = {
      layer: 'rights',
      outcome: fault === null ? 'stopped' : 'open',
      why: fault ?? 'The role has no privilege to write to any table.',
    };
    const findings = fault === null ? [] : [fault];
    const layers = new Map<string, LayerResult[]>();
    for (const statement of use.statements) {
      // A powerful role is not held by a read-only transaction: with one, nothing is tried.
      const tried = role.refusal === null && SENT.includes(statement);
      const protocol = tried ? await attempt(session, statement) : NOT_SENT;
      if (protocol.outcome === 'open')
        findings.push(
          `The read-only transaction of ${target.name} lets “${statement}” through: is that a real PostgreSQL?`,
        );
      layers.set(statement, [protocol, rights]);
    }
    return { findings, remarks: [], layers };
  } finally {
    await session.close();
  }
}

const NOT_SENT: LayerResult = {
  layer: 'protocol',
  outcome: 'unknown',
  why: 'It was not sent: a rollback might not take it back.',
};

/** One statement by the extended protocol, in the transaction in which reading steps run. Always rolled back. */
async function attempt({ client }: PgSession, text: string): Promise<LayerResult> {
  await client.query('BEGIN TRANSACTION READ ONLY');
  try {
    await queryCapped(client, { text, values: [], maxRows: 1, toTheEnd: false });
    return { layer: 'protocol', outcome: 'open', why: 'PostgreSQL took it; it was rolled back.' };
  } catch (error) {
    return { layer: 'protocol', outcome: 'stopped', why: messageOf(error) };
  } finally {
    await client.query('ROLLBACK');
  }
}
