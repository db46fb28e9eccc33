import { expect, it, vi } from 'vitest';
import { HUB, IVO, MEI, NADIA, type Story, startStory, TOMAS } from '../support/story.ts';

vi.setConfig({ testTimeout: 90_000 });

/** Nadia has asked for a step of a runbook, in the hub. */
async function asks(story: Story, runbook: string, step: string) {
  await story.nadia.types(HUB, `/runbook ${runbook}`);
  const run = await story.nadia.seesMessage(HUB, `Runbook ${runbook}`);
  await run.click(`1/${step}`);
  await (await story.nadia.seesModal('Ask for approval')).fill({ reason: 'Nobody is called back.' }).submit();
  await story.settle();
  return { run, request: await story.tomas.seesMessage(HUB, '✋ Approval wanted') };
}

it('calls the approvers at half time, lets the requester go on alone with a reason, and says so in the hub', async () => {
  const story = await startStory({ autoBroker: true, settings: { roles: { '*': { approver: ['S0APPROVE1'] } } } });
  const { nadia } = story;
  const { request } = await asks(story, 'RB-012', 'reset');
  expect(request.text).toContain(`<!subteam^S0APPROVE1> except <@${NADIA}> can decide.`);
  await request.click('Approve', story.ivo);
  await story.ivo.seesMessage(HUB, 'The policy names who may decide on this, and you are not among them');
  await story.advance('8 minutes');
  await nadia.seesMessage(HUB, '⏳ <!subteam^S0APPROVE1>: “Close the breaker” still waits for approval');
  await nadia.seesChange(request, `Nobody answered: <@${NADIA}> may go on alone with a reason, which is announced.`);
  await request.click('Go on alone', story.tomas);
  await story.tomas.seesMessage(HUB, 'Only whoever asked for it may go on alone');
  await request.click('Go on alone', nadia);
  const form = await nadia.seesModal('Go on alone');
  expect(await form.submitForErrors()).not.toEqual({});
  await form.fill({ reason: 'Customers leave.' }).submit();
  await nadia.seesMessage('@app', 'You approved it; the step is about to run.');
  await story.settle();
  const said = await nadia.seesMessage(
    HUB,
    `🚨 <@${NADIA}> went on alone, because nobody answered, with “Close the breaker”`,
  );
  expect(said.text).toContain('Customers leave.');
  await nadia.seesChange(request, 'alone, because *nobody answered*');
  story.expectNothingElse();
});

it('wants the name of the target typed before something is destroyed', async () => {
  const story = await startStory({ autoBroker: true });
  const { run, request } = await asks(story, 'RB-005', 'refresh');
  expect(request.text).toContain('One of the approvers types the name of the target.');
  await request.click('Approve', story.tomas);
  const form = await story.tomas.seesModal('Approve');
  expect(await form.fill({ target: 'auto-broker/cache' }).submitForErrors()).toMatchObject({
    target: expect.stringContaining('That is not the name of the target'),
  });
  await form.fill({ target: 'cache' }).submit();
  await story.tomas.seesMessage('@app', 'Your approval counts; 1 more person must approve before anything runs.');
  await story.settle();
  await request.click('Approve', story.mei);
  await story.mei.seesMessage(HUB, 'You approved it');
  await story.settle();
  await story.nadia.seesChange(request, `👍 Approved by <@${TOMAS}>, <@${MEI}>`);
  expect(run.record.blocks.length).toBeGreaterThan(0);
  story.expectNothingElse();
});

it('lets the commander of the worst severity break the glass, and nobody else', async () => {
  const story = await startStory({ autoBroker: true });
  const { nadia, mei } = story;
  await nadia.types(HUB, '/incident declare Nothing works');
  const form = await nadia.seesModal('Declare');
  await form.press('System', 'auto-broker');
  await nadia.until('the levels of the system', {}, () => form.text.includes('severity:auto-broker'));
  await form.fill({ 'severity:auto-broker': 'SEV1', 'runbook:auto-broker': 'auto-broker/RB-012' }).submit();
  await story.settle();
  await nadia.types(HUB, '/runbook RB-012 1');
  await story.settle();
  const run = await nadia.seesMessage(HUB, 'Runbook RB-012');
  await run.click('1/reset');
  await (await nadia.seesModal('Ask for approval')).fill({ reason: 'Nobody is called back.' }).submit();
  await story.settle();
  const request = await mei.seesMessage(HUB, '✋ Approval wanted');
  await request.click('Break glass', mei);
  await mei.seesMessage(HUB, 'Only the commander of an open incident of the worst severity may break the glass');
  await mei.types(HUB, '/incident command 1');
  await mei.seesMessage(HUB, 'You are in command of incident 1.');
  story.botClock.leap(5_000);
  await request.click('Break glass', mei);
  await (await mei.seesModal('Break glass')).fill({ reason: 'Nobody answers.' }).submit();
  await story.settle();
  await nadia.seesMessage(HUB, `🚨 <@${MEI}> broke the glass: nobody else approved “Close the breaker”`);
  await nadia.seesChange(request, 'alone, by *breaking the glass*');
});

it('keeps a private incident to its room: hub, lists, Home, status and buttons say nothing of it', async () => {
  const story = await startStory({
    contacts: { warroom: { 'on-call': [NADIA], commander: [MEI], 'platform-owner': [IVO] } },
  });
  const { nadia, tomas, mei } = story;
  await nadia.types(HUB, '/incident declare A key was stolen');
  const form = await nadia.seesModal('Declare');
  await form.press('System', 'warroom');
  await nadia.until('the levels of the system', {}, () => form.text.includes('severity:warroom'));
  await form.fill({ 'severity:warroom': 'SEV1', visibility: ['private'] }).submit();
  await story.settle();
  const { channels } = story.sandbox.workspace;
  const room = channels.values().find(({ name }) => name === 'inc-1');
  expect(room).toMatchObject({ kind: 'private' });
  expect(room?.members).toEqual(expect.arrayContaining([NADIA, MEI]));
  expect(room?.members).not.toContain(TOMAS);
  const inHub = [...story.sandbox.workspace.channels.values()].find(({ name }) => name === 'incidents-war-room');
  expect(JSON.stringify(await tomas.reads(inHub?.id ?? ''))).not.toContain('stolen');
  await tomas.types(HUB, '/incident list');
  await tomas.seesMessage(HUB, 'No incident is open.');
  await tomas.types(HUB, '/incident status 1');
  await tomas.seesMessage(HUB, 'There is no incident 1; /incident list shows the open ones.');
  for (const verb of ['timeline 1', 'ack 1', 'resolve 1', 'update 1 I know of it']) {
    await tomas.types(HUB, `/incident ${verb}`);
    await tomas.seesMessage(HUB, 'There is no incident 1; /incident list shows the open ones.');
  }
  await tomas.opensHome('No incident is open.');
  await mei.types(HUB, '/incident list');
  await mei.seesMessage(HUB, 'A key was stolen');
  await mei.types(HUB, '/incident ack 1');
  await mei.seesMessage(HUB, 'You acknowledged incident 1.');
});
