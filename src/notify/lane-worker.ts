import { type Claimed, claimDue, nextDue, putBack } from '../db/outbox.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Lane } from '../domain/intents.ts';
import { type CarryOutDeps, carryOut } from './carry-out.ts';

/** A lane looks at least this often, so that a lost notification costs no more than this. */
const POLL_MS = 500;

type LaneOptions = {
  readonly lane: Lane;
  readonly concurrency: number;
  /** Aborted when what is under way has to be left. */
  readonly signal: AbortSignal;
};

/** Takes the due intents of one lane and carries them out, a few at a time. */
export class LaneWorker {
  readonly #deps: CarryOutDeps;
  readonly #options: LaneOptions;
  readonly #underWay = new Map<number, { claimed: Claimed; done: Promise<void> }>();
  #quiet: { resolve: () => void; mayResolve: boolean }[] = [];
  #stopping = false;
  #dirty = false;
  #wakeUp: () => void = () => undefined;
  #claims = 0;
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: CarryOutDeps, options: LaneOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Looks at the outbox now. */
  wake(): void {
    // Kept until the loop looks: a notification that comes between claim and sleep must not be lost.
    this.#dirty = true;
    this.#wakeUp();
  }

  /** How many intents were taken so far. */
  get claims(): number {
    return this.#claims;
  }

  /** Resolves when a look at the outbox, begun after this call, finds nothing due and nothing is under way. */
  quiet(): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      this.#quiet.push({ resolve, mayResolve: false });
      this.wake();
    });
  }

  /** Takes no more work; resolves when the loop has ended. What is under way goes on. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#loop;
    for (const waiter of this.#quiet) waiter.resolve();
  }

  /** Resolves when nothing is under way any more. */
  async drained(): Promise<void> {
    await Promise.all([...this.#underWay.values()].map((entry) => entry.done));
  }

  /** What is under way now. */
  left(): Claimed[] {
    return [...this.#underWay.values()].map((entry) => entry.claimed);
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#dirty = false;
      for (const waiter of this.#quiet) waiter.mayResolve = true;
      const sleepMs = await this.#look();
      if (!this.#dirty) await this.#sleep(sleepMs);
    }
  }

  /** Claims what is due and there is room for; returns how long to sleep. */
  async #look(): Promise<number> {
    const room = this.#options.concurrency - this.#underWay.size;
    if (room <= 0) return POLL_MS;
    try {
      const { claimed, dueInMs } = await this.#claim(room);
      this.#claims += claimed.length;
      for (const one of claimed) this.#begin(one);
      if (claimed.length === 0 && this.#underWay.size === 0) this.#tellQuiet();
      return dueInMs !== null && dueInMs > 0 ? Math.min(dueInMs, POLL_MS) : POLL_MS;
    } catch (error) {
      this.#deps.log.warn({ lane: this.#options.lane, error }, 'The outbox cannot be read now.');
      return POLL_MS;
    }
  }

  async #claim(room: number): Promise<{ claimed: Claimed[]; dueInMs: number | null }> {
    const { lane } = this.#options;
    return withTransaction(this.#deps.pool, async (tx) => {
      const claimed = await claimDue(tx, lane, this.#deps.owner, room);
      if (this.#stopping) {
        for (const one of claimed) await putBack(tx, one.id, { error: 'stopping', afterMs: 0, uncertain: false });
        return { claimed: [], dueInMs: null };
      }
      const due = await nextDue(tx, lane);
      return { claimed, dueInMs: due === null ? null : due.getTime() - tx.now.getTime() };
    });
  }

  #begin(claimed: Claimed): void {
    const done = carryOut(this.#deps, claimed, this.#options.signal)
      .catch((error: unknown) => {
        this.#deps.log.error({ outbox: claimed.id, error }, 'A delivery ended in a way that was not foreseen.');
      })
      .then(() => {
        this.#underWay.delete(claimed.id);
        this.wake();
      });
    this.#underWay.set(claimed.id, { claimed, done });
  }

  #tellQuiet(): void {
    const ready = this.#quiet.filter((waiter) => waiter.mayResolve);
    this.#quiet = this.#quiet.filter((waiter) => !waiter.mayResolve);
    for (const waiter of ready) waiter.resolve();
  }

  async #sleep(ms: number): Promise<void> {
    const awake = new AbortController();
    this.#wakeUp = () => awake.abort();
    if (this.#dirty) return;
    await this.#deps.clock.sleep(ms, awake.signal).catch(() => undefined);
    this.#wakeUp = () => undefined;
  }
}
