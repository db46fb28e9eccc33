import type { Pool } from 'pg';
import { listen } from '../db/listen.ts';
import { deadOwners, holdLiveness } from '../db/liveness.ts';
import { listSendingOf, listSendingOwners, OUTBOX_CHANNEL, putBack } from '../db/outbox.ts';
import { withTransaction } from '../db/transaction.ts';
import { LANES, type Lane } from '../domain/intents.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Releasers } from '../lib/releasers.ts';
import type { CarryOutDeps } from './carry-out.ts';
import type { Deliverers, OnGivenUp } from './delivery.ts';
import { LaneWorker } from './lane-worker.ts';

/** How many intents of a lane are under way at once. Each lane has its own loop: none waits for another. */
export const LANE_CONCURRENCY: Readonly<Record<Lane, number>> = { page: 4, interactive: 4, card: 2, cosmetic: 1 };

const SWEEP_MS = 1_000;

export type DispatcherOptions = {
  readonly pool: Pool;
  readonly deliverers: Deliverers;
  /** Unique to this process and this start, such as `outbox:3f1c…`. */
  readonly owner: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly onGivenUp?: OnGivenUp;
  readonly lanes?: Readonly<Record<Lane, number>>;
  /** How long `stop` waits for what is under way, in milliseconds. */
  readonly drainMs?: number;
};

export type Dispatcher = {
  /** Takes no more work, waits for what is under way, puts back the rest with doubt. */
  stop(): Promise<void>;
  /** Resolves when nothing is due and nothing is under way. For tests and for a clean end of a command. */
  idle(): Promise<void>;
  /** Looks at the outbox now, as after a moved clock. */
  wake(): void;
};

/**
 * Starts to deliver the outbox. Intents that a dead process had under way come back within about two seconds (a few more
 * right after a restart of the database), marked as uncertain (design §5, promise 5).
 */
export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const dispatcher = new RunningDispatcher(options);
  await dispatcher.start();
  return dispatcher;
}

class RunningDispatcher implements Dispatcher {
  readonly #deps: CarryOutDeps;
  readonly #lanes: readonly LaneWorker[];
  readonly #drainMs: number;
  /** Ends sweeping, reconnecting and sleeping. */
  readonly #ending = new AbortController();
  /** Leaves what is under way. */
  readonly #leaving = new AbortController();
  #releasers = new Releasers();

  constructor(options: DispatcherOptions) {
    const { pool, deliverers, owner, clock } = options;
    const onGivenUp = options.onGivenUp ?? (() => Promise.resolve());
    this.#deps = { pool, deliverers, owner, clock, log: options.log, onGivenUp };
    this.#drainMs = options.drainMs ?? 8_000;
    const concurrency = options.lanes ?? LANE_CONCURRENCY;
    this.#lanes = LANES.map(
      (lane) =>
        new LaneWorker(this.#deps, {
          lane,
          concurrency: concurrency[lane],
          signal: this.#leaving.signal,
        }),
    );
  }

  async start(): Promise<void> {
    const { pool, owner, log, clock } = this.#deps;
    const liveness = await holdLiveness({ pool, ownerId: owner, log, clock });
    this.#releasers.add('liveness', () => liveness.release());
    const listening = await listen({ pool, channel: OUTBOX_CHANNEL, log, clock, onWake: () => this.wake() });
    this.#releasers.add('notifications', () => listening.stop());
    for (const lane of this.#lanes) lane.start();
    const sweeping = this.#sweepForEver();
    this.#releasers.add('sweep', () => sweeping);
  }

  wake(): void {
    for (const lane of this.#lanes) lane.wake();
  }

  async idle(): Promise<void> {
    for (let before = -1; before !== this.#claims() && !this.#ending.signal.aborted; ) {
      before = this.#claims();
      await Promise.all(this.#lanes.map((lane) => lane.quiet()));
    }
  }

  async stop(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
    const waiting = new AbortController();
    await Promise.race([
      Promise.all(this.#lanes.map((lane) => lane.drained())),
      this.#deps.clock.sleep(this.#drainMs, waiting.signal).catch(() => undefined),
    ]);
    waiting.abort();
    await this.#putBackTheRest();
    for (const { name, error } of await this.#releasers.releaseAll()) {
      this.#deps.log.warn({ error, name }, 'A part of the outbox did not close cleanly.');
    }
  }

  #claims(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.claims, 0);
  }

  async #putBackTheRest(): Promise<void> {
    const left = this.#lanes.flatMap((lane) => lane.left());
    this.#leaving.abort();
    if (left.length === 0) return;
    this.#deps.log.warn({ outbox: left.map((claimed) => claimed.id) }, 'Stopping leaves deliveries in doubt.');
    try {
      await this.#putBackOf([this.#deps.owner], 'stopped while it was under way');
    } catch (error) {
      // The next process finds them: this one is dead by then.
      this.#deps.log.warn({ error }, 'Deliveries in doubt could not be put back.');
    }
  }

  async #sweepForEver(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      try {
        await this.#sweep();
      } catch (error) {
        this.#deps.log.warn({ error }, 'The sweep of the outbox waits for the database.');
      }
      await this.#sleep(SWEEP_MS);
    }
  }

  /** Takes back what dead processes had under way. */
  async #sweep(): Promise<void> {
    const { pool, log, clock } = this.#deps;
    const dead = await withTransaction(pool, async (tx) => deadOwners(tx, await listSendingOwners(tx), clock));
    if (dead.length === 0) return;
    const count = await this.#putBackOf(dead, 'its process died');
    log.warn({ owners: dead, count }, 'Deliveries of a dead process were taken back.');
    this.wake();
  }

  async #putBackOf(owners: readonly string[], error: string): Promise<number> {
    return withTransaction(this.#deps.pool, async (tx) => {
      const ids = await listSendingOf(tx, owners);
      for (const id of ids) await putBack(tx, id, { error, afterMs: 0, uncertain: true });
      return ids.length;
    });
  }

  async #sleep(ms: number): Promise<void> {
    await this.#deps.clock.sleep(ms, this.#ending.signal).catch(() => undefined);
  }
}
