-- What a target says of a change in a dry run, for the card on which people decide. Old code can run beside this: it only adds.
alter table step_runs add column preview text;
