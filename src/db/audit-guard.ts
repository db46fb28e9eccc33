import type { Pool } from 'pg';

type Powers = {
  readonly login: string;
  readonly superuser: boolean;
  readonly makesRoles: boolean;
  readonly ownsTables: boolean;
  readonly ownsSchema: boolean;
  readonly ownsDatabase: boolean;
  readonly mayChange: boolean;
  readonly mayPlant: boolean;
  readonly mayHang: boolean;
  readonly ownsServer: boolean;
};

/** Wherever they are found from: a schema of the login's own that comes first must not hide them. */
const TABLES = `(to_regclass('audit_entries'), to_regclass('audit_chain'), to_regclass('audit_anchors'), to_regclass('audit_pending'))`;

const MAY_PLANT = 'may make functions that the owner’s migrations would call';
const MAY_HANG = 'may hang triggers on the owner’s tables';

/**
 * By what a pool's login could rewrite the audit log: as member of a role that owns a table, its schema or its database, as
 * superuser, by rights on the tables, by making itself member of the owner, or by leaving something that acts with the owner's
 * rights when it migrates. Empty when it can add to the log alone, or
 * when there is no log yet.
 */
export async function auditPowers(pool: Pool): Promise<{ readonly login: string; readonly powers: readonly string[] }> {
  const { rows } = await pool.query<Powers>(
    `select u.rolname as login, u.rolsuper as superuser,
       u.rolcreaterole and current_setting('server_version_num')::int < 160000 as "makesRoles",
       bool_or(pg_has_role(u.oid, c.relowner, 'MEMBER')) as "ownsTables",
       bool_or(pg_has_role(u.oid, n.nspowner, 'MEMBER')) as "ownsSchema",
       pg_has_role(u.oid, d.datdba, 'MEMBER') as "ownsDatabase",
       bool_or(c.relname <> 'audit_pending' and (
         has_table_privilege(u.oid, c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
         or has_any_column_privilege(u.oid, c.oid, 'UPDATE'))) as "mayChange",
       bool_or(has_schema_privilege(u.oid, n.oid, 'CREATE')) or has_database_privilege(u.oid, d.oid, 'CREATE') as "mayPlant",
       exists (select from pg_class o join pg_namespace m on m.oid = o.relnamespace
         where o.relkind in ('r', 'p', 'v') and (m.nspname in ('drill', 'graphile_worker')
             or m.oid = (select relnamespace from pg_class where oid = to_regclass('audit_entries')))
           and has_table_privilege(u.oid, o.oid, 'TRIGGER')) as "mayHang",
       exists (select from pg_roles s where s.rolname in ('pg_execute_server_program', 'pg_write_server_files')
         and pg_has_role(u.oid, s.oid, 'MEMBER')) as "ownsServer"
     from pg_roles u, pg_database d, pg_class c join pg_namespace n on n.oid = c.relnamespace
     where u.rolname = current_user and d.datname = current_database() and c.oid in ${TABLES}
     group by u.oid, u.rolname, u.rolsuper, u.rolcreaterole, d.oid, d.datdba`,
  );
  const found = rows[0];
  if (!found) return { login: '', powers: [] };
  const owner = found.superuser || found.ownsTables || found.ownsSchema || found.ownsDatabase;
  const powers = [
    [found.superuser, 'is a superuser'],
    [!found.superuser && found.ownsTables, 'owns its tables'],
    [!found.superuser && !found.ownsTables && found.ownsSchema, 'owns their schema'],
    [!found.superuser && !found.ownsTables && found.ownsDatabase, 'owns the database'],
    [!found.superuser && found.makesRoles, 'may make itself a member of any role'],
    [!found.superuser && !found.ownsTables && found.mayChange, 'has rights to change its tables'],
    [!found.superuser && found.ownsServer, 'may write files or start programs on the server'],
    [!owner && found.mayPlant, MAY_PLANT],
    [!owner && !found.mayChange && found.mayHang, MAY_HANG],
  ] as const;
  return { login: found.login, powers: powers.filter(([has]) => has).map(([, what]) => what) };
}

/** The sentence for operators whose login could rewrite the audit log; null when it cannot. */
export async function describeAuditPowers(pool: Pool): Promise<string | null> {
  const { login, powers } = await auditPowers(pool);
  if (powers.length === 0) return null;
  const because = `The login ${login} of DATABASE_URL can rewrite the audit log, because it ${powers.join(' and ')}`;
  if (powers.every((power) => power === MAY_PLANT || power === MAY_HANG))
    return `${because}: take that right from it (docs/guides/operator.md); until then only the heads of the chain in the hub would show it.`;
  return `${because}: give Warroom a login of its own there and the owner's in DATABASE_OWNER_URL (docs/guides/operator.md); until then only the heads of the chain in the hub would show it.`;
}
