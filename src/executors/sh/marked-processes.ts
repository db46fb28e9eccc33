import { readdir, readFile } from 'node:fs/promises';

/** The variable by which everything that a script started is found again, whatever group or session it moved to. */
export const MARKER = 'WARROOM_STEP';

/** How often the table is read again: a process may have started another one while it was read. */
const ROUNDS = 10;

/**
 * Sends a signal to every process that carries the marker in the environment it was started with. Linux only (/proc); elsewhere nothing
 * happens. A process that was started with an emptied environment is not found. Resolves to the number of processes that were found.
 */
export async function signalMarked(token: string, signal: NodeJS.Signals): Promise<number> {
  const seen = new Set<number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const fresh = (await markedProcesses(token)).filter((pid) => !seen.has(pid));
    if (fresh.length === 0) break;
    for (const pid of fresh) {
      seen.add(pid);
      signalProcess(pid, signal);
    }
  }
  return seen.size;
}

async function markedProcesses(token: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const entry = Buffer.from(`${MARKER}=${token}\0`);
  const found = await Promise.all(
    names
      .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
      .map(async (name) => {
        // gone meanwhile, or of another account: then it is not ours
        const environment = await readFile(`/proc/${name}/environ`).catch(() => null);
        return environment?.includes(entry) ? [Number(name)] : [];
      }),
  );
  return found.flat();
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
