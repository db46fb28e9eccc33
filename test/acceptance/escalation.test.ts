import { expect, it, vi } from 'vitest';
import type { Person } from '../support/people.ts';
import { HUB, IVO, MEI, NADIA, type Story, startStory } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

const TITLE = 'No quote can be produced';

/** An unacknowledged SEV1 of Auto-Broker, with its messages in the hub accepted. */
async function sev1(options: Parameters<typeof startStory>[0] = {}, customers = false): Promise<Story> {
  const story = await startStory(options);
  await story.declare({ title: TITLE, system: 'auto-broker', severity: 'SEV1', customers });
  return story;
}

/** Pages that a person has got so far, oldest first, as they read now. */
async function pages(story: Story, reader: Person): Promise<string[]> {
  const { channels, app } = story.sandbox.workspace;
  const channel = [...channels.values()].find((row) => row.kind === 'im' && row.members.includes(reader.id));
  if (!channel) return [];
  const rows = await reader.reads(channel.id);
  return rows.filter((row) => row.user === app.botUser).map((row) => JSON.stringify([row.text, row.blocks]));
}

async function counts(story: Story): Promise<Record<string, number>> {
  const people = { nadia: story.nadia, ivo: story.ivo, mei: story.mei };
  const entries = Object.entries(people).map(async ([name, who]) => [name, (await pages(story, who)).length] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function acceptCards(story: Story): void {
  story.transcript.ignore(new RegExp(`${TITLE}|Escalation of incident`, 'u'));
}

it('pages at once, repeats every five minutes up to the maximum, the tech lead at T+30, the VP at T+60', async () => {
  const story = await sev1();
  expect(await counts(story)).toEqual({ nadia: 1, ivo: 0, mei: 0 });
  await story.advance('4 minutes');
  expect(await counts(story)).toMatchObject({ nadia: 1 });
  for (const expected of [2, 3, 4, 5, 6]) {
    await story.advance('5 minutes');
    expect(await counts(story)).toMatchObject({ nadia: expected, ivo: 0 });
  }
  // T+29: the sixth was the last.
  await story.live(2);
  expect(await counts(story)).toEqual({ nadia: 6, ivo: 1, mei: 0 });
  await story.advance('10 minutes');
  expect(await counts(story)).toEqual({ nadia: 6, ivo: 2, mei: 0 });
  await story.advance('10 minutes');
  await story.advance('8 minutes');
  expect(await counts(story)).toEqual({ nadia: 6, ivo: 3, mei: 0 });
  await story.live(1);
  expect(await counts(story)).toEqual({ nadia: 6, ivo: 3, mei: 1 });
  for (const _quarter of [1, 2, 3, 4]) await story.advance('15 minutes');
  expect(await counts(story)).toEqual({ nadia: 6, ivo: 3, mei: 3 });
  const all = [
    ...(await pages(story, story.nadia)),
    ...(await pages(story, story.ivo)),
    ...(await pages(story, story.mei)),
  ];
  expect(all.filter((page) => page.includes('late'))).toEqual([]);
  expect((await pages(story, story.nadia))[5]).toContain('Page 6 of at most 6');
  acceptCards(story);
  story.expectNothingElse();
});

it('stops the repeats of the on-call engineer with an acknowledgement, while the rungs that count from opening still fire', async () => {
  const story = await sev1();
  await story.advance('5 minutes');
  expect(await counts(story)).toMatchObject({ nadia: 2 });
  const repeat = await story.nadia.seesMessage('@app', 'Page 2 of at most 6');
  await repeat.click('Acknowledge');
  await story.nadia.seesMessage('@app', 'You acknowledged this page (incident 1).');
  await story.settle();
  for (const page of (await pages(story, story.nadia)).slice(0, 2)) {
    expect(page).toContain(`<@${NADIA}> acknowledged this page`);
    expect(page).not.toContain('page.acknowledge');
  }
  const answered = (await counts(story)).nadia;
  await story.live(24);
  expect(await counts(story)).toEqual({ nadia: answered, ivo: 0, mei: 0 });
  await story.live(2);
  expect(await counts(story)).toEqual({ nadia: answered, ivo: 1, mei: 0 });
  const ladder = await story.nadia.seesMessage(HUB, 'Escalation of incident 1');
  expect(ladder.text).toContain(`acknowledged by <@${NADIA}>`);
  await story.live(29);
  await story.advance('2 minutes');
  expect(await counts(story)).toMatchObject({ mei: 1 });
  await story.nadia.types(HUB, '/incident resolve 1');
  await (await story.nadia.seesModal('Resolve incident 1')).fill({ summary: 'It was the cache.' }).submit();
  await story.settle();
  const over = await counts(story);
  await story.advance('3 hours');
  expect(await counts(story)).toEqual(over);
  for (const page of await pages(story, story.ivo)) expect(page).toContain('The incident is resolved');
  acceptCards(story);
  story.transcript.ignore(/is resolved/u);
  await story.nadia.readsFile('incident-1-no-quote-can-be-produced-timeline.md');
  story.expectNothingElse();
});

it('climbs, skips, stops and resumes by the buttons of the ladder card', async () => {
  const story = await sev1();
  const ladder = await story.nadia.seesMessage(HUB, 'Escalation of incident 1: running');
  await ladder.click('Next rung');
  await story.nadia.seesMessage(HUB, 'Tech Lead is being paged for incident 1.');
  await story.settle();
  expect(await counts(story)).toEqual({ nadia: 1, ivo: 1, mei: 0 });
  await story.nadia.seesChange(ladder, `by <@${NADIA}>; no answer yet`);
  await ladder.click('Skip next rung');
  await story.nadia.seesMessage(HUB, 'VP Engineering will not be paged for incident 1.');
  await story.nadia.seesChange(ladder, `skipped by <@${NADIA}>`);
  await ladder.click('Stop');
  await story.nadia.seesChange(ladder, `⏹ Stopped by <@${NADIA}>`);
  await story.advance('2 hours');
  expect(await counts(story)).toEqual({ nadia: 1, ivo: 1, mei: 0 });
  await ladder.click('Resume');
  await story.nadia.seesChange(ladder, 'Escalation of incident 1: running');
  await story.settle();
  expect(await counts(story)).toMatchObject({ mei: 0 });
  acceptCards(story);
  story.expectNothingElse();
});

it('says loudly in the hub that nobody was reached when nobody is named for a contact', async () => {
  const story = await sev1({}, true);
  for (const _rung of [1, 2, 3]) {
    story.botClock.leap(5_000);
    await story.nadia.types(HUB, '/incident escalate 1');
    await story.nadia.seesMessage(HUB, /is being paged for incident 1/u);
    await story.settle();
  }
  const loud = await story.nadia.seesMessage(HUB, '*Nobody was reached* as *CTO*');
  expect(loud.text).toContain('<!channel>');
  expect(loud.text).toContain('Why: ');
  expect(loud.text).toContain('warroom.yml');
  const ladder = await story.nadia.seesMessage(HUB, 'Escalation of incident 1');
  expect(ladder.text).toContain('*nobody was reached*');
  await loud.click('Acknowledge');
  await story.nadia.seesMessage(HUB, 'You acknowledged incident 1.');
  acceptCards(story);
  story.expectNothingElse({ errors: ['A delivery failed for good.'] });
});

it('does not pretend to have paged a contact who left, and goes on to the next rung that waits for an answer', async () => {
  const story = await startStory({
    contacts: { warroom: { 'on-call': ['U0LEFT0001'], commander: [MEI], 'platform-owner': [IVO] } },
  });
  await story.declare({ title: TITLE, system: 'warroom', severity: 'SEV1' });
  const loud = await story.nadia.seesMessage(HUB, '*Nobody was reached* as *On-call engineer*');
  expect(loud.text).toMatch(/Why: .*U0LEFT0001|Why: .*left|Why: .*deactivated/u);
  await story.settle();
  expect(await counts(story)).toEqual({ nadia: 0, ivo: 0, mei: 1 });
  acceptCards(story);
  story.transcript.ignore(/Nobody was reached/u);
  story.expectNothingElse({ errors: ['A delivery failed for good.'] });
});

it('fires every rung that came due in a three-hour outage once, and says how late', async () => {
  const story = await sev1({}, true);
  await story.advance('3 hours');
  expect(await counts(story)).toEqual({ nadia: 2, ivo: 1, mei: 1 });
  const [lead] = await pages(story, story.ivo);
  expect(lead).toMatch(/This page is \*2h 30m( \d+s)? late\*/u);
  const [vp] = await pages(story, story.mei);
  expect(vp).toMatch(/This page is \*2h( \d+s)? late\*/u);
  // The missed repeats are one repeat.
  expect((await pages(story, story.nadia))[1]).toContain('Page 2 of at most 6');
  await story.live(1);
  expect(await counts(story)).toEqual({ nadia: 2, ivo: 1, mei: 1 });
  const { rows } = await story.db.pool.query<{ rung: string }>(
    `select fact->>'rung' as rung from timeline_events where fact->>'kind' = 'paged' order by id`,
  );
  expect(rows.map((row) => row.rung)).toEqual(['On-call engineer', 'Tech Lead', 'VP Engineering']);
  acceptCards(story);
  story.expectNothingElse();
});
