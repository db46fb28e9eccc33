import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { history } from './histories/model.ts';
import { violations } from './histories/oracle.ts';
import { openStage, type Stage } from './histories/play.ts';

/** How many histories are played: some in every run of the tests, ten thousand before a release (`HISTORIES=10000`). */
const HISTORIES = Number(process.env.HISTORIES ?? 60);
const SEED = Number(process.env.HISTORIES_SEED ?? 20261121);
/** Histories wait for the database most of their time: as many are played side by side, each with a database of its own. */
const STAGES = Math.min(4, HISTORIES);

let stages: Stage[] = [];
beforeAll(async () => {
  stages = await Promise.all(Array.from({ length: STAGES }, () => openStage()));
});
afterAll(async () => {
  for (const stage of stages) await stage.close();
});

test(`${HISTORIES} random histories of clicks, edits, crashes and two replicas: nothing runs without a valid approval, and nothing twice`, {
  timeout: 60_000 + HISTORIES * 2_000,
}, async () => {
  const counted = {
    histories: 0,
    plans: 0,
    executions: 0,
    lost: 0,
    requests: 0,
    'without valid approval': 0,
    twice: 0,
    together: 0,
  };
  const begun = performance.now();
  await Promise.all(
    stages.map((stage, at) =>
      fc.assert(
        fc.asyncProperty(history, async (one) => {
          const { story, faults } = await stage.play(one);
          counted.histories += 1;
          if (counted.histories % 500 === 0) process.stdout.write(`${JSON.stringify(counted)}\n`);
          counted.plans += story.asks.filter(({ steps }) => steps.length > 1).length;
          counted.requests += story.asks.length;
          counted.executions += story.sent.length;
          counted.lost += story.sent.filter(({ lost }) => lost).length;
          const found = violations(story);
          for (const { kind } of found) counted[kind] += 1;
          expect(found, JSON.stringify(story)).toEqual([]);
          expect(faults).toEqual([]);
        }),
        {
          seed: SEED + at,
          numRuns: Math.ceil((HISTORIES - at) / STAGES),
          endOnFailure: process.env.HISTORIES !== undefined,
        },
      ),
    ),
  );
  const { histories, plans, requests, executions, lost, twice, together } = counted;
  const crashes = stages.reduce((sum, stage) => sum + stage.crashes(), 0);
  console.log(
    `${histories} histories, ${requests} requests (${plans} of them plans), ${crashes} crashes, ${executions} executions, ${lost} of them lost by a crash; ` +
      `${counted['without valid approval']} without valid approval, ${twice} twice, ${together} together on one target; ${((performance.now() - begun) / histories).toFixed(0)} ms each`,
  );
  expect(executions).toBeGreaterThan(HISTORIES / 10);
});
