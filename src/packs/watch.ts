import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { isRunbookFile, listFolder, stampOf } from './pack-files.ts';

/** A checkout or an editor writes several files and names one after the other: the reader waits for a quiet moment. */
const QUIET_MS = 250;
/** … but not for ever, when something writes all the time. */
const MAX_QUIET_WAITS = 12;
/**
 * Mounts of containers and network volumes tell nothing, so the folder is looked at as well: this often, or less when
 * looking takes long.
 */
const LOOK_EVERY_MS = 5_000;
const LOOK_SHARE = 50;

export type WatchOptions = {
  readonly dir: string;
  readonly clock: Clock;
  /** Called when something may have changed, never twice at a time; it must not throw. */
  readonly onChange: () => Promise<void>;
  readonly signal: AbortSignal;
};

/** Watches a folder of packs until `signal` is aborted: the system's own notices, and a look every few seconds. */
export async function watchPacks({ dir, clock, onChange, signal }: WatchOptions): Promise<void> {
  const notices = createNotices(signal);
  const watchers = createWatchers(dir, notices.ring);
  let seen = '';
  let pause = LOOK_EVERY_MS;
  try {
    // What changed between the first reading and now is caught by the first look.
    while (!signal.aborted) {
      await watchers.follow();
      const noticed = await notices.within(clock, pause);
      if (signal.aborted) return;
      if (noticed) await quiet(notices, clock);
      const started = clock.monotonicMs();
      const now = await lookAt(dir);
      pause = Math.max(LOOK_EVERY_MS, (clock.monotonicMs() - started) * LOOK_SHARE);
      if (!noticed && now === seen) continue;
      seen = now;
      await onChange();
    }
  } finally {
    watchers.close();
  }
}

async function quiet(notices: Notices, clock: Clock): Promise<void> {
  for (let waits = 0; waits < MAX_QUIET_WAITS; waits += 1) if (!(await notices.within(clock, QUIET_MS))) return;
}

type Notices = {
  readonly ring: () => void;
  /** True as soon as it rang since the last question, false after so many milliseconds. */
  readonly within: (clock: Clock, ms: number) => Promise<boolean>;
};

function createNotices(signal: AbortSignal): Notices {
  let rang = false;
  let waiting = new AbortController();
  return {
    ring: () => {
      rang = true;
      waiting.abort();
    },
    within: async (clock, ms) => {
      waiting = new AbortController();
      if (!rang) await clock.sleep(ms, AbortSignal.any([signal, waiting.signal])).catch(() => undefined);
      const answer = rang;
      rang = false;
      return answer;
    },
  };
}

/**
 * One watcher for each folder, and one for the folder around them: it sees when a link or a checkout takes the place of the
 * whole. A folder that was replaced is watched anew.
 */
function createWatchers(dir: string, ring: () => void) {
  const watchers = new Map<string, { inode: string; watcher: FSWatcher }>();
  const open = (path: string, inode: string, only: string | null): void => {
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        if (only === null || name === null || name === only) ring();
      });
      // Out of watches, or gone: the looks go on.
      watcher.on('error', () => watcher.close());
      watchers.set(path, { inode, watcher });
    } catch {
      watchers.delete(path);
    }
  };
  return {
    follow: async () => {
      const wanted = new Map<string, string | null>([[dirname(dir), basename(dir)]]);
      for (const path of await foldersOf(dir)) wanted.set(path, null);
      for (const [path, { watcher }] of watchers) {
        if (wanted.has(path)) continue;
        watcher.close();
        watchers.delete(path);
      }
      for (const [path, only] of wanted) {
        const inode = await inodeOf(path);
        const before = watchers.get(path);
        if (before?.inode === inode) continue;
        before?.watcher.close();
        if (inode !== '') open(path, inode, only);
      }
    },
    close: () => {
      for (const { watcher } of watchers.values()) watcher.close();
    },
  };
}

async function foldersOf(dir: string): Promise<string[]> {
  const names = (await listFolder(dir).catch(() => null)) ?? [];
  return [dir, ...names.map((name) => join(dir, name))];
}

async function inodeOf(path: string): Promise<string> {
  try {
    return (await stampOf(path)).text.split(':').slice(0, 2).join(':');
  } catch {
    return '';
  }
}

/** A text that differs whenever a file of the packs was written, added, removed or committed. */
async function lookAt(dir: string): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of await foldersOf(dir)) {
    const names = folder === dir ? [] : ((await listFolder(folder).catch(() => null)) ?? []);
    const paths = names
      .filter((name) => isRunbookFile(name) || name === 'system.yml')
      .map((name) => join(folder, name));
    const stamps = await Promise.all(paths.map((path) => stampOf(path).catch(() => null)));
    hash.update(`${folder}\n`);
    stamps.forEach((stamp, index) => {
      hash.update(`${paths[index]} ${stamp?.text}\n`);
    });
  }
  // A commit changes no file, but what the cards say of it.
  const head = await stampOf(join(dir, '..', '.git', 'logs', 'HEAD')).catch(() => null);
  return hash.update(`${head?.text}`).digest('hex');
}
