import type { Client } from 'pg';

/** What a role may do that a reading role should not. */
export type RoleCheck = {
  /** One sentence why the role must not be used for reading; null when it may. */
  readonly refusal: string | null;
  /** One sentence about write privileges; null when there are none. */
  readonly warning: string | null;
};

const DANGEROUS = ['pg_execute_server_program', 'pg_write_server_files', 'pg_read_server_files', 'pg_signal_backend'];

/** Names are looked up in pg_catalog first, unless somebody listed it later: then a function of theirs could take the place of a known one. */
const OWN_FUNCTIONS_FIRST = `
  select pg_catalog.set_config('search_path', 'pg_catalog, ' || pg_catalog.current_setting('search_path'), true)
  where pg_catalog.current_setting('search_path') like '%pg_catalog%'`;

const FACTS = `
  select current_user::text as role,
         (select rolsuper from pg_catalog.pg_roles where rolname = current_user) as superuser,
         array(select r::text from unnest($1::text[]) r
               where exists (select from pg_catalog.pg_roles where rolname = r) and pg_catalog.pg_has_role(current_user, r, 'MEMBER'))::text as dangerous,
         (select c.oid::regclass::text from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'
            and pg_catalog.has_table_privilege(current_user, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') limit 1) as writable`;

/** Looks at the role of a transaction before anything is read in it: READ ONLY does not hold against a powerful role. */
export async function checkReadRole(client: Client, target: string): Promise<RoleCheck> {
  await client.query(OWN_FUNCTIONS_FIRST);
  const answer = await client.query({ text: FACTS, values: [DANGEROUS] });
  const facts = answer.rows[0] as { role: string; superuser: boolean; dangerous: string; writable: string | null };
  const dangerous = facts.dangerous.replace(/[{}]/gu, '');
  const cure = 'give the target a `read` credential that may only SELECT.';
  if (facts.superuser) {
    return {
      refusal: `The read credential of ${target} is the superuser ${facts.role}, whom no read-only transaction holds: ${cure}`,
      warning: null,
    };
  }
  if (dangerous !== '') {
    return {
      refusal: `The read credential of ${target} (${facts.role}) is a member of ${dangerous}: ${cure}`,
      warning: null,
    };
  }
  if (facts.writable === null) return { refusal: null, warning: null };
  return {
    refusal: null,
    warning: `The read credential of ${target} (${facts.role}) may write, for example to ${facts.writable}: ${cure}`,
  };
}
