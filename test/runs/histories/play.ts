import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from '../../../src/config/settings.ts';
import { readSettingsFile } from '../../../src/config/settings-file.ts';
import { holdLiveness } from '../../../src/db/liveness.ts';
import { query } from '../../../src/db/transaction.ts';
import type { Run, StepRun } from '../../../src/domain/run.ts';
import { takeCommand } from '../../../src/incidents/change.ts';
import type { Packs } from '../../../src/packs/load.ts';
import { expireApproval } from '../../../src/runs/approval-timers.ts';
import { recoverRuns } from '../../../src/runs/recover.ts';
import { CAROL, type Desk, openDesk } from '../../support/desk.ts';
import { runsOf } from '../support.ts';
import { ask, cancel, click, crash, edit, work } from './gestures.ts';
import { DAVE, type Disk, type History, type Op, type Rules, type Story } from './model.ts';
import { contextOf, type Play, type Tools } from './watching.ts';

const STRICT = 'approvals: { change: { approvers: 2 }, destructive: { approvers: 2, expires: 10m } }';
/** Runs on one incident, until the next is opened. */
const RUNS_EACH = 25;

/** A workplace in which histories are played one after the other; several of them at the same time. */
export type Stage = {
  play(one: History): Promise<Played>;
  readonly crashes: () => number;
  close(): Promise<void>;
};
export type Played = { readonly story: Story; readonly faults: readonly string[] };

/** Opens a stage with a database of its own. */
export async function openStage(): Promise<Stage> {
  const desk = await openDesk();
  const tools: Tools = { desk, settings: readRules(), packs: await readDisk(desk) };
  const alive = await Promise.all(
    ['replica:0', 'replica:1'].map((ownerId) => holdLiveness({ pool: desk.db.pool, ownerId, log: desk.db.log })),
  );
  let [incident, played, ghosts] = [0, 0, 0];
  await untilNobodyIsAccused(desk);
  return {
    play: async (one) => {
      await moveTo(desk, 0);
      if (played % RUNS_EACH === 0) {
        incident = (await desk.declare()).number;
        await takeCommand(desk.context, { incident, actor: CAROL });
      }
      played += 1;
      const result = await play(tools, one, { incident: one.incident ? incident : null, ghosts });
      ghosts += result.ghosts;
      return result;
    },
    crashes: () => ghosts,
    close: async () => {
      for (const one of alive) await one.release();
      await desk.close();
    },
  };
}

function readRules(): Record<Rules, Settings> {
  const read = (text: string) => {
    const file = readSettingsFile(text);
    if ('problems' in file) throw new TypeError(`These settings are not valid: ${JSON.stringify(file.problems)}`);
    return file.settings;
  };
  const plain = read('');
  return { plain, strict: read(STRICT), named: { ...plain, roles: { '*': { approver: [CAROL.id, DAVE.id] } } } };
}

/** The packs as they are read from disk in each of its states; which one counts is what a history changes. */
async function readDisk(desk: Desk): Promise<Record<Disk, Packs>> {
  const edited = async (name: string, from: string, to: string) => {
    const file = join(desk.packsDir, 'shop', name);
    const text = await readFile(file, 'utf8');
    if (!text.includes(from)) throw new TypeError(`${name} does not say “${from}”.`);
    await writeFile(file, text.replaceAll(from, to));
    const packs = await desk.reload();
    await writeFile(file, text);
    await desk.reload();
    return packs;
  };
  return {
    as_it_was: desk.context.packs(),
    other_text: await edited('rb-1.md', 'echo "', 'echo "sabotaged '),
    other_place: await edited('system.yml', 'default: . }', 'default: . }, shell: /bin/bash'),
  };
}

/** Nobody is accused of being dead in the first seconds of a server's life. */
async function untilNobodyIsAccused(desk: Desk): Promise<void> {
  const sql = 'select extract(epoch from pg_catalog.now() - pg_postmaster_start_time())::int as up';
  while (((await query<{ up: number }>(desk.db.pool, sql))[0]?.up ?? 0) <= 6) await delay(100);
}

const moveTo = (desk: Desk, minutes: number) =>
  desk.db.pool.query('update clock.shift set shift = make_interval(mins => $1)', [minutes]);

async function play(
  tools: Tools,
  one: History,
  given: { incident: number | null; ghosts: number },
): Promise<Played & { ghosts: number }> {
  const { desk } = tools;
  const story: Story = { asks: [], clicks: [], cancels: [], sent: [], commanded: given.incident !== null };
  const now: Play = {
    ...{ story, rules: 'plain', disk: 'as_it_was', values: [1], minutes: { from: 0, to: 0 }, events: 0, ghosts: 0 },
    ...{ started: performance.now(), onTarget: new Map() },
  };
  const runs = runsOf(desk);
  const run = await runs.open('RB-1', given.incident);
  await edit(desk, run, 1);
  for (const plan of one.plans) await ask(tools, now, run, plan);
  for (const group of one.groups) {
    foresee(now, group);
    await Promise.all(group.map((each) => act(tools, now, run, each, given.ghosts)));
    settle(now, group);
  }
  const steps = await bringToAnEnd(tools, now, run);
  const faults = await whatIsLeft(desk, now, steps);
  await desk.db.pool.query('delete from target_locks');
  await desk.db.pool.query('delete from target_waits');
  await desk.db.pool.query('delete from graphile_worker._private_jobs');
  return { story, faults, ghosts: now.ghosts };
}

/** What happens at the same moment may come in any order: what could be in force is told before. */
function foresee(now: Play, group: readonly Op[]): void {
  for (const each of group) {
    if (each.op === 'edit') now.values = [...now.values, each.values];
    if (each.op === 'advance') now.minutes = { ...now.minutes, to: now.minutes.to + each.minutes };
  }
}

function settle(now: Play, group: readonly Op[]): void {
  const edits = group.flatMap((each) => (each.op === 'edit' ? [each.values] : []));
  if (edits.length > 0) now.values = edits;
  now.minutes = { from: now.minutes.to, to: now.minutes.to };
}

async function act(tools: Tools, now: Play, run: Run, each: Op, before: number): Promise<void> {
  const { desk } = tools;
  switch (each.op) {
    case 'decide':
      return click(tools, now, each);
    case 'work':
      return work(contextOf(tools, now, `replica:${each.replica}`), run);
    case 'crash':
      return crash(tools, now, run, before);
    case 'edit':
      return edit(desk, run, each.values);
    case 'rules':
      now.rules = each.rules;
      return;
    case 'disk':
      now.disk = each.disk;
      return;
    case 'advance':
      await desk.db.pool.query('update clock.shift set shift = shift + make_interval(mins => $1)', [each.minutes]);
      return;
    case 'ask':
      return ask(tools, now, run, each.plan);
    case 'cancel':
      return cancel(tools, now, each);
    case 'expire': {
      const asked = now.story.asks.at(-1);
      return asked && expireApproval(desk.context, asked.approval);
    }
    case 'recover':
      await recoverRuns(desk.context);
  }
}

/** Whoever is alive brings everything to its end; a process that is about to die may begin a step a moment later. */
async function bringToAnEnd(tools: Tools, now: Play, run: Run): Promise<StepRun[]> {
  const runs = runsOf(tools.desk);
  let before = '';
  for (let round = 0; round < 200; round += 1) {
    if (now.ghosts > 0) await recoverRuns(tools.desk.context);
    await work(contextOf(tools, now, 'replica:1'), run, true);
    const steps = await runs.steps(run);
    const states = steps.map(({ state }) => state).join();
    if (states === before && !states.includes('running')) return steps;
    before = states;
    if (round > 5) await delay(5);
  }
  return runs.steps(run);
}

async function whatIsLeft(desk: Desk, now: Play, steps: readonly StepRun[]): Promise<string[]> {
  const ran = steps.filter((one) => one.startedAt !== null && one.effect !== 'read');
  const shown = ran.map(({ display }) => display).sort();
  const sent = now.story.sent.map(({ display }) => display).sort();
  const free = await query(desk.db.pool, 'select * from target_locks where held_until is null');
  return [
    ...(JSON.stringify(shown) === JSON.stringify(sent)
      ? []
      : [`the cards say ${shown.join()}, sent was ${sent.join()}`]),
    ...steps.filter(({ state }) => state === 'running').map(({ id }) => `step run ${id} stays running`),
    ...free.map(() => 'a target stays locked'),
  ];
}
