-- What was approved stays comparable: the hash of each step of a plan as it was asked for, and when a preview was made. What
-- sensitive steps found lies apart. Old code can run beside this: it only adds, and a plan without these hashes is compared as before.

-- Part of the hash that the approval covers; null for plans that an older version asked for.
alter table plan_steps add column hash text check (hash ~ '^[0-9a-f]{64}$');

-- When the target was asked what the step would change.
alter table step_runs add column preview_at timestamptz;
update step_runs set preview_at = requested_at where preview is not null;

-- What later steps need of a sensitive result, and until when; the names that it left for them in the values of its run.
alter table sensitive_outputs
  add column value jsonb,
  add column value_until timestamptz,
  add column captured text[] not null default '{}';
