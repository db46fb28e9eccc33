import type { Pool } from 'pg';
import { UserError } from '../lib/errors.ts';

/**
 * What the login `$1` owns where the owner looks for names, and triggers of any table that call a function of its own. Every name
 * and type is written out: what is looked for must have no part in the search.
 */
const FOUND = `
  with own as (
    select r.oid from pg_catalog.pg_roles r
    where r.oid <> (select o.oid from pg_catalog.pg_roles o where o.rolname = current_user)
      and not r.rolsuper and $1::name <> current_user
      and pg_catalog.pg_has_role((select a.oid from pg_catalog.pg_roles a where a.rolname = $1::name), r.oid, 'MEMBER'::text)
  ), path as (
    select n.oid, n.nspowner, n.nspname from pg_catalog.pg_namespace n
    where n.nspname = any (pg_catalog.current_schemas(false))
  )
  select pg_catalog.format('%s %s'::text, t.kind, t.name) as what from (
    select 'schema'::text as kind, p.nspname::text as name from path p where p.nspowner in (select oid from own)
    union all select 'function'::text, f.proname::text from pg_catalog.pg_proc f
      where f.pronamespace in (select oid from path) and f.proowner in (select oid from own)
    union all select 'operator'::text, o.oprname::text from pg_catalog.pg_operator o
      where o.oprnamespace in (select oid from path) and o.oprowner in (select oid from own)
    union all select 'type'::text, y.typname::text from pg_catalog.pg_type y
      where y.typnamespace in (select oid from path) and y.typowner in (select oid from own)
        and y.typrelid = 0::oid and y.typelem = 0::oid
    union all select 'relation'::text, c.relname::text from pg_catalog.pg_class c
      where c.relnamespace in (select oid from path) and c.relowner in (select oid from own)
    union all select 'trigger'::text, g.tgname::text
      from pg_catalog.pg_trigger g join pg_catalog.pg_proc f on f.oid = g.tgfoid
      where f.proowner in (select oid from own)
  ) t
  limit 5`;

/**
 * Refuses to work with the owner's login where the lesser login `app` has left something that would act with the owner's
 * rights: a function that a call finds better than the real one, a trigger on a table that is filled. So the lesser login would
 * rewrite the audit log at the owner's next start. Throws UserError `migration.planted`.
 */
export async function refusePlanted(owner: Pool, app: string): Promise<void> {
  const { rows } = await owner.query<{ what: string }>(FOUND, [app]);
  if (rows.length === 0) return;
  throw new UserError(
    'migration.planted',
    `The login ${app} has made things where the owner's login looks for its own (${rows.map(({ what }) => what).join(', ')}), and they would act with the owner's rights: look who did that, drop them, and take the right to make any from it (docs/guides/operator.md).`,
  );
}
