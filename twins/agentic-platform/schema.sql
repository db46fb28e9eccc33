-- As much of agentic_db as runbooks look at. Made by a superuser in an empty database; the role for reading may look at sessions of others.
do $$ begin
  if not exists (select from pg_roles where rolname = 'agentic_read') then create role agentic_read login; end if;
exception when duplicate_object or unique_violation then null;
end $$;
grant pg_monitor to agentic_read;

create table agents (id serial primary key, tenant_id text not null, name text not null);
create table audit_logs (id serial primary key, created_at timestamptz not null default now(), actor text not null, action text not null);
-- The extension has to be loaded when the server starts: a table with its columns stands in.
create table pg_stat_statements (query text, calls bigint, total_exec_time float8, mean_exec_time float8);
grant select on agents, audit_logs, pg_stat_statements to agentic_read;

insert into agents (tenant_id, name) values ('acme', 'invoices'), ('other', 'support');
-- One row of today, and one for each fifty days before.
insert into audit_logs (created_at, actor, action)
  select now() - make_interval(days => n * 50), 'ada', 'sign-in' from generate_series(0, 5) n;
insert into pg_stat_statements values ('select slow', 2, 4000, 2000);
