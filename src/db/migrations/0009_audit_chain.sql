-- The hash chain of the audit log: each link covers one entry and the link before it. Entries are written in the transaction
-- of what they record; one sequencer chains them within a second, so that no global lock stands in the way of an incident.
-- Old code can run beside this: it only adds.

-- Entries that are not chained yet. The trigger fills it in the transaction of the entry, however ids are given out.
create table audit_pending (entry bigint primary key references audit_entries (id));

create table audit_chain (
  position bigint primary key check (position > 0),
  entry bigint not null unique references audit_entries (id),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  chained_at timestamptz not null default now()
);
create trigger audit_chain_append_only before update or delete on audit_chain
  for each row execute function refuse_change();
create trigger audit_chain_no_truncate before truncate on audit_chain
  for each statement execute function refuse_change();

-- Heads of the chain that were said in the hub: who rewrites the chain has to rewrite Slack as well.
create table audit_anchors (
  position bigint primary key references audit_chain (position),
  hash text not null,
  at timestamptz not null default now()
);
create trigger audit_anchors_append_only before update or delete on audit_anchors
  for each row execute function refuse_change();
create trigger audit_anchors_no_truncate before truncate on audit_anchors
  for each statement execute function refuse_change();

create function audit_entry_waits() returns trigger language plpgsql as $$
begin
  insert into audit_pending (entry) values (new.id);
  perform pg_notify('audit', '');
  return null;
end
$$;
create trigger audit_entries_wait after insert on audit_entries for each row execute function audit_entry_waits();
insert into audit_pending (entry) select id from audit_entries;
