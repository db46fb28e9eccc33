import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BotProcess, eventually } from '../../support/bot-process.ts';
import type { Hit } from '../../support/shop-target.ts';
import { approve, declare, endOf, openRunbook, quiet, requestPlan, verify } from './gestures.ts';
import { type CrashWorld, openCrashWorld } from './world.ts';

/** A hundred before a release: `PLAN_CRASH_RUNS=100 npx vitest run test/acceptance/crash/plan`. */
const RUNS = Number(process.env.PLAN_CRASH_RUNS ?? 6);
const SEED = Number(process.env.CRASH_SEED ?? 404);
const RUN_MS = 60_000;
/** How long the target takes to answer: so long a request is on its way. */
const ANSWER_MS = 40;
const STEPS = ['first', 'second', 'third'] as const;

/** Where a step may end. Each is said on its card; none of them is “somewhere in the middle”. */
const STATED = ['ok', 'unknown', 'cancelled'];

const step = (id: string) => `
### The ${id}
\`\`\`http {#${id} target=api verify=${id}_done}
POST /${id}/\${ticket}
\`\`\`
`;
const look = (id: string) => `
### The ${id} is done
\`\`\`http {#${id}_done target=api expect="status == 200"}
GET /${id}/\${ticket}
\`\`\`
`;
const runbook = (ticket: string) => `---
id: RB-40
title: Three steps after each other
params:
  ticket: { type: string, default: ${ticket} }
---

## Mitigate
${STEPS.map(step).join('')}
## Verify
${STEPS.map(look).join('')}`;

/** The same instants for the same seed (a linear congruence: nothing here has to be hard to guess). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

let world: CrashWorld;
let bot: BotProcess;
let packs: string;
beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'warroom-plan-'));
  packs = join(dir, 'packs');
  await cp(fileURLToPath(new URL('../../fixtures/packs', import.meta.url)), packs, { recursive: true });
  await writeFile(join(packs, 'shop', 'rb-40.md'), runbook('T-0'));
  world = await openCrashWorld({ reserve: true, packs });
  bot = await world.start();
}, 120_000);
afterAll(async () => {
  await world.close();
  await rm(join(packs, '..'), { recursive: true, force: true });
});

/** Starts the bot again whenever it is gone, as a supervisor does, until the story is over. */
async function supervised<Value>(story: Promise<Value>): Promise<Value> {
  const over = story.then(
    () => 'over' as const,
    () => 'over' as const,
  );
  while ((await Promise.race([over, bot.ended])) !== 'over') bot = await world.start();
  return story;
}

type Told = { readonly ends: readonly string[]; readonly tookMs: number };

/** One plan of three steps from its approval to its end. `approved` is called at the click. */
async function tell(run: number, ticket: string, approved: () => void): Promise<Told> {
  await world.query(`update runs set params = jsonb_build_object('ticket', $2::text) where id = $1`, [run, ticket]);
  for (const name of STEPS) world.target.answer(`/${name}/${ticket}`, { delayMs: ANSWER_MS });
  const { approval, stepRuns } = await requestPlan(world, run, STEPS);
  const started = performance.now();
  approved();
  await approve(world, approval);
  const ends: string[] = [];
  for (const stepRun of stepRuns) ends.push(await endOf(world, stepRun, RUN_MS));
  const tookMs = performance.now() - started;
  const unknown = stepRuns[ends.indexOf('unknown')];
  // A person looks with the verify step: until then nothing else changes the target.
  if (unknown !== undefined) await verify(world, run, unknown);
  return { ends, tookMs };
}

type Phase =
  | 'before anything was sent'
  | 'while a change was sent'
  | 'while a verify step read'
  | 'between or at the end';
type Cut = { readonly phase: Phase; readonly afterMs: number };

/**
 * Cuts a process off at a random instant: of the whole life of a plan, or shortly after one of its requests arrived. The first alone would
 * seldom meet what takes milliseconds: a request on its way, and the commit of what it was answered.
 */
function cutAtRandom(victim: BotProcess, ticket: string, life: { ms: number; random: () => number }) {
  const { random } = life;
  const begun = performance.now();
  const wanted = random() < 0.5 ? null : Math.floor(random() * STEPS.length * 2);
  const within = random();
  let [arrived, last]: [number, { at: number; method: string } | null] = [0, null];
  const cut: { made: Cut | null } = { made: null };
  const now = () => {
    if (!victim.isAlive()) return;
    const since = last === null ? 0 : performance.now() - last.at;
    const phase: Phase =
      last === null
        ? 'before anything was sent'
        : since >= ANSWER_MS
          ? 'between or at the end'
          : last.method === 'POST'
            ? 'while a change was sent'
            : 'while a verify step read';
    cut.made = { phase, afterMs: performance.now() - begun };
    victim.cut();
  };
  hit = ({ method, path }) => {
    if (!path.endsWith(`/${ticket}`)) return;
    last = { at: performance.now(), method };
    if (arrived === wanted) setTimeout(now, within * 3 * ANSWER_MS);
    arrived += 1;
  };
  const timer = setTimeout(now, wanted === null ? within * life.ms : RUN_MS);
  return { cut, stop: () => clearTimeout(timer) };
}

/** What is told of every request that reaches the target. */
let hit: (hit: Hit) => void = () => undefined;

describe('kill -9 at a random instant of a plan with several changing steps', () => {
  let planMs = 2_000;
  let run = 0;

  it('measures an undisturbed plan first', async () => {
    world.onHit((one) => hit(one));
    const incident = await declare(world, 'Three steps are wanted');
    await world.query(`update incidents set runbook = 'shop/RB-40' where number = $1`, [incident]);
    run = await openRunbook(world, incident, 'RB-40');
    const { ends, tookMs } = await tell(run, 'T-1000', () => undefined);
    expect(ends).toEqual(['ok', 'ok', 'ok']);
    planMs = tookMs;
  }, 60_000);

  it(
    `executes nothing twice and ends every step in a stated state in ${RUNS} plans`,
    async () => {
      const random = randomFrom(SEED);
      const counted: Record<string, number> = { ok: 0, unknown: 0, cancelled: 0 };
      const phases: Record<string, number> = {};
      let [executed, plans] = [0, 0];
      const begun = performance.now();
      for (let turn = 1, left = RUNS; left > 0 && turn <= RUNS * 2; turn += 1) {
        const ticket = `T-${turn}`;
        const victim = bot;
        let attempt: ReturnType<typeof cutAtRandom> | undefined;
        const { ends, tookMs } = await supervised(
          tell(run, ticket, () => {
            attempt = cutAtRandom(victim, ticket, { ms: planMs, random });
          }),
        );
        attempt?.stop();
        const { made = null } = attempt?.cut ?? {};
        plans += 1;
        if (made) {
          left -= 1;
          phases[made.phase] = (phases[made.phase] ?? 0) + 1;
          // The first plan of a process takes longest; nobody is cut off after the end of the others.
        } else planMs = Math.min(planMs, tookMs);
        if (process.env.PLAN_CRASH_RUNS !== undefined)
          process.stdout.write(
            `${ticket}: ${made ? `killed after ${made.afterMs.toFixed(0)} ms, ${made.phase}` : 'not killed'}: ${ends.join(', ')}\n`,
          );
        executed += expectSound(ticket, ends, counted);
      }
      await quiet(world, RUN_MS);
      const open = await world.query(
        `select id from step_runs where state in ('queued', 'awaiting_approval', 'approved', 'running')`,
      );
      expect(open).toEqual([]);
      await eventually('every target to be free', async () =>
        (await world.query('select target from target_locks')).length === 0 ? true : undefined,
      );
      const killed = Object.values(phases).reduce((sum, count) => sum + count, 0);
      console.log(
        `${plans} plans of ${STEPS.length} steps, ${killed} killed ${JSON.stringify(phases)}: ${executed} executions, ${JSON.stringify(counted)}, 0 twice; ` +
          `${((performance.now() - begun) / plans / 1_000).toFixed(1)} s each`,
      );
      expect(killed).toBe(RUNS);
    },
    RUNS * 60_000,
  );
});

/** How the steps of one plan ended and what reached the target; returns the number of executions. */
function expectSound(ticket: string, ends: readonly string[], counted: Record<string, number>): number {
  let executed = 0;
  STEPS.forEach((name, index) => {
    const end = ends[index] ?? '';
    const times = world.target.count(`POST /${name}/${ticket}`);
    const where = `${name} of ${ticket}, seed ${SEED}: ${ends.join(', ')}`;
    expect(STATED, where).toContain(end);
    expect(times, where).toBeLessThanOrEqual(1);
    if (end === 'ok') expect(times, where).toBe(1);
    if (end === 'cancelled') expect(times, where).toBe(0);
    counted[end] = (counted[end] ?? 0) + 1;
    executed += times;
  });
  // What comes after a step that is not known to have helped is never run.
  const firstBad = ends.findIndex((end) => end !== 'ok');
  if (firstBad !== -1) expect(ends.slice(firstBad + 1).every((end) => end === 'cancelled')).toBe(true);
  return executed;
}
