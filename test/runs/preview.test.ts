import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../../src/domain/run.ts';
import type { Language } from '../../src/domain/runbook.ts';
import type { Executor, Statement } from '../../src/executors/executor.ts';
import { readApprovalCard } from '../../src/runs/approval-card.ts';
import type { RunsContext } from '../../src/runs/context.ts';
import { previewApproval } from '../../src/runs/preview.ts';
import { requestPlan } from '../../src/runs/request.ts';
import { approvalMessage } from '../../src/slack/views/approval-card.ts';
import { ALICE, type Desk, freshKey, openDesk } from '../support/desk.ts';
import { NEVER, runsOf } from './support.ts';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk.close());

/** The desk with a target that knows a dry run, or fails at it. */
function withDryRun(says: () => Promise<string>): RunsContext {
  const sh = desk.context.executors.get('sh');
  if (!sh) throw new TypeError('There is no sh executor.');
  const previewing: Executor = {
    ...sh,
    language: 'sh' as Language,
    checkTarget: (target) => sh.checkTarget(target),
    placeholders: (text) => sh.placeholders(text),
    prepare: async (source): Promise<Statement> => ({ ...(await sh.prepare(source)), preview: says }),
  };
  return desk.with({ executors: new Map([...desk.context.executors, ['sh', previewing]]) });
}

async function ask(context: RunsContext): Promise<{ run: Run; approval: number }> {
  const run = await runsOf(desk).open();
  const asked = await requestPlan(context, {
    ...{ run: run.id, steps: ['drain'], actor: ALICE, reason: 'It is stuck.', params: {}, requestKey: freshKey() },
  });
  return { run, approval: asked?.approval ?? 0 };
}

async function cardOf(context: RunsContext, approval: number): Promise<string> {
  const card = await desk.tx((tx) => readApprovalCard(context, tx, approval));
  return card ? JSON.stringify(approvalMessage(card).blocks) : '';
}

async function cardAfter(context: RunsContext): Promise<string> {
  const { approval } = await ask(context);
  await desk.work(context);
  return cardOf(context, approval);
}

/** A target that says something else whenever it is asked. */
function withCounting(): RunsContext & { asked(): number } {
  let asked = 0;
  const context = withDryRun(async () => {
    asked += 1;
    return `look ${asked}: replicas 2 → 4`;
  });
  return { ...context, asked: () => asked };
}

test('what the target says of a change in a dry run stands on the card before anybody approves', async () => {
  const before = (await desk.effects()).length;
  expect(await cardAfter(withDryRun(() => Promise.resolve('replicas: 2 → 4')))).toContain('replicas: 2 → 4');
  expect((await desk.effects()).length).toBe(before);
});

test('a dry run that fails says so, and the request waits for its approval all the same', async () => {
  const card = await cardAfter(withDryRun(() => Promise.reject(new Error('the cluster is away'))));
  expect(card).toContain('No preview: the cluster is away');
  expect(card).toContain('approval.approve');
});

test('where the target knows no dry run, nothing is said of one', async () => {
  expect(await cardAfter(desk.context)).not.toContain('dry run');
});

test('a card that is drawn again, by another process and after the decision, shows the same preview with when it was made', async () => {
  const context = withCounting();
  const { approval } = await ask(context);
  await desk.work(context);
  const first = await cardOf(context, approval);
  expect(first).toContain('look 1: replicas');
  expect(first).toMatch(/"format":"[^"]*\{ago\}[^"]*"/u);
  // The job is carried out again, as after a crash, by a process that has just started.
  const restarted = { ...context, owner: 'desk:2' };
  await previewApproval(restarted, approval, NEVER);
  expect(await cardOf(restarted, approval)).toBe(first);
  await runsOf(desk).approve(approval);
  await desk.work(context);
  expect(await cardOf(restarted, approval)).toContain('look 1: replicas');
  expect(context.asked()).toBe(1);
});

test('a dry run that is answered only after the decision is not shown: nobody decided on it', async () => {
  const { approve } = runsOf(desk);
  let approval = 0;
  const context = withDryRun(async () => {
    await approve(approval);
    return 'too late';
  });
  approval = (await ask(context)).approval;
  await previewApproval(context, approval, NEVER);
  expect(await cardOf(context, approval)).not.toContain('too late');
});

test('a preview of other values than those that were asked for is not made: it says that they changed', async () => {
  const context = withCounting();
  const { run, approval } = await ask(context);
  await desk.tx((tx) => tx.query(`update runs set params = params || '{"max_calls":7}' where id = $1`, [run.id]));
  await previewApproval(context, approval, NEVER);
  expect(context.asked()).toBe(0);
  expect(await cardOf(context, approval)).toContain('No preview: Something changed');
});

test('what a preview showed stands in the audit log under the hash that is approved', async () => {
  const context = withCounting();
  const { run, approval } = await ask(context);
  await desk.work(context);
  const { hash } = await runsOf(desk).approval(approval);
  const entry = (await desk.audit()).findLast(({ action }) => action === 'run.previewed');
  expect(entry?.data).toMatchObject({ approval, hash, sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) });
  expect(await runsOf(desk).steps(run)).toEqual([expect.objectContaining({ previewAt: expect.any(Date) })]);
});
