-- A place for drills: real faults are made here and nowhere else. Old code can run beside this: it only adds.
create schema if not exists drill;

create table drill.parcels (
  id integer primary key,
  status text not null default 'waiting'
);
insert into drill.parcels (id) select generate_series(1, 20);
