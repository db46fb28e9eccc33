import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BotProcess, eventually } from '../../support/bot-process.ts';
import { readableText } from '../../support/transcript.ts';
import { acknowledge, approve, endOf, quiet, release, upToRequest } from './gestures.ts';
import { type CrashWorld, NADIA, openCrashWorld } from './world.ts';

/** More of them find rarer windows: `CRASH_RUNS=200 CRASH_SEED=7 npx vitest run test/acceptance/crash/random`. */
const RUNS = Number(process.env.CRASH_RUNS ?? 12);
const SEED = Number(process.env.CRASH_SEED ?? 1_701);
const RUN_MS = 60_000;

/** A small generator of numbers in [0, 1), the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

let world: CrashWorld;
let bot: BotProcess;
let events = 0;
let cutAtEvent = 0;
beforeAll(async () => {
  world = await openCrashWorld({ reserve: true });
  // What others can see of the bot: a message that Slack has taken, a request that the target has got.
  const seen = () => {
    events += 1;
    if (events === cutAtEvent) bot.cut();
  };
  world.sandbox.workspace.watch((change) => {
    if (change.type === 'message' || change.type === 'message_changed') seen();
  });
  world.onHit(seen);
  bot = await world.start();
}, 120_000);
afterAll(() => world.close());

/** Starts the bot again whenever it is gone, as a supervisor does, until the story is over. */
async function supervised<Value>(story: Promise<Value>): Promise<Value> {
  const over = story.then(
    () => 'over' as const,
    () => 'over' as const,
  );
  while ((await Promise.race([over, bot.ended])) !== 'over') bot = await world.start();
  return story;
}

async function tell(ticket: string): Promise<{ stepRun: number; end: string }> {
  world.target.answer('/stats', { body: { backlog: 200, ticket } });
  const asked = await upToRequest(world, `The queue is stuck for ${ticket}`);
  await approve(world, asked.approval);
  const end = await endOf(world, asked.stepRun, RUN_MS);
  // Somebody looks, and releases the target that an unknown outcome keeps.
  if (end === 'unknown') await release(world, asked.run, asked.stepRun);
  const [page] = await world.query<{ id: number }>('select id from pages where incident = $1', [asked.incident]);
  const slot = `page:${page?.id}:1:${NADIA}`;
  await eventually(`page ${slot}`, () => world.posted(slot)[0]);
  await acknowledge(world, page?.id ?? 0, slot);
  await quiet(world, RUN_MS);
  return { stepRun: asked.stepRun, end };
}

describe('kill -9 at a random instant', () => {
  const ends: string[] = [];
  let storyMs = 4_000;

  it('measures an undisturbed story first', async () => {
    const started = performance.now();
    expect((await tell('T-1000')).end).toBe('ok');
    storyMs = performance.now() - started;
    expect(world.target.count('POST /reset/T-1000')).toBe(1);
  }, 60_000);

  it(
    `never executes twice, loses nothing and doubles nothing unmarked in ${RUNS} stories`,
    async () => {
      const random = randomFrom(SEED);
      const perStory = events;
      for (let run = 1; run <= RUNS; run += 1) {
        const ticket = `T-${run}`;
        // Every other time at something that others can see: the windows beside those are a few milliseconds wide.
        const byEvent = run % 2 === 0;
        const instant = random();
        const victim = bot;
        cutAtEvent = byEvent ? events + 1 + Math.floor(instant * perStory) : 0;
        const timer = byEvent ? undefined : setTimeout(() => victim.cut(), instant * storyMs);
        const { stepRun, end } = await supervised(tell(ticket));
        clearTimeout(timer);
        ends.push(
          `${byEvent ? 'event' : 'time'} ${instant.toFixed(3)} ${victim.isAlive() ? 'missed' : 'killed'}: ${end}`,
        );
        expect(['ok', 'unknown'], `${ticket}, seed ${SEED}`).toContain(end);
        const executions = world.target.count(`POST /reset/${ticket}`);
        expect(executions, `${ticket}, seed ${SEED}`).toBeLessThanOrEqual(1);
        if (end === 'ok') expect(executions, `${ticket}, seed ${SEED}`).toBe(1);
        const runs = await world.query<{ state: string }>(
          'select state from step_runs where run = (select run from step_runs where id = $1) and finished_at is null',
          [stepRun],
        );
        expect(runs, `${ticket}, seed ${SEED}`).toEqual([]);
      }
      if (process.env.CRASH_RUNS !== undefined) process.stdout.write(`${ends.join('\n')}\n`);
    },
    RUNS * 30_000,
  );

  it('leaves one message for each slot, one incident for each title, one page for each due time', async () => {
    for (const [slot, messages] of world.postedBySlot()) {
      const unmarked = messages.filter((message) => !readableText(message).includes('Repeated: Slack did not tell'));
      expect(unmarked.length, `${slot}, seed ${SEED}`).toBe(1);
    }
    expect(await world.query('select title from incidents group by title having count(*) > 1')).toEqual([]);
    const pages = await world.query<{ id: number; sends: number }>('select id, sends from pages');
    expect(pages.length).toBe(RUNS + 1);
    for (const { id, sends } of pages) {
      expect(sends, `page ${id}`).toBe(1);
      expect(world.posted(`page:${id}:1:${NADIA}`).length, `page ${id}`).toBe(1);
    }
    expect(await world.query('select target from target_locks')).toEqual([]);
    const failed = await world.query(`select intent, last_error from outbox where state = 'failed'`);
    expect(failed).toEqual([]);
  });
});
