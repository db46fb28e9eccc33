import { Redis } from 'ioredis';
import { expect, it, vi } from 'vitest';
import { HUB, NADIA, startStory, TOMAS } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

it('leads an Auto-Broker SEV2 from declaration over diagnostics, approval and a real DEL to the closing message with its timeline', async () => {
  const story = await startStory({ autoBroker: true });
  const { nadia, tomas } = story;
  const redis = new Redis(story.redisUrl);
  // What the twin did to prepare its Redis is not counted.
  await redis.config('RESETSTAT');
  expect(await redis.get('circuit_breaker:franco_retell')).toBe('open');

  await nadia.types(HUB, '/incident create "API down - all requests failing"');
  const form = await nadia.seesModal('Declare an incident');
  expect(form.text).toContain('API down - all requests failing');
  await form.press('System', 'auto-broker');
  await nadia.until('the levels of Auto-Broker', {}, () => form.text.includes('severity:auto-broker'));
  form.fill({
    'severity:auto-broker': 'SEV2',
    impact: 'Nobody is called back after a delivery',
    affected: ['yes'],
    'runbook:auto-broker': 'auto-broker/RB-012',
  });
  await form.submit();
  await story.settle();

  const announcement = await nadia.seesMessage(HUB, /incident 1, .*API down - all requests failing/su);
  expect(announcement.text).toContain('SEV2');
  expect(announcement.text).toContain('in the thread of this message');
  const card = await nadia.seesMessage(HUB, /SEV2 means: A critical feature works only in part/u);
  expect(card.record.thread_ts).toBe(announcement.ts);
  for (const shown of [
    'Auto-Broker',
    'Opened',
    'nobody yet',
    '⏳ not yet',
    'affected since',
    'Sales team, Operations team of the customer',
    'RB-012 FRANCO retention agent failure',
    '10m by the runbook; resolve by',
    'Customers are not followed up after delivery',
    'Active shipments are untouched',
    'Acknowledge the alert',
    'Nobody is called back after a delivery',
  ]) {
    expect(card.text).toContain(shown);
  }
  for (const button of ['Acknowledge', 'Take command', 'Change severity', 'Post update', 'Escalate', 'Resolve']) {
    expect(card.text).toContain(button);
  }
  const ladder = await nadia.seesMessage(HUB, 'Escalation of incident 1');
  expect(ladder.record.thread_ts).toBe(announcement.ts);
  const page = await nadia.seesMessage('@app', /You are paged as \*On-call engineer\*/u);
  await story.advance('3 minutes');
  await page.click('Acknowledge');
  await nadia.seesMessage('@app', 'You acknowledged this page');
  await nadia.seesChange(page, 'acknowledged this page at');
  await nadia.seesChange(card, 'after 3m');
  await card.click('Take command');
  await nadia.seesMessage(HUB, 'You are in command of incident 1');
  await nadia.seesChange(card, `<@${NADIA}>`);

  await card.click('Open RB-012');
  await story.settle();
  const run = await nadia.seesMessage(HUB, 'Runbook RB-012 FRANCO retention agent failure');
  expect(run.record.thread_ts).toBe(announcement.ts);
  expect(run.text).toContain('The queue of shipments delivered seven days ago piles up');
  expect(run.text).toContain('More customers may leave');
  await run.click('Run diagnostics');
  await nadia.seesChange(run, /Diagnostics: \d as expected, \d not/u);
  await story.settle();
  expect(run.text).toContain('Diagnostics: 0 as expected, 3 not.');
  expect(run.text).toContain('not as expected');
  expect(run.text).toContain("👉 Suggested now: \nsteps.breaker.value == 'open'");

  await run.click('step.request');
  const ask = await nadia.seesModal('Ask for approval');
  expect(ask.text).toContain('DEL circuit_breaker:franco_retell');
  await ask.fill({ reason: 'The provider is back since ten minutes.' }).submit();
  await story.settle();
  const request = await tomas.seesMessage(HUB, '✋ Approval wanted');
  for (const shown of [
    'DEL circuit_breaker:franco_retell',
    'auto-broker/cache',
    `<@${NADIA}>`,
    'The provider is back since ten minutes.',
    'expires',
  ]) {
    expect(request.text).toContain(shown);
  }
  await request.click('Approve', nadia);
  await nadia.seesMessage(HUB, 'You asked for this step yourself');
  expect(await redis.exists('circuit_breaker:franco_retell')).toBe(1);
  await request.click('Approve', tomas);
  await tomas.seesMessage(HUB, 'You approved it; the step is about to run.');
  await story.settle();
  expect(await redis.exists('circuit_breaker:franco_retell')).toBe(0);
  expect(await deletions(redis)).toBe(1);
  expect(request.text).toContain(`Approved by <@${TOMAS}>`);
  await nadia.seesChange(run, /Close the breaker\n.*\ndone \(/su);
  await nadia.seesChange(run, /Breaker as Redis has it\n · as expected/u);

  // The calls that were missed: a script on the worker, with an approval of its own.
  story.botClock.leap(5_000);
  await run.click('Run diagnostics again');
  await nadia.seesChange(run, 'Diagnostics: 2 as expected, 1 not.');
  await story.settle();
  await run.click('1/backlog');
  await (await nadia.seesModal('Ask for approval')).fill({ reason: 'Call those who were missed.' }).submit();
  await story.settle();
  const script = await tomas.seesMessage(HUB, '✋ Approval wanted');
  expect(script.text).toContain('python3 scripts/franco_process_backlog.py --max-calls="$max_calls"');
  expect(story.twin.state.backlog).toBe(107);
  await script.click('Approve');
  await tomas.seesMessage(HUB, 'You approved it; the step is about to run.');
  await story.settle();
  expect(story.twin.state.backlog).toBe(97);
  await nadia.seesChange(run, '10 calls placed, backlog 97');
  await nadia.seesChange(run, /Retention statistics\n · as expected/u);

  await story.advance('25 minutes');
  await card.click('Resolve');
  const summary = await nadia.seesModal('Resolve incident 1');
  await summary.fill({ summary: 'The breaker was open; closing it was enough.' }).submit();
  await story.settle();
  const closing = await nadia.seesMessage(HUB, '*Incident 1 is resolved*');
  expect(closing.text).toMatch(/\*Duration\*\n28m( \d+s)?\n/u);
  expect(closing.text).toMatch(/\*Time to acknowledge \(MTTA\)\*\n3m( \d+s)?\n/u);
  expect(closing.text).toContain('The breaker was open; closing it was enough.');
  await nadia.seesChange(card, /✅ \*Resolved\* by <@U0ONCALL01> after 28m/u);
  await nadia.seesChange(announcement, 'resolved after 28m');
  await nadia.seesChange(ladder, '✅ Over: the incident is resolved.');
  const timeline = await nadia.readsFile('incident-1-api-down-all-requests-failing-timeline.md');
  const events = timeline.split('\n').filter((line) => line.startsWith('- '));
  expect(events.map((line) => line.slice(22).replace(/(\dm) \d+s/u, '$1'))).toEqual([
    'nadia declared SEV2: API down - all requests failing (customers: Nobody is called back after a delivery)',
    'Warroom escalated to On-call engineer',
    'Warroom opened the war room',
    'Warroom paged nadia as On-call engineer',
    'nadia acknowledged the page to On-call engineer (On-call engineer)',
    'nadia acknowledged after 3m',
    'nadia took command',
    expect.stringMatching(/^nadia opened RB-012: FRANCO retention agent failure/u),
    'Warroom finished the diagnostics of RB-012: 0 as expected, 3 not',
    'nadia asked to run “Close the breaker” on cache: DEL circuit_breaker:franco_retell (The provider is back since ten minutes.)',
    'tomas approved “Close the breaker”: DEL circuit_breaker:franco_retell',
    'Warroom started “Close the breaker” on cache: DEL circuit_breaker:franco_retell',
    'Warroom finished “Close the breaker”: ok',
    'Warroom finished “Breaker as Redis has it”: as expected',
    'Warroom finished the diagnostics of RB-012: 2 as expected, 1 not',
    expect.stringMatching(
      /^nadia asked to run “Work off the backlog” on worker: python3 .* \(Call those who were missed.\)$/u,
    ),
    expect.stringMatching(/^tomas approved “Work off the backlog”: python3 /u),
    expect.stringMatching(/^Warroom started “Work off the backlog” on worker: python3 /u),
    'Warroom finished “Work off the backlog”: ok',
    'Warroom finished “Retention statistics”: as expected',
    'nadia resolved the incident after 28m: The breaker was open; closing it was enough.',
  ]);
  const times = events.map((line) => line.slice(2, 21));
  expect([...times].sort()).toEqual(times);
  await redis.quit();
  story.expectNothingElse();
});

/** How often DEL was carried out since the story began; the twin never deletes while it fails. */
async function deletions(redis: Redis): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(/cmdstat_del:calls=(\d+)/u.exec(stats)?.[1] ?? 0);
}
