import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { readSettingsFile } from '../../src/config/settings-file.ts';
import { findApproval, listCovered } from '../../src/db/approvals.ts';
import { holdLiveness, type Liveness } from '../../src/db/liveness.ts';
import { query } from '../../src/db/transaction.ts';
import type { Approval, DecisionKind } from '../../src/domain/approval.ts';
import { isMember, type Person } from '../../src/domain/person.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Language } from '../../src/domain/runbook.ts';
import type { Executor, Statement, StatementResult } from '../../src/executors/executor.ts';
import { takeCommand } from '../../src/incidents/change.ts';
import { UserError } from '../../src/lib/errors.ts';
import { expireApproval } from '../../src/runs/approval-timers.ts';
import { decide } from '../../src/runs/approve.ts';
import { runChangingStep } from '../../src/runs/change-step.ts';
import type { RunsContext } from '../../src/runs/context.ts';
import { runReadSteps } from '../../src/runs/read-steps.ts';
import { recoverRuns } from '../../src/runs/recover.ts';
import { requestPlan } from '../../src/runs/request.ts';
import { ALICE, BOB, CAROL, type Desk, freshKey, GUEST, openDesk } from '../support/desk.ts';
import { NEVER, runsOf } from './support.ts';

/** How many histories are played: some in every run of the tests, ten thousand before a release (`HISTORIES=10000`). */
const HISTORIES = Number(process.env.HISTORIES ?? 25);
const SEED = Number(process.env.HISTORIES_SEED ?? 20261121);

/** What reached a target, and whether the stricter policy was in force for whoever sent it. */
type Execution = { readonly display: string; readonly strict: boolean };
type Op =
  | { readonly op: 'decide'; readonly who: number; readonly decision: DecisionKind; readonly typed: string | null }
  | { readonly op: 'work' | 'crash'; readonly replica: 0 | 1 }
  | { readonly op: 'edit'; readonly calls: number }
  | { readonly op: 'policy'; readonly strict: boolean }
  | { readonly op: 'advance'; readonly minutes: number }
  | { readonly op: 'expire' | 'recover' | 'again' };

const PEOPLE: readonly Person[] = [BOB, CAROL, ALICE, BOB, CAROL, GUEST];
const PLANS = [['drain'], ['note'], ['wipe'], ['drain', 'note'], ['drain', 'wipe']] as const;

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('decide' as const),
      who: fc.integer({ min: 0, max: 5 }),
      decision: fc.constantFrom<DecisionKind[]>(
        'approve',
        'approve',
        'approve',
        'approve',
        'deny',
        'alone',
        'break_glass',
      ),
      typed: fc.constantFrom(null, null, 'api', 'worker'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constantFrom('work' as const, 'work' as const, 'crash' as const),
      replica: fc.constantFrom(0 as const, 1 as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('edit' as const), calls: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('policy' as const), strict: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('advance' as const), minutes: fc.constantFrom(1, 6, 16) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('expire' as const, 'recover' as const, 'again' as const) }) },
);
/** What happens: groups of things that happen at the same time, one after the other. */
const history = fc.record({
  plan: fc.constantFrom(...PLANS),
  incident: fc.boolean(),
  groups: fc.array(fc.array(op, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 8 }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
let settings: Settings;
let strict: Settings;
let crashes = 0;
const alive: Liveness[] = [];

beforeAll(async () => {
  desk = await openDesk();
  runs = runsOf(desk);
  settings = desk.context.settings;
  const file = readSettingsFile('approvals: { change: { approvers: 2 }, destructive: { approvers: 2, expires: 10m } }');
  if ('problems' in file) throw new TypeError('These settings are not valid.');
  strict = file.settings;
  for (const ownerId of ['replica:0', 'replica:1'])
    alive.push(await holdLiveness({ pool: desk.db.pool, ownerId, log: desk.db.log }));
});
afterAll(async () => {
  for (const one of alive) await one.release();
  await desk.close();
});

const OK: StatementResult = { status: 'ok', value: {}, output: 'done', omittedBytes: 0, error: null, durationMs: 1 };

/** Counts what is executed, by the command that is sent; a process that crashes never hears back. */
function counting(language: Language, world: World, ghost: Ghost | null): Executor {
  const inForce = world.settings === strict;
  return {
    language,
    checkTarget: () => [],
    placeholders: () => Promise.resolve([]),
    prepare: ({ text, values }) => {
      const display = `${text.trim()} ${JSON.stringify(values)}`;
      const statement: Statement = {
        ...{ language, display, canonical: { text, values: JSON.parse(JSON.stringify(values)) }, effect: 'change' },
        run: async () => {
          world.sent.push({ display, strict: inForce });
          // The other replica may look in the middle.
          await delay(0);
          if (ghost === null) return OK;
          ghost.hangs = true;
          return new Promise<never>(() => undefined);
        },
      };
      return Promise.resolve(statement);
    },
  };
}

type World = { settings: Settings; shift: number; readonly sent: Execution[] };

/** A process that dies in the middle of a step. */
type Ghost = { hangs: boolean };

function contextOf(world: World, owner: string, ghost: Ghost | null = null): RunsContext {
  const executors = new Map((['http', 'sh'] as const).map((language) => [language, counting(language, world, ghost)]));
  return desk.with({ owner, executors, settings: world.settings });
}

async function refusable(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

type Played = { readonly run: Run; readonly world: World; readonly approvals: number[] };

async function play(one: History): Promise<Played> {
  const world: World = { settings, shift: 0, sent: [] };
  const incident = one.incident ? (await desk.declare()).number : null;
  if (incident !== null) await takeCommand(desk.context, { incident, actor: CAROL });
  const run = await runs.open('RB-1', incident);
  await desk.db.pool.query(`update runs set params = params || '{"note": "a", "max_calls": 1}' where id = $1`, [
    run.id,
  ]);
  const approvals: number[] = [];
  const ask = () =>
    refusable(
      requestPlan(contextOf(world, 'replica:0'), {
        ...{ run: run.id, steps: one.plan, actor: ALICE, reason: 'It is stuck.', params: {}, requestKey: freshKey() },
      }).then((asked) => asked && approvals.push(asked.approval)),
    );
  await ask();
  const act = async (each: Op): Promise<unknown> => {
    const approval = approvals.at(-1) ?? 0;
    switch (each.op) {
      case 'decide': {
        const person = PEOPLE[each.who] ?? ALICE;
        const { decision, typed } = each;
        return refusable(
          decide(contextOf(world, 'replica:0'), { approval, person, decision, reason: 'because', typed }),
        );
      }
      case 'work':
        return work(contextOf(world, `replica:${each.replica}`), run);
      case 'crash': {
        // Nobody waits for a dead process.
        crashes += 1;
        const ghost = { hangs: false };
        let over = false;
        void work(contextOf(world, `ghost:${crashes}`, ghost), run)
          .catch(() => undefined)
          .finally(() => {
            over = true;
          });
        while (!ghost.hangs && !over) await delay(1);
        return undefined;
      }
      case 'edit':
        return desk.db.pool.query(`update runs set params = params || $2 where id = $1`, [
          run.id,
          { max_calls: each.calls },
        ]);
      case 'policy':
        world.settings = each.strict ? strict : settings;
        return undefined;
      case 'advance':
        world.shift += each.minutes;
        return moveTo(world.shift);
      case 'expire':
        return approval === 0 ? undefined : expireApproval(desk.context, approval);
      case 'recover':
        return recoverRuns(desk.context);
      case 'again':
        return ask();
    }
  };
  for (const group of one.groups) await Promise.all(group.map(act));
  // Whoever is alive brings everything to its end; a process that is about to die may begin a step a moment later.
  for (let round = 0; round < 3 || (await isRunning(run)); round += 1) {
    if (round > 100) throw new TypeError('A step stays running.');
    await recoverRuns(desk.context);
    await work(contextOf(world, 'replica:1'), run);
    if (round > 2) await delay(5);
  }
  return { run, world, approvals };
}

const isRunning = async (run: Run) => (await runs.steps(run)).some(({ state }) => state === 'running');

const moveTo = (minutes: number) =>
  desk.db.pool.query(`update clock.shift set shift = make_interval(mins => $1)`, [minutes]);

/** Every job that could be due, in any number: jobs come at least once. */
async function work(context: RunsContext, run: Run): Promise<void> {
  for (const { id, effect } of await runs.steps(run)) if (effect !== 'read') await runChangingStep(context, id, NEVER);
  await runReadSteps(context, run.id, NEVER);
}

/** Whether this approval, as its decisions stand, would satisfy its own policy: told by the rules of the text, not by `judge`. */
function isValid(approval: Approval): boolean {
  const { policy, decisions, requestedBy, createdAt, expiresAt } = approval;
  if (decisions.some(({ decision, at }) => decision === 'deny' || at >= expiresAt)) return false;
  if (decisions.some(({ person }) => !PEOPLE.some((one) => one.id === person && isMember(one)))) return false;
  const alone = decisions.find(({ decision }) => decision === 'alone');
  if (alone)
    return (
      alone.person === requestedBy &&
      policy.aloneAfterMs !== null &&
      alone.at.getTime() - createdAt.getTime() >= policy.aloneAfterMs
    );
  if (decisions.some(({ decision }) => decision === 'break_glass')) return policy.breakGlass;
  const given = new Set(decisions.map(({ person }) => person).filter((person) => person !== requestedBy));
  const typed = !policy.typeTarget || decisions.some(({ typedTarget }) => typedTarget);
  return given.size >= policy.approvers && typed;
}

async function expectSound({ run, world, approvals }: Played): Promise<void> {
  const all = await runs.steps(run);
  const ran = all.filter((one) => one.startedAt !== null && one.effect !== 'read');
  // What was sent is what the cards showed: each started step once, and nothing else.
  const acting = world.sent.filter(({ display }) => !display.startsWith('GET '));
  expect(acting.map(({ display }) => display).sort()).toEqual(ran.map(({ display }) => display).sort());
  const covering = new Map<number, Approval>();
  for (const id of approvals) {
    const approval = await desk.tx((tx) => findApproval(tx, id));
    if (!approval) throw new TypeError('An approval has gone.');
    for (const covered of await desk.tx((tx) => listCovered(tx, approval))) covering.set(covered, approval);
  }
  for (const stepRun of ran) {
    const approval = covering.get(stepRun.id);
    expect(approval?.state, `step run ${stepRun.id}`).toBe('used');
    expect(approval && isValid(approval)).toBe(true);
    const sent = acting.filter(({ display }) => display === stepRun.display);
    if (approval) expect(sent.map((one) => one.strict)).toContain(isStrict(approval));
  }
  expect(all.filter(({ state }) => state === 'running')).toEqual([]);
  // Only what nobody knows the outcome of keeps its target; for the next history somebody has looked.
  expect(await query(desk.db.pool, 'select * from target_locks where held_until is null')).toEqual([]);
  await desk.db.pool.query('delete from target_locks');
  await desk.db.pool.query('delete from target_waits');
}

/** Which of the two policies an approval was asked for under. */
function isStrict({ policy }: Approval): boolean {
  return policy.expiresAfterMs === 10 * 60_000 || (policy.approvers === 2 && !policy.typeTarget);
}

test(`${HISTORIES} random histories of clicks, edits, crashes and two replicas: nothing runs without a valid approval, and nothing twice`, {
  timeout: 60_000 + HISTORIES * 2_000,
}, async () => {
  let [ran, plans] = [0, 0];
  // Nobody is accused of being dead in the first seconds of a server's life.
  await expect
    .poll(() =>
      query<{ up: number }>(
        desk.db.pool,
        'select extract(epoch from pg_catalog.now() - pg_postmaster_start_time())::int as up',
      ),
    )
    .toSatisfy((rows: { up: number }[]) => (rows[0]?.up ?? 0) > 6);
  await fc.assert(
    fc.asyncProperty(history, async (one) => {
      await moveTo(0);
      const played = await play(one);
      await expectSound(played);
      ran += played.world.sent.length;
      plans += one.plan.length > 1 ? 1 : 0;
      await moveTo(0);
      await desk.db.pool.query(`delete from graphile_worker._private_jobs`);
    }),
    { seed: SEED, numRuns: HISTORIES, endOnFailure: process.env.HISTORIES !== undefined },
  );
  console.log(`${HISTORIES} histories, ${plans} of them plans, ${crashes} crashes, ${ran} executions`);
  expect(ran).toBeGreaterThan(HISTORIES / 10);
});
