-- Pictures of results (graphs of metrics) until and after they are uploaded. Old code can run beside this: it only adds.
create table step_pictures (
  step_run bigint not null references step_runs (id),
  ordinal smallint not null,
  name text not null,
  alt text not null,
  png bytea not null,
  primary key (step_run, ordinal)
);
