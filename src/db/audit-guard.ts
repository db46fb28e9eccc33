import type { Pool } from 'pg';

type Powers = {
  readonly login: string;
  readonly superuser: boolean;
  readonly makesRoles: boolean;
  readonly ownsTables: boolean;
  readonly ownsSchema: boolean;
  readonly ownsDatabase: boolean;
  readonly mayChange: boolean;
};

const TABLES = `('audit_entries', 'audit_chain', 'audit_anchors', 'audit_pending')`;

/**
 * By what a pool's login could rewrite the audit log: as member of a role that owns a table, its schema or its database, as
 * superuser, by rights on the tables, or by making itself member of the owner. Empty when it can add to the log alone, or
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
         or has_any_column_privilege(u.oid, c.oid, 'UPDATE'))) as "mayChange"
     from pg_roles u, pg_database d, pg_class c join pg_namespace n on n.oid = c.relnamespace
     where u.rolname = current_user and d.datname = current_database() and n.nspname = current_schema()
       and c.relname in ${TABLES}
     group by u.oid, u.rolname, u.rolsuper, u.rolcreaterole, d.datdba`,
  );
  const found = rows[0];
  if (!found) return { login: '', powers: [] };
  const powers = [
    [found.superuser, 'is a superuser'],
    [!found.superuser && found.ownsTables, 'owns its tables'],
    [!found.superuser && !found.ownsTables && found.ownsSchema, 'owns their schema'],
    [!found.superuser && !found.ownsTables && found.ownsDatabase, 'owns the database'],
    [!found.superuser && found.makesRoles, 'may make itself a member of any role'],
    [!found.superuser && !found.ownsTables && found.mayChange, 'has rights to change its tables'],
  ] as const;
  return { login: found.login, powers: powers.filter(([has]) => has).map(([, what]) => what) };
}

/** The sentence for operators whose login could rewrite the audit log; null when it cannot. */
export async function describeAuditPowers(pool: Pool): Promise<string | null> {
  const { login, powers } = await auditPowers(pool);
  if (powers.length === 0) return null;
  return `The login ${login} of DATABASE_URL can rewrite the audit log, because it ${powers.join(' and ')}: give Warroom a login of its own there and the owner's in DATABASE_OWNER_URL (docs/guides/operator.md); until then only the heads of the chain in the hub would show it.`;
}
