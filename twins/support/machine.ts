import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * A folder that stands for the machines of a system. Scripts change its files as they would change the machine, and the twin reports what
 * it finds there: nothing is kept in memory, so a state outlives a restart as that of a real system does.
 */
export type Machine = {
  readonly dir: string;
  /** A file without the white space around it; `fallback` when there is none. */
  read(file: string, fallback?: string): Promise<string>;
  /** Writes a file and the folders that it needs; null removes it. */
  write(file: string, text: string | null): Promise<void>;
};

/** The folder, copied from the template when it is not there yet. */
export async function openMachine(template: string, dir: string): Promise<Machine> {
  const fresh = `${dir}.${process.pid}.new`;
  if (!(await exists(dir))) {
    await cp(template, fresh, { recursive: true });
    // Another process may have been faster.
    await rename(fresh, dir).catch(() => rm(fresh, { recursive: true, force: true }));
  }
  return machineAt(dir);
}

/** The folder as it is. */
export function machineAt(dir: string): Machine {
  return {
    dir,
    read: async (file, fallback = '') => {
      try {
        return (await readFile(join(dir, file), 'utf8')).trim();
      } catch {
        return fallback;
      }
    },
    write: async (file, text) => {
      const path = join(dir, file);
      if (text === null) return await rm(path, { force: true });
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, `${text}\n`);
    },
  };
}

async function exists(dir: string): Promise<boolean> {
  return await mkdir(dirname(dir), { recursive: true }).then(() =>
    readFile(dir).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code === 'EISDIR',
    ),
  );
}
