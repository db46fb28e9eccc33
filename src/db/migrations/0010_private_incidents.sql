-- Incidents that only their room may see (a security breach). Old code can run beside this: it only adds.
alter table incidents add column private boolean not null default false;
