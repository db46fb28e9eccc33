-- The login of the process that serves people may add to the audit log and nothing else (src/db/app-rights.ts). What waits to
-- be chained is noted with the rights of the owner, so that the login cannot put anything on that list itself. Nobody else may
-- hang this function on a table of their own, where it would act for the owner. Old code can run beside this.
do $$
begin
  execute format(
    $function$
      create or replace function %1$I.audit_entry_waits() returns trigger language plpgsql security definer
        set search_path = pg_catalog, pg_temp as $body$
      begin
        insert into %1$I.audit_pending (entry) values (new.id);
        perform pg_notify('audit', '');
        return null;
      end
      $body$
    $function$, current_schema());
  execute format('revoke all on function %I.audit_entry_waits() from public', current_schema());
end
$$;
