import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { InternalError, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { grantApp } from './app-rights.ts';

type Migration = { readonly name: string; readonly sql: string; readonly sha256: string };

const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));
const FILE_NAME = /^\d{4}_[a-z0-9_]+\.sql$/u;

/** Key of the advisory lock that lets one process migrate while others wait. */
const LOCK = [1702, 0];

/**
 * Brings the database up to date: our numbered SQL files, each in a transaction of its own, then graphile-worker's; then the
 * login `app` gets its rights, when there is one beside the owner's. Processes that start together wait for each other.
 * Returns the names of the files that ran. Throws UserError `migration.…` when the database and the files do not belong
 * together.
 */
export async function migrate(
  pool: pg.Pool,
  log: Log,
  { folder = FOLDER, app = null }: { readonly folder?: string; readonly app?: string | null } = {},
): Promise<string[]> {
  const files = await readMigrations(folder);
  const client = await pool.connect();
  const tell = (notice: { severity?: string | undefined; message?: string | undefined }): void => {
    if (notice.severity === 'WARNING') log.warn({ migration: true }, notice.message ?? '');
  };
  client.on('notice', tell);
  let broken = true;
  try {
    await client.query('SELECT pg_advisory_lock($1, $2)', LOCK);
    const names = await runPending(client, files);
    for (const name of names) log.info({ migration: name }, 'The database was migrated.');
    await migrateJobs(pool, log);
    // The sweep for dead engines asks twice a second; with a million waiting jobs that must not be a scan.
    await client.query(
      `CREATE INDEX IF NOT EXISTS warroom_locked_jobs ON graphile_worker._private_jobs (locked_by)
       WHERE locked_by IS NOT NULL`,
    );
    // Runbook WR-002 looks at the queue as the reading role; the view holds no payloads.
    await client.query(
      `DO $$ BEGIN
         IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'warroom_read') THEN
           GRANT USAGE ON SCHEMA graphile_worker TO warroom_read;
           GRANT SELECT ON graphile_worker.jobs TO warroom_read;
         END IF;
       END $$`,
    );
    if (app !== null) await grantApp(client, app, log);
    await client.query('SELECT pg_advisory_unlock($1, $2)', LOCK);
    broken = false;
    return names;
  } finally {
    client.off('notice', tell);
    client.release(broken); // closing the connection frees its lock
  }
}

/** What the login of a pool may do about the schema: whether it owns it (or may make it), and the files that have not run. */
export type SchemaState = { readonly login: string; readonly owns: boolean; readonly pending: readonly string[] };

/** Looks at the schema without changing it. Throws UserError `migration.…` as `migrate` does. */
export async function lookAtSchema(pool: pg.Pool, folder: string = FOLDER): Promise<SchemaState> {
  const files = await readMigrations(folder);
  const { rows } = await pool.query<{ login: string; owns: boolean; made: boolean; readable: boolean }>(
    `SELECT current_user AS login, m.oid IS NOT NULL AS made,
       coalesce(pg_has_role(m.relowner, 'USAGE'), has_schema_privilege(current_schema(), 'CREATE'), false) AS owns,
       coalesce(has_table_privilege(m.oid, 'SELECT'), false) AS readable
     FROM (SELECT to_regclass('warroom_migration') AS made) t LEFT JOIN pg_class m ON m.oid = t.made`,
  );
  const { login = '', owns = false, made = false, readable = false } = rows[0] ?? {};
  const ran = made && readable ? await readHistory(pool) : [];
  checkHistory(ran, files);
  return { login, owns, pending: files.slice(ran.length).map(({ name }) => name) };
}

async function readHistory(db: pg.Pool | pg.PoolClient): Promise<{ name: string; sha256: string }[]> {
  const { rows } = await db.query<{ name: string; sha256: string }>(
    'SELECT name, sha256 FROM warroom_migration ORDER BY name',
  );
  return rows;
}

async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      if (!FILE_NAME.test(name)) {
        throw new InternalError('migration.name', `The migration ${name} must be named like 0007_add_pages.sql.`);
      }
      // Git may check files out with other line ends; that is no change.
      const sql = (await readFile(`${folder}/${name}`, 'utf8')).replaceAll('\r\n', '\n');
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function runPending(client: pg.PoolClient, files: readonly Migration[]): Promise<string[]> {
  await client.query(
    `CREATE TABLE IF NOT EXISTS warroom_migration (
       name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
  const rows = await readHistory(client);
  checkHistory(rows, files);
  const pending = files.slice(rows.length);
  for (const { name, sql, sha256 } of pending) {
    await client.query('BEGIN');
    try {
      await client.query(sql);
      await client.query('INSERT INTO warroom_migration (name, sha256) VALUES ($1, $2)', [name, sha256]);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw new InternalError(
        'migration.failed',
        `The migration ${name} failed, nothing of it was kept: ${text(error)}`,
        {
          cause: error,
        },
      );
    }
  }
  return pending.map(({ name }) => name);
}

/** What ran must be exactly the first of the files, in their order and with their text. */
function checkHistory(ran: readonly { name: string; sha256: string }[], files: readonly Migration[]): void {
  const known = new Map(files.map((file) => [file.name, file]));
  for (const [index, { name, sha256 }] of ran.entries()) {
    const file = known.get(name);
    if (!file) {
      throw new UserError(
        'migration.unknown',
        `The database was migrated by a newer Warroom (${name} is not known here): start that version, or restore a backup.`,
      );
    }
    if (file.sha256 !== sha256) {
      throw new UserError(
        'migration.changed',
        `The migration ${name} was changed after it had run here: restore its text and add a new migration instead.`,
      );
    }
    const expected = files[index];
    if (expected && expected.name !== name) {
      throw new UserError(
        'migration.order',
        `The migration ${expected.name} sorts before ${name}, which has run already: give it the next free number.`,
      );
    }
  }
}

async function migrateJobs(pool: pg.Pool, log: Log): Promise<void> {
  const { Logger, runMigrations } = await import('graphile-worker');
  const logger = new Logger(() => (level, message, meta) => {
    if (level === 'error') log.error({ ...meta, code: 'migration.jobs' }, message);
    else log.debug({ ...meta }, message);
  });
  await runMigrations({ pgPool: pool, logger });
}

function text(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const position = 'position' in error && error.position ? ` (at character ${String(error.position)})` : '';
  return `${error.message}${position}`;
}
