-- As much of agente_hotel as runbooks look at. Made by a superuser in an empty database; the role for reading may look at sessions of others.
do $$ begin
  if not exists (select from pg_roles where rolname = 'agente_read') then create role agente_read login; end if;
exception when duplicate_object or unique_violation then null;
end $$;
grant pg_monitor to agente_read;

create table users (id serial primary key, phone text not null);
create table sessions (id serial primary key, user_id int not null references users, started_at timestamptz not null default now());
grant select on users, sessions to agente_read;

insert into users (phone) values ('+39 06 0000001'), ('+39 06 0000002');
insert into sessions (user_id) select id from users;
