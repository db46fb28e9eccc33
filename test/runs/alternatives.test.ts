import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { requestPlan } from '../../src/runs/request.ts';
import { ALICE, type Desk, freshKey, openDesk } from '../support/desk.ts';
import { runsOf } from './support.ts';

const step = (level: string, id: string) =>
  `${level} Do ${id}\n\n\`\`\`http {#${id} target=api}\nPOST /${id}\n\`\`\`\n\n`;

const RUNBOOK = `---
id: RB-90
title: The queue is slow
---

## Mitigate

${step('###', 'always')}
### Option A: Make it longer

${step('####', 'longer')}${step('####', 'wider')}
### Option B: Empty it

${step('####', 'empty')}`;

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
  await writeFile(join(desk.packsDir, 'shop', 'rb-90.md'), RUNBOOK);
  await desk.reload();
});
afterEach(() => desk.db.log.expectNoErrors());
afterAll(() => desk.close());

describe('alternatives', () => {
  const ask = async (...steps: string[]) => {
    const run = await runs.open('RB-90');
    const request = { run: run.id, actor: ALICE, reason: 'It is slow.', params: {}, requestKey: freshKey() };
    return { run, answer: requestPlan(desk.context, { ...request, steps }) };
  };

  test('never stand in one plan, one after the other', async () => {
    const both = await ask('longer', 'empty');
    await expect(both.answer).rejects.toThrow(
      'Option A: Make it longer and Option B: Empty it are alternatives: choose one of them.',
    );
    expect(await runs.steps(both.run)).toEqual([]);
  });

  test('of one choice may stand in a plan together, also with what belongs to none', async () => {
    const one = await ask('always', 'longer', 'wider');
    expect(await one.answer).toMatchObject({ approval: expect.any(Number) });
  });
});
