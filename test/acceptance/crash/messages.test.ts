import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BotProcess, eventually } from '../../support/bot-process.ts';
import { readableText } from '../../support/transcript.ts';
import { approve, declare, diagnosed, endOf, openRunbook, quiet, requestStep, startDiagnostics } from './gestures.ts';
import { type CrashWorld, openCrashWorld } from './world.ts';

let world: CrashWorld;
let bot: BotProcess;
let cutAt: (slot: string) => boolean = () => false;
beforeAll(async () => {
  world = await openCrashWorld({ reserve: true });
  world.onPost((slot) => {
    if (!cutAt(slot)) return;
    cutAt = () => false;
    bot.cut();
  });
  bot = await world.start();
}, 120_000);
afterEach(() => {
  world.sandbox.faults.clear();
  cutAt = () => false;
});
afterAll(() => world.close());

/** Kills the bot at the moment at which Slack takes a message of this kind, and starts it again. */
async function killAtPost(slot: RegExp, during: () => Promise<unknown>): Promise<void> {
  cutAt = (posted) => slot.test(posted);
  const [, ended] = await Promise.all([
    during(),
    bot.ended.then(async (how) => {
      bot = await world.start();
      return how;
    }),
  ]);
  expect(ended.signal).toBe('SIGKILL');
}

/** How often each slot that fits was posted. */
function counts(slot: RegExp): number[] {
  return [...world.postedBySlot()].filter(([name]) => slot.test(name)).map(([, messages]) => messages.length);
}

const recorded = (slot: RegExp) =>
  eventually(`the record of ${slot.source}`, async () => {
    const rows = await world.query<{ slot: string }>('select slot from messages where slot ~ $1', [slot.source]);
    return rows.length > 0;
  });

describe('kill -9 between Slack taking a message and the bot recording it', () => {
  it('finds a page by its metadata and does not send it again', async () => {
    await killAtPost(/^page:/u, () => declare(world, 'The queue is stuck for a page'));
    await recorded(/^page:1:1:/u);
    await quiet(world);
    expect(counts(/^page:/u)).toEqual([1]);
    expect(world.sandbox.calls.some((call) => call.method === 'conversations.history' && call.ok)).toBe(true);
  }, 120_000);

  it('finds announcement, card and approval, and edits them from then on', async () => {
    let incident = 0;
    await killAtPost(/^incident\.announcement:2$/u, async () => {
      incident = await declare(world, 'The queue is stuck for an announcement');
    });
    let run = 0;
    await killAtPost(/^run:1:card$/u, async () => {
      run = await openRunbook(world, incident);
    });
    await startDiagnostics(world, run);
    await diagnosed(world, run);
    let asked = { approval: 0, stepRun: 0 };
    await killAtPost(/^approval\.card:/u, async () => {
      asked = await requestStep(world, run, 'drain');
    });
    await approve(world, asked.approval);
    expect(await endOf(world, asked.stepRun)).toBe('ok');
    await quiet(world);
    expect(counts(/^(?:incident\.announcement:2|run:1:card|approval\.card:1)$/u)).toEqual([1, 1, 1]);
    expect(readableText(world.posted('approval.card:1')[0] as never)).toContain('Approved');
  }, 180_000);

  it('would send it twice without looking: then the second says that it is a repeat', async () => {
    world.sandbox.faults.set('conversations.history', { kind: 'refuse', error: 'missing_scope' });
    await killAtPost(/^incident\.announcement:3$/u, () => declare(world, 'The queue is stuck once more', 'SEV3'));
    const [first, second] = await eventually('the repeat', () => {
      const messages = world.posted('incident.announcement:3');
      return messages.length > 1 ? messages : null;
    });
    await quiet(world);
    expect(counts(/^incident\.announcement:3$/u)).toEqual([2]);
    expect(readableText(first as never)).not.toContain('Repeated');
    expect(readableText(second as never)).toContain('Repeated: Slack did not tell whether the first one arrived.');
  }, 120_000);
});
