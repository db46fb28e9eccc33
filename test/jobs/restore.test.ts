import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { chainPending } from '../../src/db/audit-chain.ts';
import { listPages } from '../../src/db/escalations.ts';
import { restoreJobs } from '../../src/jobs/restore.ts';
import { startDiagnostics } from '../../src/runs/diagnose.ts';
import { runsOf } from '../runs/support.ts';
import { ALICE, type Desk, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
});
afterEach(() => desk.db.log.expectNoErrors());
afterAll(() => desk.close());

/** What is left when jobs were given up after their last attempt. */
const loseJobs = () => desk.db.owner.query('truncate graphile_worker._private_jobs');

test('at start everything that is under way goes on, also when its job was given up', async () => {
  const incident = await desk.declare();
  const [approved, pending, reading] = [await runs.open(), await runs.open(), await runs.open()];
  await runs.approve(await runs.request(approved, 'drain'));
  const approval = await runs.request(pending, 'wipe');
  await startDiagnostics(desk.context, { run: reading.id, actor: ALICE });
  await loseJobs();
  await desk.work();
  expect(await desk.tx((tx) => listPages(tx, incident.number))).toEqual([]);
  await restoreJobs(desk.context);
  await desk.work();
  expect(await desk.tx((tx) => listPages(tx, incident.number))).toHaveLength(1);
  expect((await runs.end(approved, 'drain')).state).toBe('ok');
  expect((await runs.steps(reading)).map((step) => step.state)).not.toContain('queued');
  expect(await desk.jobs()).toContain(`incident.milestone:${incident.number}:acknowledge`);
  expect((await runs.approval(approval)).state).toBe('pending');
  await advance(desk.db.pool, '15 minutes');
  await desk.work();
  expect((await runs.approval(approval)).state).toBe('expired');
});

test('it changes nothing where every job is there', async () => {
  const incident = await desk.declare();
  await desk.work();
  const before = await desk.jobs();
  await restoreJobs(desk.context);
  await restoreJobs(desk.context);
  await desk.work();
  expect((await desk.jobs()).sort()).toEqual(before.sort());
  expect(await desk.tx((tx) => listPages(tx, incident.number))).toHaveLength(1);
});

test('the head of the audit log is said within a day also when Warroom is restarted every few hours', async () => {
  const anchors = () => desk.db.pool.query('select position from audit_anchors');
  await chainPending(desk.db.pool);
  for (let restarts = 0; restarts < 3; restarts += 1) {
    await advance(desk.db.pool, '11 hours');
    await restoreJobs(desk.context);
    await desk.work();
  }
  expect((await anchors()).rows).toHaveLength(1);
});
