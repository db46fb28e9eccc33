import type { TargetDefinition } from '../../../src/domain/system.ts';
import { createSqlExecutor } from '../../../src/executors/sql/sql-executor.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { InternalError } from '../../../src/lib/errors.ts';
import { testDatabase } from '../../support/database.ts';
import { testBouncer } from '../../support/pgbouncer.ts';
import type { ContractSetup, ContractSubject } from '../contract.ts';

const executor = createSqlExecutor({
  clock: systemClock,
  secrets: () => Promise.reject(new InternalError('test', 'the run gives its own')),
  embedded: undefined,
});

/** A real PostgreSQL with a login that reads and one that writes. */
export const sql: ContractSetup = async () => {
  const prey = await preyDatabase();
  const { host } = prey.database.connection;
  return { subject: subjectOf(prey, { connection: { host, database: prey.database.name } }), stop: prey.stop };
};

/** The same behind a PgBouncer in transaction mode: what a session remembers belongs to somebody else there. */
export const pooledSql: ContractSetup = async () => {
  const prey = await preyDatabase();
  const { database, reader, writer } = prey;
  const { host } = database.connection;
  const pooler = await testBouncer({ host, database: database.name, users: [reader, writer] });
  const stop = async () => {
    await pooler?.stop();
    await prey.stop();
  };
  if (pooler === null) {
    await stop();
    return null;
  }
  const connection = { host: 'localhost', port: pooler.port, database: database.name };
  return { subject: { ...subjectOf(prey, { connection, pooled: true }), runs: 30 }, stop };
};

type Prey = Awaited<ReturnType<typeof preyDatabase>>;

async function preyDatabase() {
  const database = await testDatabase();
  const [reader, writer] = [`contract_${database.name}`, `contract_w_${database.name}`];
  await database.owner.query(
    `CREATE TABLE prey (note text); CREATE ROLE ${reader} LOGIN; CREATE ROLE ${writer} LOGIN; GRANT SELECT ON prey TO ${reader}; GRANT ALL ON prey TO ${writer}`,
  );
  const stop = async () => {
    await database.owner.query(`DROP OWNED BY ${reader}, ${writer}; DROP ROLE ${reader}, ${writer}`);
    await database.drop();
  };
  return { database, reader, writer, stop };
}

function subjectOf({ database, reader, writer }: Prey, options: Record<string, unknown>): ContractSubject {
  const target: TargetDefinition = {
    name: 'db',
    executor: 'sql',
    description: null,
    options,
    read: { user: reader, password: { secret: 'env:READ_SECRET' } },
    write: { user: writer, password: { secret: 'env:WRITE_SECRET' } },
  };
  const to = (connection: Record<string, unknown>) => ({
    ...target,
    options: { ...options, connection: { ...(options.connection as object), ...connection } },
  });
  return {
    executor,
    target,
    effect: 'read',
    echo: {
      text: 'SELECT ${value}::text AS echo',
      read: ({ rows }) => (rows as { echo?: unknown }[] | undefined)?.[0]?.echo,
    },
    slow: 'SELECT count(*) FROM generate_series(1, 100000000000) AS n',
    large: `SELECT CASE n WHEN 1 THEN 'FIRST' WHEN 200 THEN 'LAST' ELSE repeat('x', 100) END AS line FROM generate_series(1, 200) AS n`,
    change: `INSERT INTO prey VALUES ('caught')`,
    state: async () => (await database.owner.query('SELECT count(*)::int AS rows FROM prey')).rows,
    unreachable: to({ host: '127.0.0.1', port: 1 }),
    badTargets: [
      { ...target, options: {} },
      { ...target, options: { connection: 'mysql://x/y' } },
      { ...target, options: { connection: 'postgres://me:password@x/y' } },
      { ...target, read: { password: 'plain' } },
    ],
    variants: [
      { text: 'SELECT ${value}::text AS other' },
      { target: to({ database: 'other' }) },
      { target: { ...target, read: { user: 'other' } } },
    ],
  };
}
