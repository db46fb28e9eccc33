import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startShopTarget } from '../support/shop-target.ts';
import { HUB, NADIA, startStory } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

const PACKS = fileURLToPath(new URL('../fixtures/packs', import.meta.url));
const SYSTEM = (url: string) => `name: Shop
severities: [{ level: SEV3, rank: 3, definition: Something is slow, war_room: none }]
contacts: [{ id: on-call, name: On-call engineer }]
targets:
  api: { executor: http, options: { baseUrl: "${url}" }, read: {}, write: {} }
`;
const RUNBOOK = `---
id: RB-60
title: The queue is slow
---

## Mitigate

### Flush the queue
\`\`\`http {#flush target=api}
POST /flush
\`\`\`

### Look at the queue
\`\`\`http {#peek target=api effect=read}
GET /peek
\`\`\`
`;

/** The shop with one runbook and a target that counts. */
async function opened() {
  const target = await startShopTarget();
  onTestFinished(() => target.stop());
  const dir = await mkdtemp(join(tmpdir(), 'warroom-cancel-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const packs = join(dir, 'packs');
  await cp(PACKS, packs, { recursive: true, filter: (path) => !/rb-\d\.md$/u.test(path) });
  await writeFile(join(packs, 'shop', 'system.yml'), SYSTEM(target.url));
  await writeFile(join(packs, 'shop', 'rb-60.md'), RUNBOOK);
  const story = await startStory({ packs, contacts: {} });
  return { target, story };
}

it('cancels a step by its button while it waits and while it runs, releases its target, and runs a reading step alone', async () => {
  const { target, story } = await opened();
  const { nadia, tomas } = story;
  await nadia.types(HUB, '/runbook RB-60');
  const run = await nadia.seesMessage(HUB, 'Runbook RB-60');
  const ask = async () => {
    story.botClock.leap(5_000);
    await run.click('1/flush');
    await (await nadia.seesModal('Ask for approval')).fill({ reason: 'It is slow.' }).submit();
    await story.settle();
    return tomas.seesMessage(HUB, '✋ Approval wanted');
  };

  // It waits for approval.
  const first = await ask();
  await nadia.seesChange(run, 'waits for approval');
  await run.click('Cancel');
  await nadia.seesMessage(HUB, 'The request was withdrawn; nothing was run.');
  await nadia.seesChange(first, `🚫 Denied by <@${NADIA}>; nothing was run.`);
  await nadia.seesMessage(HUB, `🚫 <@${NADIA}>: “Flush the queue” was denied by <@${NADIA}>`);

  await nadia.seesChange(run, 'denied, nothing was run');

  // It runs, and its target never answers.
  target.answer('/flush', { delayMs: 30_000 });
  const second = await ask();
  await second.click('Approve');
  await tomas.seesMessage(HUB, 'You approved it');
  await nadia.seesChange(second, 'running');
  story.botClock.leap(5_000);
  await second.click('Cancel', nadia);
  await nadia.seesMessage(HUB, 'It is being stopped; the card says how it ended.');
  await nadia.seesChange(run, 'keeps the target until');
  await nadia.seesMessage(HUB, `👍 <@${NADIA}>: “Flush the queue” was approved by`);
  expect(run.text).toContain('may or may not have happened');
  expect(target.count('POST /flush')).toBe(1);
  story.botClock.leap(5_000);
  await run.click('Release');
  await nadia.seesMessage(HUB, 'The target is free.');
  await nadia.until('the lock to be gone on the card', {}, () => !run.text.includes('keeps the target until'));

  story.botClock.leap(5_000);
  await run.click('1/peek');
  await nadia.seesChange(run, 'HTTP 200 in');
  await story.settle();
  expect(target.count('GET /peek')).toBe(1);
  story.expectNothingElse();
});

it('rehearses a runbook: asked, approved, and nothing sent', async () => {
  const { target, story } = await opened();
  const { nadia, tomas } = story;
  await nadia.types(HUB, '/runbook RB-60 --dry-run');
  const run = await nadia.seesMessage(HUB, '🎭 REHEARSAL · Runbook RB-60');
  await run.click('1/flush');
  await (await nadia.seesModal('Ask for approval')).fill({ reason: 'We practise.' }).submit();
  await story.settle();
  const request = await tomas.seesMessage(HUB, '🎭 REHEARSAL · ✋ Approval wanted');
  await request.click('Approve');
  await tomas.seesMessage(HUB, 'You approved it');
  await story.settle();
  await nadia.seesChange(run, 'REHEARSAL: nothing was sent.');
  expect(target.hits).toEqual([]);
  story.expectNothingElse();
});
