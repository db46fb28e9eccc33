import { expect, it, vi } from 'vitest';
import { HUB, startStory, TOMAS } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

it('shows on the Home tab what is open and what waits for you, and lets you decide there', async () => {
  const story = await startStory({ autoBroker: true });
  const { nadia, tomas } = story;
  await nadia.opensHome('No incident is open.');
  await story.declare({ title: 'Nobody is called back', system: 'auto-broker', severity: 'SEV3' });
  await nadia.opensHome('Nobody is called back');
  await nadia.types(HUB, '/runbook RB-012');
  const run = await nadia.seesMessage(HUB, 'Runbook RB-012');
  await run.click('1/reset');
  await (await nadia.seesModal('Ask for approval')).fill({ reason: 'The breaker is stuck.' }).submit();
  await story.settle();
  // What somebody asked for does not wait for that person.
  const own = await nadia.opensHome('Nobody is called back');
  expect(own.text).toContain('Nothing waits for your approval.');
  const home = await tomas.opensHome('DEL circuit_breaker:franco_retell');
  expect(home.text).toContain('The breaker is stuck.');
  expect(home.text).toContain('Asked by <@U0ONCALL01>');
  await home.press('Approve');
  const said = await tomas.seesModal('Warroom');
  expect(said.text).toContain('You approved it; the step is about to run.');
  await said.close();
  await story.settle();
  await tomas.opensHome('Nothing waits for your approval.');
  const request = await nadia.seesMessage(HUB, `Approved by <@${TOMAS}>`);
  expect(request.text).toContain('DEL circuit_breaker:franco_retell');
  await home.press('Declare an incident');
  await (await tomas.seesModal('Declare an incident')).close();
  story.transcript.ignore(/Nobody is called back|Escalation of/u);
  story.expectNothingElse();
});
