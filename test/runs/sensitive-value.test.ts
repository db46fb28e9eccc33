import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Executor } from '../../src/executors/executor.ts';
import { resolveIncident } from '../../src/incidents/change.ts';
import { startDiagnostics } from '../../src/runs/diagnose.ts';
import { forgetOld } from '../../src/runs/forget-old.ts';
import { readRunCard } from '../../src/runs/run-card.ts';
import { ALICE, type Desk, freshKey, openDesk } from '../support/desk.ts';
import { testLog } from '../support/log.ts';
import { advance } from '../support/moved-time.ts';
import { tablesWith } from '../support/tables-with.ts';
import { runsOf } from './support.ts';

const PLANTED = 'card of Ada Lovelace 4111';

const RUNBOOK = `---
id: RB-41
title: Customers are looked at
params:
  door: { type: string, pattern: "[a-z]+" }
---

## Symptoms

- Customers complain

## Diagnose

### Look

\`\`\`http {#look target=api sensitive expect="body.kind == 'customer'" capture="door=body.door"}
GET /customer
\`\`\`

## Mitigate

### Let them in

\`\`\`http {#open target=api sensitive when="steps.look.body.state == 'locked'"}
POST /open/\${door}
\`\`\`

### Let them in slowly

\`\`\`http {#slow target=api when="steps.look.body.state == 'locked' && steps.open.status == 200"}
POST /slow
\`\`\`
`;

let desk: Desk;
let runs: ReturnType<typeof runsOf>;

beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
  await writeFile(join(desk.packsDir, 'shop', 'rb-41.md'), RUNBOOK);
  await desk.reload();
  desk.target.answer('/customer', { body: { kind: 'customer', state: 'locked', door: 'north', note: PLANTED } });
  desk.target.answer('/open/north', { body: { note: PLANTED } });
});
afterAll(() => desk.close());

const offered = async (run: number) => {
  const card = await desk.tx((tx) => readRunCard(desk.context, tx, run));
  return Object.fromEntries((card?.steps ?? []).map(({ step, offered: holds }) => [step.id, holds]));
};

const keptValues = async () =>
  (await desk.db.pool.query<{ value: unknown }>('select value from sensitive_outputs order by step_run')).rows.map(
    ({ value }) => value,
  );

test('what a sensitive step found stands nowhere but behind its page, and later steps still see what they look at', async () => {
  const incident = await desk.declare();
  const run = await runs.open('RB-41', incident.number);
  await runs.diagnose(run);
  expect(await runs.end(run, 'look')).toEqual({ state: 'ok', error: null });
  await runs.approve(await runs.request(run, 'open'));
  await desk.work();
  expect(await runs.end(run, 'open')).toEqual({ state: 'ok', error: null });
  expect(await tablesWith(desk.db.pool, PLANTED)).toEqual(['sensitive_outputs']);
  expect(await keptValues()).toEqual([{ body: { state: 'locked' } }, { status: 200 }]);
  expect(await offered(run.id)).toMatchObject({ open: true, slow: true });
});

test('what they look at is gone as soon as the incident is closed', async () => {
  const incident = await desk.declare();
  const run = await runs.open('RB-41', incident.number);
  await runs.diagnose(run);
  expect(await offered(run.id)).toMatchObject({ open: true });
  const closing = { incident: incident.number, actor: ALICE, summary: 'They are in.', requestKey: freshKey() };
  await resolveIncident(desk.context, closing);
  expect((await keptValues()).at(-1)).toBeNull();
  expect(await offered(run.id)).toMatchObject({ open: null });
});

test('and when the run is too old to begin anything in it; what it captured goes with the output after a day', async () => {
  const run = await runs.open('RB-41');
  await runs.diagnose(run);
  await advance(desk.db.pool, '61 minutes');
  expect(await offered(run.id)).toMatchObject({ open: null });
  await forgetOld(desk.context);
  expect((await keptValues()).every((value) => value === null)).toBe(true);
  expect((await runs.reread(run)).params).toMatchObject({ door: 'north' });
  await advance(desk.db.pool, '1 day');
  await forgetOld(desk.context);
  expect((await runs.reread(run)).params).not.toHaveProperty('door');
  expect(await tablesWith(desk.db.pool, PLANTED)).toEqual([]);
});

test.each([['look'], ['open']])(
  'an executor that breaks in the middle of %s tells nobody what the target had said',
  async (step) => {
    const log = testLog();
    const http = desk.context.executors.get('http');
    if (!http) throw new TypeError('There is no http executor.');
    const broken: Executor = {
      language: http.language,
      checkTarget: (target) => http.checkTarget(target),
      placeholders: (text) => http.placeholders(text),
      prepare: async (source) => ({
        ...(await http.prepare(source)),
        run: () => Promise.reject(new Error(`unexpected answer: ${PLANTED}`)),
      }),
    };
    const context = desk.with({ log, executors: new Map([...desk.context.executors, ['http', broken]]) });
    const incident = await desk.declare();
    const run = await runs.open('RB-41', incident.number);
    if (step === 'look') await startDiagnostics(context, { run: run.id, actor: ALICE });
    else await runs.approve(await runs.request(run, 'open', { params: { door: 'north' } }));
    await desk.work(context);
    expect(await runs.end(run, step)).toEqual({
      state: step === 'look' ? 'failed' : 'unknown',
      error: 'Its output is sensitive and says why.',
    });
    expect(log.messages('error')).toHaveLength(1);
    expect(JSON.stringify(log.lines.map((line) => [line, String(line.context.err)]))).not.toContain(PLANTED);
    expect(await tablesWith(desk.db.pool, PLANTED)).toEqual(['sensitive_outputs']);
  },
);
