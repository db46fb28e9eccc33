import { randomUUID } from 'node:crypto';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { JsonObject } from './json.ts';
import type { PendingEventRecord } from './records.ts';
import type { Table } from './store.ts';
import type { Delivered, Envelope, Transport } from './transport.ts';
import type { Workspace } from './workspace.ts';

/** Waits before the first, second and third repetition of an event. Source: Slack's page on the Events API. */
const RETRY_AFTER_MS = [0, 60_000, 300_000] as const;

/** What goes from the workspace to the app: events with repetition, everything else exactly once. */
export class AppLink {
  readonly #workspace: Workspace;
  readonly #transport: Transport;
  readonly #log: Log;
  readonly #pending: Table<PendingEventRecord>;
  readonly #stop = new AbortController();

  constructor(options: { workspace: Workspace; transport: Transport; log: Log }) {
    this.#workspace = options.workspace;
    this.#transport = options.transport;
    this.#log = options.log;
    this.#pending = options.workspace.store.table('pending_events');
  }

  /** Goes on with the events of before a restart. */
  start(): void {
    for (const record of this.#pending.values()) void this.#attempt(record);
  }

  /** Events that the app has not acknowledged. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Sends an inner event in its wrapper; it is repeated three times and then given up. */
  event(event: JsonObject): void {
    const { workspace } = { workspace: this.#workspace };
    const id = workspace.newId('Ev');
    const now = workspace.clock.now().getTime();
    const payload: JsonObject = {
      token: 'sandbox',
      team_id: workspace.team.id,
      context_team_id: workspace.team.id,
      context_enterprise_id: null,
      api_app_id: workspace.app.id,
      event,
      type: 'event_callback',
      event_id: id,
      event_time: Math.floor(now / 1_000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: workspace.team.id,
          user_id: workspace.app.botUser,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: false,
      event_context: `4-${id}`,
    };
    void this.#attempt(this.#pending.set(id, { id, payload, attempt: 0, reason: null, due: now }));
  }

  /** Sends a command or an interaction: once, never repeated. */
  async ask(type: 'slash_commands' | 'interactive', payload: JsonObject): Promise<Delivered> {
    return this.#transport.deliver({ id: randomUUID(), type, payload, retry: null });
  }

  connected(): boolean {
    return this.#transport.connected();
  }

  close(): void {
    this.#stop.abort();
  }

  async #attempt(record: PendingEventRecord): Promise<void> {
    try {
      const wait = record.due - this.#workspace.clock.now().getTime();
      if (wait > 0) await this.#workspace.clock.sleep(wait, this.#stop.signal);
      const retry = record.reason === null ? null : { attempt: record.attempt, reason: record.reason };
      const envelope: Envelope = { id: randomUUID(), type: 'events_api', payload: record.payload, retry };
      const delivered = await this.#transport.deliver(envelope);
      if (!this.#stop.signal.aborted) this.#settle(record, delivered);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#log.error({ error: messageOf(error) }, 'An event could not be delivered.');
    }
  }

  #settle(record: PendingEventRecord, delivered: Delivered): void {
    const wait = RETRY_AFTER_MS[record.attempt];
    if (delivered.status === 'acked' || !delivered.mayRetry || wait === undefined) {
      if (delivered.status === 'failed')
        this.#log.warn({ event: record.id }, 'The app did not acknowledge an event; it is given up.');
      this.#pending.delete(record.id);
      return;
    }
    const due = this.#workspace.clock.now().getTime() + wait;
    const reason = this.#transport.retryReason(delivered.reason);
    void this.#attempt(this.#pending.set(record.id, { ...record, attempt: record.attempt + 1, reason, due }));
  }
}
