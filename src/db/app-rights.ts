import pg from 'pg';
import type { Log } from '../lib/log.ts';

const ALL = ['DELETE', 'INSERT', 'SELECT', 'UPDATE'] as const;

/** What the login may do with one table. `insert`: the only columns that it may fill; the database fills the others. */
type Rights = { readonly table: readonly string[]; readonly insert?: readonly string[] };

/**
 * Tables that the login does not simply read and write. An entry's number and time, and when a link was made, are
 * the database's to say; DELETE on what waits is how the sequencer takes an entry off that list.
 */
const NARROW: Readonly<Record<string, Rights>> = {
  audit_entries: { table: ['SELECT'], insert: ['action', 'actor', 'data', 'incident', 'run'] },
  audit_chain: { table: ['SELECT'], insert: ['entry', 'hash', 'position'] },
  audit_anchors: { table: ['SELECT'], insert: ['hash', 'position'] },
  audit_pending: { table: ['DELETE', 'SELECT'] },
  warroom_migration: { table: ['SELECT'] },
  'graphile_worker.migrations': { table: ['SELECT'] },
};

type Found = {
  readonly schema: string;
  readonly name: string;
  readonly own: boolean;
  readonly view: boolean;
  readonly rowSecurity: boolean;
  readonly held: readonly string[];
  readonly columns: readonly string[];
};

/**
 * Gives the login of the serving process exactly the rights that it needs on what `client`'s login owns: to read and write,
 * and to add to the audit log without being able to change it. What it held beyond that is taken away. Does nothing where
 * all is as it should be.
 */
export async function grantApp(client: pg.ClientBase, role: string, log: Log): Promise<void> {
  const statements = [...(await schemaGrants(client, role)), ...(await tableGrants(client, role))];
  if (statements.length > 0) {
    // One message of several statements is one transaction.
    await client.query(statements.join(';\n'));
    log.info({ role, statements: statements.length }, 'The rights of the login that serves people were set.');
  }
  await grantStatistics(client, role, log);
}

const SCHEMAS = `select oid, nspname from pg_namespace
  where nspname in (current_schema(), 'drill', 'graphile_worker') and pg_has_role(nspowner, 'USAGE')`;

async function schemaGrants(client: pg.ClientBase, role: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select nspname as name from (${SCHEMAS}) s where not has_schema_privilege($1, oid, 'USAGE')`,
    [role],
  );
  return rows.map(({ name }) => `grant usage on schema ${quoted(name)} to ${quoted(role)}`);
}

async function tableGrants(client: pg.ClientBase, role: string): Promise<string[]> {
  const { rows } = await client.query<Found>(
    `select s.nspname as schema, c.relname as name, s.nspname = current_schema() as own, c.relkind = 'v' as view,
       c.relrowsecurity and not exists (
         select from pg_policy p where p.polrelid = c.oid and r.oid = any(p.polroles)) as "rowSecurity",
       array(select privilege_type::text from aclexplode(c.relacl) where grantee = r.oid order by 1) as held,
       array(select a.attname || ' ' || x.privilege_type from pg_attribute a, aclexplode(a.attacl) x
             where a.attrelid = c.oid and x.grantee = r.oid order by 1) as columns
     from (${SCHEMAS}) s join pg_class c on c.relnamespace = s.oid, pg_roles r
     where r.rolname = $1 and c.relkind in ('r', 'p', 'v') and pg_has_role(c.relowner, 'USAGE')
     order by s.nspname, c.relname`,
    [role],
  );
  return rows.flatMap((found) => {
    const { schema, name, own, view, rowSecurity, held, columns } = found;
    const table = `${quoted(schema)}.${quoted(name)}`;
    const wanted = NARROW[own ? name : `${schema}.${name}`] ?? { table: view ? ['SELECT'] : ALL };
    const insert = wanted.insert ?? [];
    const expected = insert.map((column) => `${column} INSERT`);
    const same = isSame(held, wanted.table) && isSame(columns, expected);
    return [
      ...(same ? [] : [`revoke all on ${table} from ${quoted(role)}`, grant(wanted.table.join(', '), table, role)]),
      ...(same || insert.length === 0 ? [] : [grant(`insert (${insert.join(', ')})`, table, role)]),
      // graphile-worker turns row security on for its tables and leaves it to others to say whom they let in.
      ...(rowSecurity ? [`create policy ${quoted(`for ${role}`)} on ${table} to ${quoted(role)} using (true)`] : []),
    ];
  });
}

const grant = (what: string, table: string, role: string) => `grant ${what} on ${table} to ${quoted(role)}`;
const quoted = (name: string) => pg.escapeIdentifier(name);
const isSame = (one: readonly string[], other: readonly string[]) =>
  [...one].sort().join() === [...other].sort().join();

/** Since when the server runs is seen by whoever may read its statistics (src/db/liveness.ts); not every owner may give that away. */
async function grantStatistics(client: pg.ClientBase, role: string, log: Log): Promise<void> {
  try {
    const { rows } = await client.query<{ held: boolean }>(
      `select pg_has_role($1, 'pg_read_all_stats', 'USAGE') as held`,
      [role],
    );
    if (rows[0]?.held !== true) await client.query(`grant pg_read_all_stats to ${quoted(role)}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '42501')) throw error;
    log.debug({ role }, 'The owner may not grant pg_read_all_stats.');
  }
}
