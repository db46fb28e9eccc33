import { expect, it, vi } from 'vitest';
import { HUB, type Story, startStory, TOMAS } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Two open incidents: 1 in a channel of its own, 2 in a thread of the hub. */
async function two(): Promise<Story> {
  const story = await startStory();
  await story.declare({ title: 'Pages are slow', system: 'warroom', severity: 'SEV3' });
  await story.declare({ title: 'ERP sync fails', system: 'auto-broker', severity: 'SEV2' });
  story.transcript.ignore(/./su);
  return story;
}

const ROOM = '#inc-1-pages-are-slow';

it('takes the verbs in a room to mean its incident', async () => {
  const story = await two();
  const { nadia, tomas, ruth } = story;
  await nadia.types(ROOM, '/incident status');
  await nadia.seesMessage(ROOM, /^🟡 SEV3 · Pages are slow \(incident 1\)/u);
  await nadia.types(ROOM, '/incident ack');
  await nadia.seesMessage(ROOM, 'You acknowledged incident 1.');
  await tomas.joins((await nadia.seesMessage(ROOM, 'SEV3 means', { again: true })).channel);
  await tomas.types(ROOM, '/incident ack');
  await tomas.seesMessage(ROOM, 'Incident 1 was acknowledged before; nothing changed.');
  await nadia.types(ROOM, '/incident command');
  await nadia.seesMessage(ROOM, 'You are in command of incident 1.');
  await nadia.types(ROOM, '/incident command');
  await nadia.seesMessage(ROOM, 'You are already in command of incident 1.');
  await nadia.types(ROOM, '/incident severity sev2');
  await nadia.seesMessage(ROOM, 'Incident 1 is SEV2 now.');
  await nadia.types(ROOM, '/incident update 3 of 5 nodes are back');
  await nadia.seesMessage(ROOM, 'Your update on incident 1 is on its way.');
  await nadia.seesMessage(ROOM, /📣 \*Update\* on incident 1.*3 of 5 nodes are back/su);
  await ruth.seesMessage(HUB, /📣 \*Update\* on incident 1.*3 of 5 nodes are back/su);
  await nadia.types(ROOM, '/incident escalate');
  await nadia.seesMessage(ROOM, 'Incident commander is being paged for incident 1.');
  await nadia.types(ROOM, '/incident timeline');
  const timeline = await nadia.seesMessage(ROOM, /^Timeline of incident 1: \d+ events/u);
  expect(timeline.text).toContain('changed the severity from SEV3 to SEV2');
  await nadia.types(ROOM, '/incident resolve');
  await (await nadia.seesModal('Resolve incident 1')).fill({ summary: 'A vacuum ended it.' }).submit();
  await nadia.seesMessage(ROOM, '*Incident 1 is resolved*');
  await nadia.readsFile('incident-1-pages-are-slow-timeline.md');
  await story.settle();
  await nadia.types(ROOM, '/incident ack');
  await nadia.seesMessage(ROOM, 'Incident 1 is resolved already');
  await nadia.types(ROOM, '/incident resolve');
  await nadia.seesMessage(ROOM, 'Incident 1 is resolved already');
  story.transcript.ignore(/You are paged as|Pages are slow/u);
  story.expectNothingElse();
});

it('takes a number in the hub, and offers a picker without one', async () => {
  const story = await two();
  const { nadia } = story;
  await nadia.types(HUB, '/incident list');
  const list = await nadia.seesMessage(HUB, '2 open incidents');
  expect(list.text.indexOf('ERP sync fails')).toBeLessThan(list.text.indexOf('Pages are slow'));
  await nadia.types(HUB, '/incident status #2');
  await nadia.seesMessage(HUB, /^🟠 SEV2 · ERP sync fails \(incident 2\)/u);
  await nadia.types(HUB, '/incident ack');
  const picker = await nadia.seesMessage(HUB, 'Which incident do you mean?');
  await picker.choose('incident.pick', 'ack/2');
  await nadia.seesMessage(HUB, 'You acknowledged incident 2.');
  await nadia.types(HUB, '/incident update We are on it');
  const which = await nadia.seesMessage(HUB, 'Nothing was posted yet.');
  expect(which.text).toContain('We are on it');
  await nadia.types(HUB, '/incident update 2 We are on it');
  await nadia.seesMessage(HUB, 'Your update on incident 2 is on its way.');
  await nadia.seesMessage(HUB, /📣 \*Update\* on incident 2.*We are on it/su);
  await nadia.types(HUB, '/incident severity 2');
  const form = await nadia.seesModal('Severity of incident 2');
  await form.fill({ severity: 'SEV1', reason: 'No quote gets through.' }).submit();
  await story.settle();
  await nadia.types(HUB, '/incident status 2');
  await nadia.seesMessage(HUB, /^🔴 SEV1 · ERP sync fails/u);
  await nadia.types(HUB, '/incident severity SEV9 2');
  await nadia.seesMessage(HUB, 'Auto-Broker has no severity “SEV9”; choose one of SEV1, SEV2, SEV3, SEV4.');
  await nadia.types(HUB, '/incident ack 99');
  await nadia.seesMessage(HUB, 'There is no incident 99; /incident list shows the open ones.');
  await nadia.types(HUB, '/incident ack two');
  await nadia.seesMessage(HUB, '“two” is not the number of an incident');
  story.transcript.ignore(/You are paged as|ERP sync fails/u);
  story.expectNothingElse();
});

it('answers what it does not know with the nearest that it knows', async () => {
  const story = await startStory();
  const { nadia } = story;
  const answers: readonly (readonly [string, string | RegExp])[] = [
    ['/incident decalre', 'did you mean /incident declare?'],
    ['/incident wibble', '“wibble” is not something /incident knows; /incident help lists what it does.'],
    ['/incident', 'declares incidents and works on them'],
    ['/incident help', '/incident resolve [n]'],
    ['/incident list', 'No incident is open.'],
    ['/incident ack', 'No incident is open, so there is nothing to do; /incident declare opens one.'],
    ['/runbook RB-021', /There is no runbook “RB-021”; did you mean RB-0\d+\?/u],
    ['/runbook help', '/runbook search'],
    ['/runbook redis', /\d+ runbooks? found for “redis”/u],
    ['/runbook search retention calls', 'RB-012'],
    ['/runbook quantum flux', 'No runbook was found for “quantum flux”'],
    ['/drill start XY-9', 'There is no drill “XY-9”; there is WR-001.'],
    ['/drill stop', 'No drill is running, so nothing was taken back.'],
    ['/drill list', 'WR-001: Drill'],
  ];
  for (const [typed, answer] of answers) {
    await nadia.types(HUB, typed);
    await nadia.seesMessage(HUB, answer);
  }
  await nadia.types(HUB, '/runbook');
  const search = await nadia.seesModal('Find a runbook');
  expect(search.text).toContain('runbook.pick');
  await search.close();
  story.expectNothingElse();
});

it('opens a runbook only where it can stay, and says what to do elsewhere', async () => {
  const story = await startStory();
  await story.nadia.types('#general', '/runbook RB-012');
  await story.nadia.seesMessage('#general', 'Warroom is not in this channel; invite it with /invite @warroom');
  await story.nadia.types('#general', '/incident list');
  await story.nadia.seesMessage('#general', 'No incident is open.');
  story.expectNothingElse();
});

it('says one sentence when Slack’s three seconds for a form are over, and nothing is half done', async () => {
  const story = await two();
  const { nadia, db } = story;
  const blocker = await db.pool.connect();
  await blocker.query('begin');
  await blocker.query('lock table incidents in access exclusive mode');
  await nadia.types(HUB, '/incident resolve 1');
  story.slackClock.leap(4_000);
  await blocker.query('rollback');
  blocker.release();
  await nadia.seesMessage(HUB, 'Slack waited too long to open the form; please try again.');
  await nadia.seesNoModal();
  story.transcript.ignore(/Pages are slow|ERP sync/u);
  story.expectNothingElse({ refusals: ['expired_trigger_id'] });
});

it('carries out each form once, however often it is submitted', async () => {
  const story = await two();
  const { nadia, tomas, db } = story;
  const count = async (kind: string): Promise<number> => {
    const { rows } = await db.pool.query<{ n: number }>(
      `select count(*)::int as n from timeline_events where fact->>'kind' = $1`,
      [kind],
    );
    return rows[0]?.n ?? 0;
  };
  await nadia.types(HUB, '/incident declare Twice');
  const declare = await nadia.seesModal('Declare an incident');
  const system = /severity:([a-z-]+)/u.exec(declare.text)?.[1] ?? '';
  await declare.fill({ [`severity:${system}`]: 'SEV4' }).submitTwice();
  await story.settle();
  expect(await count('declared')).toBe(3);
  await nadia.types(HUB, '/incident severity 2');
  await (await nadia.seesModal('Severity of incident 2')).fill({ severity: 'SEV1' }).submitTwice();
  await story.settle();
  expect(await count('severity_changed')).toBe(1);
  await nadia.types(HUB, '/incident update 2');
  await (await nadia.seesModal('Update, incident 2')).fill({ text: 'Once is enough.' }).submitTwice();
  await story.settle();
  expect(await count('update_posted')).toBe(1);
  await nadia.seesMessage(HUB, /📣.*Once is enough/su);
  await nadia.types(HUB, '/runbook');
  const search = await nadia.seesModal('Find a runbook');
  await search.search('runbook.pick', 'franco');
  await search.fill({ 'runbook.pick': 'auto-broker/RB-012' }).submitTwice();
  await story.settle();
  const run = await nadia.seesMessage(HUB, 'Runbook RB-012');
  await run.click('1/reset');
  await (await nadia.seesModal('Ask for approval')).fill({ reason: 'Once.' }).submitTwice();
  await story.settle();
  const request = await tomas.seesMessage(HUB, '✋ Approval wanted');
  await request.click('Deny');
  await (await tomas.seesModal('Deny')).fill({ reason: 'No.' }).submitTwice();
  await story.settle();
  await nadia.seesMessage(HUB, `was denied by <@${TOMAS}>`);
  await nadia.types(HUB, '/incident resolve 1');
  await (await nadia.seesModal('Resolve incident 1')).fill({ summary: 'Over.' }).submitTwice();
  await story.settle();
  expect(await count('resolved')).toBe(1);
  await nadia.seesMessage(ROOM, '*Incident 1 is resolved*');
  await nadia.readsFile('incident-1-pages-are-slow-timeline.md');
  story.transcript.ignore(/You are paged as|ERP sync fails|Twice|Pages are slow|Escalation of incident/u);
  // Answers may come twice, effects not.
  story.transcript.ignore(/This request was denied before|RB-012 is open in the thread/u);
  story.expectNothingElse();
});
