import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertAudit } from '../../src/db/audit.ts';
import { chainPending, findHead } from '../../src/db/audit-chain.ts';
import { coalesceKey } from '../../src/domain/intents.ts';
import { anchorAudit } from '../../src/jobs/audit-anchor.ts';
import type { SlackCaller } from '../../src/slack/client.ts';
import { deliverAnchor } from '../../src/slack/deliver/audit-messages.ts';
import { type Desk, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

const write = (action: string) => desk.tx((tx) => insertAudit(tx, { actor: 'UALICE', action }));

/** What the hub is told about the head of the log as it is now. */
async function toldInHub(): Promise<string> {
  const sent: string[] = [];
  const call = (async (_lane: string, method: string, args: Record<string, unknown>) => {
    if (method === 'chat.postMessage') sent.push(JSON.stringify(args));
    return { ok: true, ts: '1.1', channel: args.channel };
  }) as unknown as SlackCaller;
  const { context } = desk;
  const identity = async () => ({ botId: 'B1', botUserId: 'UBOT', teamId: 'T1', url: 'https://x.slack.com/' });
  const deps = { pool: desk.db.pool, call, log: context.log, context, hub: async () => 'C0HUB', identity };
  const { position } = await desk.tx((tx) => findHead(tx));
  const intent = { type: 'audit.anchor', position } as const;
  const signal = new AbortController().signal;
  const key = coalesceKey(intent);
  await deliverAnchor(deps, { intent, key, attempt: 1, createdAt: new Date(), uncertainSince: null, signal });
  return sent.join('\n');
}

const waiting = () =>
  desk.db.pool.query(`select count(*)::int as n from outbox where intent->>'type' = 'audit.anchor'`);

test('the hub is told the head of the audit log, and loudly when an old entry was never chained', async () => {
  await write('incident.declared');
  await chainPending(desk.db.pool);
  const quiet = await toldInHub();
  expect(quiet).toContain('The audit log has');
  expect(quiet).not.toContain('🚨');

  await write('run.approved');
  // The login that serves people may take an entry off the list; nothing else about it changes.
  await desk.db.pool.query('delete from audit_pending');
  await write('incident.resolved');
  await chainPending(desk.db.pool);
  await advance(desk.db.pool, '2 minutes');
  await desk.db.owner.query('truncate messages');
  const loud = await toldInHub();
  expect(loud).toContain('🚨');
  expect(loud).toMatch(/1 entry was never chained/u);
  expect(loud).toContain('warroom audit verify');
});

test('it is said on the day that it is found, also when nothing was chained since the last head was said', async () => {
  await anchorAudit(desk.context);
  await desk.db.owner.query('truncate outbox');
  await anchorAudit(desk.context);
  expect((await waiting()).rows).toEqual([{ n: 1 }]);
  // Without such an entry an old head is not said again.
  await chainPending(desk.db.pool);
  await desk.db.owner.query(`insert into audit_pending select e.id from audit_entries e
    where not exists (select from audit_chain c where c.entry = e.id)`);
  await chainPending(desk.db.pool);
  await anchorAudit(desk.context);
  await desk.db.owner.query('truncate outbox');
  await anchorAudit(desk.context);
  expect((await waiting()).rows).toEqual([{ n: 0 }]);
});
