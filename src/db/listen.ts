import pg from 'pg';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

const RETRY_MS = [50, 250, 1_000];

export type ListenOptions = {
  readonly pool: pg.Pool;
  readonly channel: string;
  readonly log: Log;
  readonly clock: Clock;
  /** A notification came, or may have come while the connection was away. */
  readonly onWake: () => void;
};

/**
 * Listens for notifications on a connection of its own, and takes a new one when it is cut. Resolves when it listens, or
 * when a first attempt failed and others follow: who listens must look by itself now and then anyway.
 */
export async function listen(options: ListenOptions): Promise<{ stop(): Promise<void> }> {
  const { pool, channel, log, clock, onWake } = options;
  const stopped = new AbortController();
  let letGo: () => void = () => undefined;
  let first: () => void = () => undefined;
  const tried = new Promise<void>((resolve) => {
    first = resolve;
  });
  const connect = async (): Promise<void> => {
    for (let attempt = 0; !stopped.signal.aborted; attempt += 1) {
      try {
        letGo = await listenOn(pool, channel, {
          onWake,
          onLost: () => {
            if (!stopped.signal.aborted) connecting = connect();
          },
        });
        onWake();
        return;
      } catch (error) {
        log.warn({ error, channel }, 'Notifications of the database cannot be heard now; polling meanwhile.');
      } finally {
        first();
      }
      await clock.sleep(RETRY_MS[attempt] ?? 2_000, stopped.signal).catch(() => undefined);
    }
  };
  let connecting = connect();
  await tried;
  return {
    stop: async () => {
      stopped.abort();
      await connecting;
      letGo();
    },
  };
}

async function listenOn(
  pool: pg.Pool,
  channel: string,
  hear: { onWake: () => void; onLost: () => void },
): Promise<() => void> {
  const client = await pool.connect();
  let released = false;
  const release = (): void => {
    if (!released) client.release(true);
    released = true;
  };
  client.on('notification', hear.onWake);
  client.once('end', () => {
    if (released) return;
    release();
    hear.onLost();
  });
  try {
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    return release;
  } catch (error) {
    release();
    throw error;
  }
}
