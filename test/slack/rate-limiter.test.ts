import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { LANES, type Lane } from '../../src/domain/intents.ts';
import { METHOD_LIMITS, type SlackMethod } from '../../src/slack/method-tiers.ts';
import { type Admission, RateLimiter } from '../../src/slack/rate-limiter.ts';
import { ManualClock } from './manual-clock.ts';

let clock: ManualClock;
let limiter: RateLimiter;
let log: { name: string; at: number; admission: Admission }[];

beforeEach(() => {
  clock = new ManualClock();
  limiter = new RateLimiter(clock);
  log = [];
});

function ask(name: string, lane: Lane, method: SlackMethod, channel?: string, maxWaitMs = 3_600_000): void {
  const start = 1_000_000;
  void limiter.admit({ lane, method, channel, maxWaitMs }).then((admission) => {
    log.push({ name, at: clock.monotonicMs() - start, admission });
  });
}

const names = () => log.map((entry) => entry.name);

describe('the limiter', () => {
  test('admits one message a second in a channel and does not hold up other channels', async () => {
    for (const name of ['a1', 'a2', 'a3']) ask(name, 'card', 'chat.postMessage', 'A');
    ask('b1', 'card', 'chat.postMessage', 'B');
    await clock.advance(0);
    expect(names()).toEqual(['a1', 'b1']);
    await clock.advance(1_050);
    expect(names()).toEqual(['a1', 'b1', 'a2']);
    await clock.advance(1_050);
    expect(names()).toEqual(['a1', 'b1', 'a2', 'a3']);
  });

  test('lets a page go before everything that waits for the same channel', async () => {
    for (const name of ['c1', 'c2', 'c3']) ask(name, 'cosmetic', 'chat.postMessage', 'A');
    await clock.advance(100);
    ask('page', 'page', 'chat.postMessage', 'A');
    await clock.advance(5_000);
    expect(names()).toEqual(['c1', 'page', 'c2', 'c3']);
  });

  test('keeps room for a page when the other lanes have used the budget of a method', async () => {
    for (let n = 0; n < 60; n += 1) ask(`c${n}`, 'cosmetic', 'chat.update');
    await clock.advance(0);
    const edits = names().length;
    ask('page', 'page', 'chat.update');
    await clock.advance(0);
    expect(names()).toHaveLength(edits + 1);
    expect(names().at(-1)).toBe('page');
  });

  test('pauses only the method that Slack complained about', async () => {
    limiter.pause('conversations.list', 30_000);
    ask('list', 'page', 'conversations.list');
    ask('open', 'interactive', 'views.open');
    await clock.advance(29_000);
    expect(names()).toEqual(['open']);
    await clock.advance(6_000);
    expect(names()).toEqual(['open', 'list']);
  });

  test('refuses a call whose turn is too far away, and says when it comes', async () => {
    limiter.pause('chat.postMessage', 30_000);
    ask('late', 'page', 'chat.postMessage', 'A', 8_000);
    await clock.advance(0);
    expect(log).toEqual([{ name: 'late', at: 0, admission: { status: 'refused', afterMs: expect.any(Number) } }]);
    const admission = log[0]?.admission;
    expect(admission?.status === 'refused' ? admission.afterMs : 0).toBeGreaterThanOrEqual(30_000);
  });

  test('never lets a minute hold more calls than the tier, nor a channel two messages in a second', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            wait: fc.integer({ min: 0, max: 3_000 }),
            lane: fc.constantFrom(...LANES),
            method: fc.constantFrom<SlackMethod>('chat.postMessage', 'chat.update', 'pins.add'),
            channel: fc.constantFrom('A', 'B', 'C'),
            // Slack also says no now and then.
            pause: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 20_000 })),
          }),
          { minLength: 20, maxLength: 200 },
        ),
        async (calls) => {
          const time = new ManualClock();
          const limits = new RateLimiter(time);
          const admitted: { method: SlackMethod; channel: string; at: number }[] = [];
          for (const { wait, pause, method, channel, lane } of calls) {
            if (pause > 0) limits.pause(method, pause);
            void limits.admit({ lane, method, channel, maxWaitMs: 10_000_000 }).then(() => {
              admitted.push({ method, channel, at: time.monotonicMs() });
            });
            await time.advance(wait);
          }
          await time.advance(2_000_000);
          expect(admitted).toHaveLength(calls.length);
          for (const { method, at, channel } of admitted) {
            const same = admitted.filter((other) => other.method === method);
            const minute = same.filter((other) => other.at > at - 60_000 && other.at <= at);
            expect(minute.length).toBeLessThanOrEqual(METHOD_LIMITS[method].perMinute);
            if (method !== 'chat.postMessage') continue;
            const second = same.filter((o) => o.channel === channel && o.at > at - 1_000 && o.at <= at);
            expect(second).toHaveLength(1);
          }
        },
      ),
      { seed: 20261121, numRuns: 30 },
    );
  });
});
