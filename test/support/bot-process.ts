import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
/** A start on a busy machine; on an idle one it takes two seconds. */
const START_MS = 90_000;
const KEPT_VARIABLES = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'USER'];

export type Ending = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** Warroom as its own process, as `npm start` runs it. */
export type BotProcess = {
  readonly pid: number;
  /** Where it listens; empty until it is ready. */
  readonly url: () => string;
  /** All that it printed. */
  readonly output: () => string;
  readonly ended: Promise<Ending>;
  readonly isAlive: () => boolean;
  /** Lets a bot that was held go on. */
  release(): void;
  /** Resolves when it says that it is ready; rejects with all that it printed when it ends first. */
  ready(): Promise<void>;
  /** SIGKILL, without waiting: for the inside of callbacks. */
  cut(): void;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Ends it as a terminal or a supervisor does; resolves with how it ended. */
  stop(signal?: NodeJS.Signals): Promise<Ending>;
};

/**
 * Starts Warroom with these variables and none of this process's own settings. `held`: it loads its modules and goes on
 * when it is released.
 */
export function spawnBot(variables: Readonly<Record<string, string>>, options: { held?: boolean } = {}): BotProcess {
  const kept = KEPT_VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const hold = options.held === true ? ['--import', './test/support/hold-start.ts'] : [];
  const child = spawn(process.execPath, ['--import', 'tsx', ...hold, 'src/main.ts'], {
    cwd: PROJECT,
    env: { ...(Object.fromEntries(kept) as Record<string, string>), ...variables },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  if (options.held !== true) child.stdin.end();
  const printed = collect(child);
  const ended = new Promise<Ending>((resolve) =>
    child.once('close', (code: number | null, signal: NodeJS.Signals | null) => resolve({ code, signal })),
  );
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const cut = () => void child.kill('SIGKILL');
  return {
    pid: child.pid ?? 0,
    url: () => /Warroom is ready at (http:[^\s"]+)/u.exec(printed.text)?.[1] ?? '',
    output: () => printed.text,
    ended,
    isAlive,
    release: () => void child.stdin.end('go'),
    ready: () => waitForReady(printed, ended),
    cut,
    kill: async () => {
      cut();
      await ended;
    },
    stop: (signal = 'SIGINT') => {
      child.kill(signal);
      return ended;
    },
  };
}

type Printed = { text: string; readonly listeners: Set<() => void> };

function collect(child: ChildProcess): Printed {
  const printed: Printed = { text: '', listeners: new Set() };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      printed.text += part;
      for (const tell of printed.listeners) tell();
    });
  }
  return printed;
}

async function waitForReady(printed: Printed, ended: Promise<Ending>): Promise<void> {
  let look: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  const said = new Promise<'ready'>((resolve) => {
    look = () => {
      if (printed.text.includes('Warroom is ready at http')) resolve('ready');
    };
    printed.listeners.add(look);
    look();
  });
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), START_MS);
  });
  const outcome = await Promise.race([said, late, ended]);
  printed.listeners.delete(look);
  clearTimeout(timer);
  if (outcome !== 'ready') throw new Error(`The bot did not start (${JSON.stringify(outcome)}):\n${printed.text}`);
}

/** Asks until the answer is something, with a deadline; for what lives in a database or another process. */
export async function eventually<Value>(
  what: string,
  probe: () => Promise<Value | null | undefined | false> | Value | null | undefined | false,
  withinMs = 20_000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
