-- Policies that name groups, going on alone, break-glass, and plans of several steps. Old code can run beside this: it only adds.

alter table approval_decisions drop constraint approval_decisions_decision_check;
alter table approval_decisions add constraint approval_decisions_decision_check
  check (decision in ('approve', 'deny', 'alone', 'break_glass'));
-- Of the groups that the policy names, those the person belonged to when they decided.
alter table approval_decisions add column groups text[] not null default '{}';
alter table approval_decisions add column typed_target boolean not null default false;
-- 'slack' or 'cli': where the decision was made.
alter table approval_decisions add column via text not null default 'slack';

-- The steps that one approval covers, when it covers more than one; ordinal 1 is the step run of the approval itself.
create table plan_steps (
  approval bigint not null references approvals (id),
  ordinal integer not null check (ordinal > 0),
  step_run bigint not null unique references step_runs (id),
  primary key (approval, ordinal)
);

-- User groups of whoever asked, of those that matter: the policy in force is looked up again before the step starts.
alter table approvals add column requester_groups text[] not null default '{}';
