import { expect, inject, test } from 'vitest';
import { openState } from '../../src/compose/state.ts';
import { insertAudit } from '../../src/db/audit.ts';
import { createPool } from '../../src/db/pool.ts';
import { withTransaction } from '../../src/db/transaction.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Releasers } from '../../src/lib/releasers.ts';
import { Secret } from '../../src/lib/secret.ts';
import { testLog } from '../support/log.ts';

/** Two logins on a server that is not ours, after the first start; an administrator then gives the lesser one too much. */
async function ground() {
  const tag = `plant_${Math.random().toString(36).slice(2, 8)}`;
  const { host, user } = inject('postgres');
  const [owner, app] = [`${tag}_owner`, `${tag}_app`];
  const admin = createPool({ host, user, database: 'postgres' }, testLog(), { max: 1 });
  await admin.query(`create role ${owner} login`);
  await admin.query(`create role ${app} login`);
  await admin.query(`create database ${tag} owner ${owner}`);
  const inside = createPool({ host, user, database: tag }, testLog(), { max: 1 });
  const lesser = createPool({ host, user: app, database: tag }, testLog(), { max: 1 });
  const releasers = new Releasers();
  const url = (name: string) => new Secret(`postgres://${name}@localhost/${tag}?host=${encodeURIComponent(host)}`);
  const start = () =>
    openState(
      { home: '/nowhere', databaseUrl: url(app), databaseOwnerUrl: url(owner) },
      { log: testLog(), clock: systemClock, releasers },
    );
  const { pool } = await start();
  await withTransaction(pool, (tx) => insertAudit(tx, { actor: 'UALICE', action: 'incident.declared' }));
  return {
    owner,
    app,
    database: tag,
    inside,
    lesser,
    start,
    actors: async () => (await inside.query('select actor from public.audit_entries')).rows,
    close: async () => {
      await releasers.releaseAll();
      await lesser.end();
      await inside.end();
      await admin.query(`drop database ${tag} with (force)`);
      await admin.query(`drop role ${owner}; drop role ${app}`);
      await admin.end();
    },
  };
}

/** What somebody with the lesser login would like the owner to do. */
const REWRITE = `begin
    alter table public.audit_entries disable trigger user;
    update public.audit_entries set actor = 'UEVE';
    alter table public.audit_entries enable trigger user;
  exception when insufficient_privilege then null;
  end`;
const planted = (schema: string) =>
  `create function ${schema}.pg_advisory_lock(text, text) returns void language plpgsql as $$ ${REWRITE} $$`;

type Ground = Awaited<ReturnType<typeof ground>>;

/** Rights that are often given without a thought, and what the lesser login then leaves for the owner's next start. */
const WAYS: readonly {
  right: string;
  power: string;
  give: (ground: Ground) => string;
  plant: (ground: Ground) => string;
}[] = [
  {
    right: 'to make objects in the schema, as everybody has it on PostgreSQL 14',
    power: 'may make functions that the owner’s migrations would call',
    give: () => 'grant create on schema public to public',
    plant: () => planted('public'),
  },
  {
    right: 'to make schemas, of which one with the name of the owner comes first for it',
    power: 'may make functions that the owner’s migrations would call',
    give: ({ database, app }) => `grant create on database ${database} to ${app}`,
    plant: ({ owner }) => `create schema ${owner}; grant all on schema ${owner} to public; ${planted(owner)}`,
  },
  {
    right: 'to hang triggers on a table that migrations fill',
    power: 'may hang triggers on the owner’s tables',
    // A grant to the login itself is taken away at every start.
    give: ({ app }) => `grant trigger on warroom_migration to public; create schema ${app} authorization ${app}`,
    plant: ({
      app,
    }) => `create function ${app}.f() returns trigger language plpgsql as $$ ${REWRITE.replace(/end$/u, 'return null; end')} $$;
      create trigger mine before insert or delete or update on warroom_migration for each statement execute function ${app}.f()`,
  },
];

test.each(WAYS)('a login with the right $right is told of, and what it left is not run by the owner', async (way) => {
  const here = await ground();
  try {
    const { remarks } = await here.start();
    expect(remarks).toEqual([]);
    await here.inside.query(way.give(here));
    // It is told while it still starts.
    expect((await here.start()).remarks).toEqual([
      `The login ${here.app} of DATABASE_URL can rewrite the audit log, because it ${way.power}: take that right from it (docs/guides/operator.md); until then only the heads of the chain in the hub would show it.`,
    ]);
    await here.lesser.query(way.plant(here));
    const ended = await here.start().then(
      () => 'started',
      (error: { code?: string }) => error.code,
    );
    expect({ ended, actors: await here.actors() }).toEqual({
      ended: 'migration.planted',
      actors: [{ actor: 'UALICE' }],
    });
  } finally {
    await here.close();
  }
});
