import { expect, it, vi } from 'vitest';
import { HUB, MEI, NADIA, type Story, startStory } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

type Backend = { pid: number; application_name: string; state: string };

/** The sessions of the drill as PostgreSQL sees them. */
async function drillSessions(story: Story): Promise<Backend[]> {
  const { rows } = await story.db.pool.query<Backend>(
    `select pid, application_name, state from pg_stat_activity
      where datname = current_database() and application_name like 'warroom-drill%' order by application_name`,
  );
  return rows;
}

/** A session counts as idle after five seconds, by the server's own clock: executors do not see the moved one. */
async function idleLongEnough(story: Story): Promise<void> {
  await story.db.pool.query(
    `select pg_sleep(greatest(0, 5.1 - extract(epoch from pg_catalog.clock_timestamp() - state_change)))
       from pg_stat_activity where application_name = 'warroom-drill' and datname = current_database()`,
  );
}

async function otherSessions(story: Story): Promise<number[]> {
  const { rows } = await story.db.pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name not like 'warroom-drill%'`,
  );
  return rows.map((row) => row.pid).sort();
}

it('makes a real fault with /drill start WR-001, finds it by diagnostics, ends exactly that session after an approval, and can do it again', async () => {
  const story = await startStory();
  const { nadia, tomas } = story;
  await nadia.types(HUB, '/drill start WR-001');
  await nadia.seesMessage(HUB, 'The fault is there and incident 1 is open for it');
  await story.settle();
  await nadia.seesMessage(HUB, /SEV3 · Drill: an idle transaction holds locks: incident 1, <#C\w+>/u);
  const room = '#inc-1-drill-an-idle-transaction-holds-locks';
  const card = await nadia.seesMessage(room, 'SEV3 means: Something is slow, nothing is late');
  await nadia.seesMessage(room, 'Escalation of incident 1');
  await nadia.seesMessage('@app', 'You are paged as *On-call engineer*');
  const channel = [...story.sandbox.workspace.channels.values()].find((row) => row.id === card.channel);
  expect(channel?.topic.value).toBe('SEV3 open · Drill: an idle transaction holds locks · Warroom · incident 1');
  expect(channel?.pins.map((pin) => pin.ts)).toEqual([card.ts]);
  expect(channel?.members).toEqual(expect.arrayContaining([NADIA, MEI]));

  const [holder, waiter] = await drillSessions(story);
  expect(holder).toMatchObject({ application_name: 'warroom-drill', state: 'idle in transaction' });
  expect(waiter).toMatchObject({ application_name: 'warroom-drill-waiting', state: 'active' });
  await idleLongEnough(story);
  await nadia.types(room, '/runbook WR-001');
  const run = await nadia.seesMessage(room, 'Runbook WR-001 Sessions idle in transaction hold locks');
  await run.click('Run diagnostics');
  await nadia.seesChange(run, 'Diagnostics: 0 as expected, 2 not.');
  await story.settle();
  expect(run.text).toContain('warroom-drill');
  expect(run.text).toContain('drill.parcels');
  expect(run.text).toContain('👉 Suggested now: \nsize(steps.holders.rows) > 0');

  await run.click('1/terminate');
  const ask = await nadia.seesModal('Ask for approval');
  expect(ask.text).toContain(String(holder?.pid));
  await ask.fill({ reason: 'It blocks the parcels.' }).submit();
  await story.settle();
  const request = await tomas.seesMessage(room, '✋ Approval wanted');
  expect(request.text).toContain('pg_terminate_backend');
  expect(request.text).toContain(String(holder?.pid));
  const before = await otherSessions(story);
  await request.click('Approve');
  await tomas.seesMessage(room, 'You approved it');
  await nadia.seesChange(run, /None is left\n · as expected/u);
  await story.settle();
  expect((await drillSessions(story)).map((row) => row.pid)).not.toContain(holder?.pid);
  expect(await otherSessions(story)).toEqual(expect.arrayContaining(before));

  await nadia.types(HUB, '/drill start WR-001');
  await nadia.seesMessage(HUB, 'The fault is there and incident 2 is open for it');
  await story.settle();
  expect((await drillSessions(story))[0]?.pid).not.toBe(holder?.pid);
  await nadia.types(HUB, '/drill start');
  await nadia.seesMessage(HUB, 'A drill is running already');
  await nadia.types(HUB, '/drill stop');
  await nadia.seesMessage(HUB, 'The fault is taken back');
  expect(await drillSessions(story)).toEqual([]);
  story.transcript.ignore(/incident 2|Drill: an idle/u);
  story.expectNothingElse();
});

it('has a room ready after three calls to Slack, one after the other: create, card, pin', async () => {
  const story = await startStory({ limits: 'on' });
  await story.declare({ title: 'Pages are slow', system: 'warroom', severity: 'SEV2' });
  await story.nadia.seesMessage('#inc-1-pages-are-slow', 'SEV2 means');
  await story.nadia.until('the pinned card', {}, () => story.sandbox.calls.some((call) => call.method === 'pins.add'));
  const room = [...story.sandbox.workspace.channels.values()].find((row) => row.name === 'inc-1-pages-are-slow');
  const calls = story.sandbox.calls.map((call) => ({
    method: call.method,
    about: call.args.channel ?? call.args.name,
    thread: call.args.thread_ts,
  }));
  const created = calls.findIndex((call) => call.method === 'conversations.create');
  expect(calls[created]).toMatchObject({ about: 'inc-1-pages-are-slow' });
  const inRoom = calls.filter((call) => call.about === room?.id && call.thread === undefined);
  // What stands in the way of the room is this chain; topic, ladder and invitations go beside it.
  expect(inRoom.find((call) => call.method === 'chat.postMessage')).toBe(
    inRoom.find((call) => call.method !== 'conversations.setTopic' && call.method !== 'conversations.invite'),
  );
  expect(room?.pins).toHaveLength(1);
});
