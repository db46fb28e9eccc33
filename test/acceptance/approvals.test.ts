import { Redis } from 'ioredis';
import { expect, it, onTestFinished, vi } from 'vitest';
import { forger } from '../support/forged.ts';
import type { SeenMessage } from '../support/seen-message.ts';
import { HUB, IVO, MEI, NADIA, SAM, type Story, type StoryOptions, startStory, TOMAS } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

const KEY = 'circuit_breaker:franco_retell';

type Asked = { readonly story: Story; readonly redis: Redis; readonly run: SeenMessage; readonly request: SeenMessage };

/** Nadia has asked to close the breaker. */
async function asked(options: StoryOptions = {}): Promise<Asked> {
  const story = await startStory({ autoBroker: true, ...options });
  const redis = new Redis(story.redisUrl);
  // What the twin did to prepare its Redis is not counted.
  await redis.config('RESETSTAT');
  onTestFinished(() => redis.disconnect());
  const { nadia, tomas } = story;
  await nadia.types(HUB, '/runbook RB-012');
  const run = await nadia.seesMessage(HUB, 'Runbook RB-012');
  await run.click('1/reset');
  await (await nadia.seesModal('Ask for approval')).fill({ reason: 'Nobody is called back.' }).submit();
  await story.settle();
  return { story, redis, run, request: await tomas.seesMessage(HUB, '✋ Approval wanted') };
}

/** How often DEL was carried out since the story began. */
async function deletions(redis: Redis): Promise<number> {
  return Number(/cmdstat_del:calls=(\d+)/u.exec(await redis.info('commandstats'))?.[1] ?? 0);
}

it('asks for a reason to deny, tells the requester, and runs nothing', async () => {
  const { story, redis, request } = await asked();
  await request.click('Deny');
  const form = await story.tomas.seesModal('Deny');
  expect(await form.submitForErrors()).not.toEqual({});
  await form.fill({ reason: 'Wait for the provider.' }).submit();
  await story.settle();
  await story.nadia.seesMessage(HUB, `🚫 <@${NADIA}>: “Close the breaker” was denied by <@${TOMAS}>; nothing was run.`);
  await story.nadia.seesChange(request, `🚫 Denied by <@${TOMAS}>; nothing was run.`);
  expect(request.text).toContain('Wait for the provider.');
  expect(request.record.blocks.some((block) => block.type === 'actions')).toBe(false);
  expect(await redis.get(KEY)).toBe('open');
  expect(await deletions(redis)).toBe(0);
  story.expectNothingElse();
});

it('lets whoever asked withdraw by Deny', async () => {
  const { story, redis, request } = await asked();
  await request.click('Deny', story.nadia);
  await (await story.nadia.seesModal('Deny')).fill({ reason: 'It went away.' }).submit();
  await story.nadia.seesChange(request, `🚫 Denied by <@${NADIA}>`);
  await story.nadia.seesMessage(HUB, /was denied by/u);
  expect(await deletions(redis)).toBe(0);
  story.expectNothingElse();
});

it('counts one of two approvers who click at the same time and answers the other', async () => {
  const { story, redis, request, run } = await asked();
  await Promise.all([request.click('Approve', story.tomas), request.click('Approve', story.mei)]);
  const answers = await Promise.all([
    story.tomas.seesMessage(HUB, /^(?:You approved it|This request was approved before)/u),
    story.mei.seesMessage(HUB, /^(?:You approved it|This request was approved before)/u),
  ]);
  expect(answers.filter((answer) => answer.text.startsWith('You approved it'))).toHaveLength(1);
  await story.settle();
  expect(await redis.exists(KEY)).toBe(0);
  expect(await deletions(redis)).toBe(1);
  // Only the verify step has looked so far.
  await story.nadia.seesChange(run, 'Diagnostics: 1 as expected, 0 not, 2 not run.');
  await story.nadia.seesChange(request, /👍 Approved by <@U\w+> · (?:done|as expected)/u);
  story.expectNothingElse();
});

it('wants two people where the policy says two, counts each once, and shows how many are missing', async () => {
  const { story, redis, request } = await asked({
    settings: { approvals: { change: { approvers: 2, expires: '15m' } } },
  });
  await request.click('Approve', story.tomas);
  await story.tomas.seesMessage(HUB, 'Your approval counts; 1 more person must approve before anything runs.');
  await story.nadia.seesChange(request, '*1 of 2* approved');
  story.botClock.leap(5_000);
  await request.click('Approve', story.tomas);
  await story.tomas.seesMessage(HUB, 'You decided on this request before; your approval counts once.');
  expect(await deletions(redis)).toBe(0);
  await request.click('Approve', story.mei);
  await story.mei.seesMessage(HUB, 'You approved it');
  await story.settle();
  expect(await deletions(redis)).toBe(1);
  story.expectNothingElse();
});

it('refuses a guest’s click with a sentence', async () => {
  const { story, redis, request } = await asked();
  await request.click('Approve', story.sam);
  await story.sam.seesMessage(HUB, 'Only full members of this workspace can decide');
  await request.click('Deny', story.sam);
  await story.sam.seesMessage(HUB, 'Only full members of this workspace can decide');
  await story.sam.seesNoModal();
  await story.settle();
  expect(request.text).toContain('*0 of 1* approved');
  expect(await deletions(redis)).toBe(0);
  story.expectNothingElse();
});

it('lets a request expire, tells the requester, and answers a late click', async () => {
  const { story, redis, request, run } = await asked({ transport: 'http' });
  await story.advance('16 minutes');
  await story.nadia.seesMessage(HUB, `⌛ <@${NADIA}>: nobody decided on “Close the breaker” in time; nothing was run.`);
  await story.nadia.seesChange(request, '⌛ Nobody decided before');
  expect(request.record.blocks.some((block) => block.type === 'actions')).toBe(false);
  const forged = await forger(story);
  await forged.click({ user: TOMAS, message: request, action: 'approval.approve', value: '1' });
  expect(await forged.answer()).toContain('This request has expired, so nothing was run; ask again');
  await story.settle();
  expect(await deletions(redis)).toBe(0);
  // Asked again, the same step is a request of its own.
  story.botClock.leap(5_000);
  await run.click('1/reset');
  await (await story.nadia.seesModal('Ask for approval')).fill({ reason: 'Still needed.' }).submit();
  await story.settle();
  const again = await story.tomas.seesMessage(HUB, '✋ Approval wanted');
  await again.click('Approve');
  await story.tomas.seesMessage(HUB, 'You approved it');
  await story.settle();
  expect(await deletions(redis)).toBe(1);
  story.expectNothingElse();
});

it('executes nothing for a forged, replayed, unsigned or old click', async () => {
  const { story, redis, request } = await asked({ transport: 'http' });
  const forged = await forger(story);
  const approve = { user: TOMAS, message: request, action: 'approval.approve' };
  expect(await forged.click({ ...approve, value: '1' }, { secret: 'guessed' })).toBe(401);
  expect(await forged.click({ ...approve, value: '1' }, { ageSeconds: 600 })).toBe(401);
  for (const value of ['2', '999999999', '0']) {
    expect(await forged.click({ ...approve, value })).toBe(200);
    expect(await forged.answer()).toMatch(/does not exist|no such|older message/iu);
  }
  for (const value of ['', '1; DROP TABLE', '-1', '1.5', '9'.repeat(40), '../1', '{"approval":1}', '１']) {
    await forged.click({ ...approve, value });
    expect(await forged.answer()).toContain('This button is from an older message');
  }
  for (const action of ['step.request', 'step.tick', 'incident.resolve', 'plan.request', 'approval.break_glass']) {
    await forged.click({ user: TOMAS, message: request, action, value: '1/reset; rm' });
    expect(await forged.answer()).toContain('This button is from an older message');
  }
  await forged.click({ ...approve, action: 'approval.execute', value: '1' });
  expect(await forged.answer()).toContain('This button is from an older version of Warroom');
  await forged.click({ ...approve, user: NADIA, value: '1' });
  expect(await forged.answer()).toContain('You asked for this step yourself');
  await forged.click({ ...approve, user: SAM, value: '1' });
  expect(await forged.answer()).toContain('Only full members');
  await forged.click({ ...approve, user: 'U0NOBODY99', value: '1' });
  expect(await forged.answer()).toContain('Slack does not know this person');
  await forged.click({ ...approve, user: 'U0LEFT0001', value: '1' });
  expect(await forged.answer()).toContain('Only full members');
  await forged.click({ ...approve, user: story.sandbox.workspace.app.botUser, value: '1' });
  expect(await forged.answer()).toContain('Only full members');
  await story.settle();
  expect(await deletions(redis)).toBe(0);
  expect(request.text).toContain('*0 of 1* approved');

  await forged.click({ ...approve, value: '1' }, { id: '777' });
  expect(await forged.answer()).toContain('You approved it');
  await story.settle();
  story.botClock.leap(60_000);
  await forged.click({ ...approve, value: '1' }, { id: '777' });
  expect(await forged.answer()).toContain('Nothing runs twice');
  await forged.click({ ...approve, user: IVO, value: '1' });
  expect(await forged.answer()).toContain('Nothing runs twice');
  await forged.click({ ...approve, user: MEI, action: 'approval.deny', value: '1' });
  expect(await forged.answer()).toContain('Nothing runs twice');
  await story.settle();
  expect(await deletions(redis)).toBe(1);
  story.expectNothingElse({ refusals: ['user_not_found'], errors: ['A button with an unknown id was pressed.'] });
});
