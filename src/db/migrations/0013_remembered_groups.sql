-- To which user groups somebody belonged when Slack was asked last: for decisions at the command line while Slack is away.
-- Old code can run beside this: it only adds, and what old code does not write stays as it was.

alter table people add column groups text[] not null default '{}';
