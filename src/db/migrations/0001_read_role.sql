-- The role that reading steps use on the embedded database (design §5, promise 12). It may look at the server's statistics
-- and change nothing. Roles belong to the whole server, so it may exist already, or may be ours neither to make nor to change.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'warroom_read') THEN
    CREATE ROLE warroom_read NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
  ALTER ROLE warroom_read SET default_transaction_read_only = on;
  GRANT pg_monitor TO warroom_read;
  -- The embedded server trusts whoever reaches its socket. A server on the network must not get a login without a password.
  IF current_setting('listen_addresses') = '' THEN
    ALTER ROLE warroom_read LOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this server was migrated at the same moment
  WHEN insufficient_privilege THEN
    RAISE WARNING 'The role warroom_read could not be made with the rights of %; reading steps on this database need a role of your own.', current_user;
END
$$;
