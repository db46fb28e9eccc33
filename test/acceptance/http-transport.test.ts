import { expect, it, vi } from 'vitest';
import { HUB, startStory } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

it('is the same bot over signed HTTP: declare, card, buttons, Home tab', async () => {
  const story = await startStory({ transport: 'http' });
  const { nadia } = story;
  expect(story.sandbox.socketMode).toBeNull();
  expect(await story.sandbox.http?.verifyUrl()).toBe(true);
  await story.declare({ title: 'ERP sync fails', system: 'auto-broker', severity: 'SEV2' });
  await nadia.seesMessage(HUB, /ERP sync fails: incident 1, in the thread of this message/u);
  const card = await nadia.seesMessage(HUB, 'SEV2 means');
  await card.click('Acknowledge');
  await nadia.seesMessage(HUB, 'You acknowledged incident 1.');
  await nadia.seesChange(card, '<@U0ONCALL01> after');
  await card.click('Post update');
  const update = await nadia.seesModal('Update, incident 1');
  expect(await update.submitForErrors()).toHaveProperty('text');
  await update.fill({ text: 'The queue drains.' }).submit();
  await nadia.seesMessage(HUB, /📣.*The queue drains\./su);
  await nadia.opensHome('ERP sync fails');
  expect((await fetch(`${story.warroom.url}/slack/events`, { method: 'POST', body: '{}' })).status).toBe(401);
  story.transcript.ignore(/ERP sync fails|Escalation of incident/u);
  story.expectNothingElse();
});
