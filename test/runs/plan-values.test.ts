import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readPlannable, requestPlan } from '../../src/runs/request.ts';
import { ALICE, type Desk, freshKey, openDesk } from '../support/desk.ts';
import { runsOf } from './support.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;

/** `look` finds the ticket anew whenever it runs; `close` finds out who is on call. */
const RUNBOOK = `---
id: RB-40
title: Tickets move while they are worked on
params:
  ticket: { type: string, pattern: "T-[0-9]+" }
  shift: { type: string, pattern: "[a-z]+" }
---

## Symptoms

- Tickets pile up

## Diagnose

### Look

\`\`\`http {#look target=api expect="status == 200" capture="ticket=body.ticket"}
GET /stats
\`\`\`

## Mitigate

### Close it

\`\`\`http {#close target=api when="steps.look.status == 200" verify=look capture="shift=body.shift"}
POST /close/\${ticket}
\`\`\`

### Clean up

\`\`\`sh {#clean target=worker when="steps.look.status == 200"}
echo "cleaned" >> effects.log
\`\`\`

### Close the next

\`\`\`http {#next target=api when="steps.look.status == 200"}
POST /next/\${ticket}
\`\`\`

### Tell the shift

\`\`\`http {#tell target=api}
POST /tell/\${shift}
\`\`\`
`;

beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
  await writeFile(join(desk.packsDir, 'shop', 'rb-40.md'), RUNBOOK);
  await desk.reload();
});
afterAll(() => desk.close());
beforeEach(() => {
  desk.target.answer('/stats', { body: { ticket: 'T-1' } }, { body: { ticket: 'T-2' } });
  desk.target.answer('/close/T-1', { body: { shift: 'night' } });
});

const ask = async (run: number, ...steps: string[]) =>
  (await requestPlan(desk.context, {
    ...{ run, steps, actor: ALICE, reason: 'They pile up.', params: {}, requestKey: freshKey() },
  })) ?? { approval: 0 };

async function opened() {
  const run = await runs.open('RB-40');
  await runs.diagnose(run);
  return run;
}

test('a plan goes on to its end although the verify step of a step that is done finds another value', async () => {
  const run = await opened();
  const { approval } = await ask(run.id, 'close', 'clean');
  await runs.approve(approval);
  await desk.work();
  expect(await runs.end(run, 'close')).toMatchObject({ state: 'ok' });
  expect((await runs.reread(run)).params).toMatchObject({ ticket: 'T-2' });
  expect(await runs.end(run, 'clean')).toEqual({ state: 'ok', error: null });
});

test('a plan whose later step uses what the verify step of an earlier one finds anew is refused up front, with the largest that can be approved', async () => {
  const run = await opened();
  await expect(ask(run.id, 'close', 'clean', 'next')).rejects.toThrow(
    '“Close the next” uses ticket, which “Look” finds anew while the plan runs, so its command cannot be approved yet: the largest plan that can be approved now is “Close it”, “Clean up”; ask for “Close the next” when that is done.',
  );
  expect(await runs.steps(run)).toHaveLength(1);
});

test('so is one whose later step uses what an earlier one captures', async () => {
  const run = await opened();
  await expect(ask(run.id, 'close', 'tell')).rejects.toThrow(
    '“Tell the shift” uses shift, which “Close it” finds anew while the plan runs, so its command cannot be approved yet: ask for “Close it” by itself now, and for “Tell the shift” when that is done.',
  );
});

test('a plan of which the last step finds values is a plan like any other', async () => {
  const run = await opened();
  const { approval } = await ask(run.id, 'clean', 'close');
  await runs.approve(approval);
  await desk.work();
  expect(await runs.end(run, 'close')).toMatchObject({ state: 'ok' });
});

test('the form chooses at first no more of the suggested steps than can be approved together', async () => {
  const run = await opened();
  const offered = await readPlannable(desk.context, run.id);
  expect(offered.map(({ id, suggested }) => [id, suggested])).toEqual([
    ['close', true],
    ['clean', true],
    ['next', false],
    ['tell', false],
  ]);
});

test('a value of a step that is still to come that changes from outside voids the rest of the plan', async () => {
  const run = await opened();
  const { approval } = await ask(run.id, 'clean', 'next');
  await desk.tx((tx) => tx.query(`update runs set params = params || '{"ticket":"T-9"}' where id = $1`, [run.id]));
  await runs.approve(approval);
  await desk.work();
  expect(await runs.end(run, 'clean')).toMatchObject({ state: 'refused', error: expect.stringContaining('changed') });
  expect(desk.target.count('POST /next/T-9')).toBe(0);
});
