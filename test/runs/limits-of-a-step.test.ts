import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createExecutors } from '../../src/executors/registry.ts';
import { createSecretResolver } from '../../src/executors/secrets.ts';
import { startDiagnostics } from '../../src/runs/diagnose.ts';
import { readOutputFile } from '../../src/runs/output-file.ts';
import { readRunCard } from '../../src/runs/run-card.ts';
import { runMessage } from '../../src/slack/views/run-card.ts';
import { ALICE, BOB, type Desk, GUEST, openDesk } from '../support/desk.ts';
import { testLog } from '../support/log.ts';
import { tablesWith } from '../support/tables-with.ts';
import { runsOf } from './support.ts';

const SECRET = 'swordfish-of-the-vault';

const RUNBOOK = `---
id: RB-42
title: Steps and their limits
---

## Symptoms

- It drags on

## Diagnose

### List

\`\`\`sh {#list target=worker effect=read}
seq 1 4000
\`\`\`

### Whom

\`\`\`http {#whom target=api sensitive}
GET /whom
\`\`\`

### Ask

\`\`\`http {#ask target=vaulted}
GET /echo
\`\`\`

## Mitigate

### Drag on

\`\`\`sh {#drag target=worker timeout=1s}
echo begun >> effects.log
sleep 60
echo ended >> effects.log
\`\`\`

### Tell

\`\`\`http {#tell target=vaulted}
POST /echo
\`\`\`
`;

const VAULTED = `  vaulted:
    executor: http
    options: { baseUrl: { setting: SHOP_API_URL, default: "http://127.0.0.1:9" } }
    read: { headers: { x-credential: { secret: "env:SHOP_TOKEN" } } }
    write: { headers: { x-credential: { secret: "env:SHOP_TOKEN" } } }
`;

let desk: Desk;
let runs: ReturnType<typeof runsOf>;

beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
  await writeFile(join(desk.packsDir, 'shop', 'rb-42.md'), RUNBOOK);
  await writeFile(join(desk.packsDir, 'shop', 'system.yml'), VAULTED, { flag: 'a' });
  const packs = await desk.reload();
  expect(packs.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});
afterAll(() => desk.close());

test('a changing step that takes longer than its timeout is ended, says so, and keeps its target until somebody has looked', async () => {
  const run = await runs.open('RB-42');
  await runs.approve(await runs.request(run, 'drag'));
  await desk.work();
  expect(await runs.end(run, 'drag')).toEqual({
    state: 'timeout',
    error: expect.stringMatching(
      /^No end after \d+(\.\d)? s: all its processes were ended; what it had done by then stays done\.$/u,
    ),
  });
  expect(await desk.effects()).toEqual(['begun']);
  const held = await desk.db.pool.query('select held_until from target_locks where held_until is not null');
  expect(held.rowCount).toBeGreaterThan(0);
});

describe('an output that is longer than a card', () => {
  const listed = async () => {
    const run = await runs.open('RB-42');
    await runs.diagnose(run);
    const stepRun = (await runs.steps(run)).find(({ step }) => step === 'list');
    const card = await desk.tx((tx) => readRunCard(desk.context, tx, run.id));
    return { run, stepRun: stepRun?.id ?? 0, card: card ? JSON.stringify(runMessage(card).blocks) : '' };
  };

  test('shows head and tail with a count, and is whole in a file for whoever has the role', async () => {
    const { stepRun, card } = await listed();
    expect(card).toMatch(/1\\n2\\n.*… \d+ characters left out ….*\\n3999\\n4000/su);
    expect(card).toContain('output.file');
    const file = await readOutputFile(desk.context, { stepRun, actor: BOB });
    expect(file.content.trim().split('\n')).toHaveLength(4_000);
    expect((await desk.audit()).at(-1)).toMatchObject({ action: 'run.output_filed', actor: BOB.id });
    await expect(readOutputFile(desk.context, { stepRun, actor: GUEST })).rejects.toThrow();
  });

  test('is no file when it is sensitive', async () => {
    const { run, card } = await listed();
    const stepRun = (await runs.steps(run)).find(({ step }) => step === 'whom')?.id ?? 0;
    await expect(readOutputFile(desk.context, { stepRun, actor: ALICE })).rejects.toThrow(
      'never becomes a file in Slack',
    );
    expect(card).toContain('output.show');
  });
});

test('a secret that a target’s credential names is used and stands in no table and no line of the log, also when the target says it back', async () => {
  const log = testLog();
  const secrets = createSecretResolver((name) => (name === 'SHOP_TOKEN' ? SECRET : undefined));
  const executors = createExecutors({ secrets });
  const context = desk.with({ log, secrets, executors });
  desk.target.answer('/echo', { body: { said: `you said ${SECRET}` } });
  const run = await runs.open('RB-42');
  await startDiagnostics(context, { run: run.id, actor: ALICE });
  await desk.work(context);
  await runs.approve(await runs.request(run, 'tell'), BOB, context);
  await desk.work(context);
  expect(desk.target.hits.filter(({ path }) => path === '/echo').map(({ credential }) => credential)).toEqual([
    SECRET,
    SECRET,
  ]);
  expect((await runs.steps(run)).findLast(({ step }) => step === 'tell')?.output).toContain('you said <secret>');
  expect(await tablesWith(desk.db.pool, SECRET)).toEqual([]);
  expect(JSON.stringify(log.lines)).not.toContain(SECRET);
});
