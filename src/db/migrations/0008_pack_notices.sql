-- Which broken files of the packs were told to their owners. Old code can run beside this: it only adds.
create table pack_notices (
  id integer generated always as identity primary key,
  file text not null,
  -- Of what is wrong and of what is on disk: the same is told once, whoever of several replicas sees it first.
  fingerprint text not null,
  problems jsonb not null,
  -- The last good version stays in force.
  held boolean not null,
  -- So many more files of the same reading are told by this notice alone.
  more integer not null default 0,
  broken_at timestamptz not null default now(),
  settled_at timestamptz,
  outcome text check (outcome in ('mended', 'removed', 'replaced'))
);
create unique index pack_notices_open on pack_notices (file) where settled_at is null;
