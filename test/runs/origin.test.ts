import { expect, test } from 'vitest';
import type { ExecutableStep } from '../../src/domain/runbook.ts';
import type { RunContext, SendingOrigin, Statement } from '../../src/executors/executor.ts';
import { jobName } from '../../src/executors/sh/job/job-manifest.ts';
import { send } from '../../src/runs/execute.ts';
import { NEVER } from './support.ts';

const requestedAt = new Date('2026-05-01T08:00:00Z');

/** What the target is told of one sending. */
async function originOf(stepRun: { id: number; requestedAt: Date }, index?: number): Promise<SendingOrigin> {
  let told: SendingOrigin | undefined;
  const statement = {
    run: async (context: RunContext) => {
      told = context.origin;
      return { status: 'ok', value: {}, output: '', omittedBytes: 0, error: null, durationMs: 0 } as const;
    },
  } as unknown as Statement;
  const step = { effect: 'change', timeoutMs: 1_000 } as unknown as ExecutableStep;
  const sending = { run: { id: 7, rehearsal: false }, step, stepRun, ...(index === undefined ? {} : { index }) };
  await send({ secrets: () => Promise.reject(new TypeError('none is asked for')) }, statement, sending, NEVER);
  return told as SendingOrigin;
}

test('whoever sends a statement of a step run gives it the same name, and nothing else has that name', async () => {
  const name = async (id: number, index: number, at = requestedAt) =>
    jobName(await originOf({ id, requestedAt: at }, index), 'tools');
  const first = await name(41, 0);
  expect(await name(41, 0)).toBe(first);
  expect(first).toMatch(/^warroom-41-[0-9a-f]{12}$/u);
  // Another step run, another person's secret, and the step run of that number in another database.
  const others = [await name(42, 0), await name(41, 1), await name(41, 0, new Date('2026-06-01T08:00:00Z'))];
  expect(new Set([first, ...others]).size).toBe(4);
});

test('reading may be repeated, so that each time has a name of its own', async () => {
  const origin = await originOf({ id: 41, requestedAt });
  expect(origin).toEqual({ run: 7, stepRun: 41, once: null });
  expect(jobName(origin, 'tools')).not.toBe(jobName(origin, 'tools'));
});
