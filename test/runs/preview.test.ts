import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Language } from '../../src/domain/runbook.ts';
import type { Executor, Statement } from '../../src/executors/executor.ts';
import { readApprovalCard } from '../../src/runs/approval-card.ts';
import type { RunsContext } from '../../src/runs/context.ts';
import { requestPlan } from '../../src/runs/request.ts';
import { approvalMessage } from '../../src/slack/views/approval-card.ts';
import { ALICE, type Desk, freshKey, openDesk } from '../support/desk.ts';
import { runsOf } from './support.ts';

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

async function cardAfter(context: RunsContext): Promise<string> {
  const run = await runsOf(desk).open();
  const asked = await requestPlan(context, {
    ...{ run: run.id, steps: ['drain'], actor: ALICE, reason: 'It is stuck.', params: {}, requestKey: freshKey() },
  });
  await desk.work(context);
  const card = await desk.tx((tx) => readApprovalCard(context, tx, asked?.approval ?? 0));
  return card ? JSON.stringify(approvalMessage(card).blocks) : '';
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
