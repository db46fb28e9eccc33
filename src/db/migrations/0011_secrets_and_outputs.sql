-- Secrets that people give, and output that is kept off Slack. Old code can run beside this: it only adds. A step that waits
-- for a secret is refused by old code with a sentence.

-- From how many people a step wants its secrets; 0 for a step that asks nobody.
alter table step_runs add column secrets_wanted integer not null default 0;

-- Who has given secrets, and which process holds them: the values themselves are in its memory and nowhere else.
create table secret_gifts (
  id uuid primary key,
  step_run bigint not null references step_runs (id),
  person text not null,
  owner text not null,
  -- Where the page of that process is.
  page_url text not null,
  given_at timestamptz not null default now(),
  unique (step_run, person)
);

-- Links for one person to one page, usable once. The database has only the SHA-256 of the token.
create table one_time_links (
  token_hash text primary key check (token_hash ~ '^[0-9a-f]{64}$'),
  purpose text not null check (purpose in ('secret', 'output')),
  step_run bigint not null references step_runs (id),
  person text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index one_time_links_expires on one_time_links (expires_at);

-- Output of steps marked `sensitive`, apart from everything that cards are made of, and only for a day.
create table sensitive_outputs (
  step_run bigint primary key references step_runs (id),
  output text not null,
  omitted_bytes bigint not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index sensitive_outputs_expires on sensitive_outputs (expires_at);
