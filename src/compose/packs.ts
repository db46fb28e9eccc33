import type { Pool } from 'pg';
import type { Config } from '../config/read-config.ts';
import { analyseStatement } from '../executors/analyse-statement.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { tellPackProblems } from '../notify/pack-notices.ts';
import { createPackReader, type PackReader, type Packs, type PacksVersion } from '../packs/load.ts';
import { formatProblem, type Problem } from '../packs/problems.ts';
import { prepareSearch } from '../packs/search-desk.ts';
import type { Admit } from '../packs/system-memory.ts';
import { watchPacks } from '../packs/watch.ts';

/** The packs as they are in force now. */
export type OpenPacks = {
  readonly current: () => Packs;
  /**
   * Reads them again whenever files change, and tells the owners of broken ones, until `signal` is aborted. A system that
   * `admit` objects to stays as it was.
   */
  readonly follow: (pool: Pool, signal: AbortSignal, admit: Admit) => Promise<void>;
};

type Tools = { readonly log: Log; readonly clock: Clock };

/** Loads the packs and writes every problem to the log; a broken file never keeps the bot from starting. */
export async function openPacks(
  config: Pick<Config, 'packsDir'>,
  resolveSetting: Config['resolveSetting'],
  tools: Tools,
): Promise<OpenPacks> {
  const { packsDir: dir } = config;
  // At first everything is taken as it is: what is wrong with it keeps Warroom from starting.
  let admitted: Admit = async () => [];
  const admit: Admit = (next, inForce) => admitted(next, inForce);
  const reader = createPackReader({ dir, resolveSetting, analyse: analyseStatement, clock: tools.clock, admit });
  let version = await reader.read();
  writeProblems(tools.log, [], version.packs.problems);
  const current = () => version.packs;
  return {
    current,
    follow: async (pool, signal, judge) => {
      admitted = judge;
      let told = await tell(pool, version, tools.log);
      await prepareSearch(current);
      await watchPacks({
        dir,
        clock: tools.clock,
        signal,
        onChange: async () => {
          const next = await readAgain(reader, tools.log);
          const same = next === null || isSame(version, next);
          if (same && told) return;
          if (!same) {
            writeProblems(tools.log, version.packs.problems, next.packs.problems);
            version = next;
            const { systems, runbooks } = version.packs;
            tools.log.info({ systems: systems.size, runbooks: runbooks.size }, 'The runbooks were read again.');
          }
          told = await tell(pool, version, tools.log);
          await prepareSearch(current);
        },
      });
    },
  };
}

async function readAgain(reader: PackReader, log: Log): Promise<PacksVersion | null> {
  try {
    return await reader.read();
  } catch (error) {
    log.error({ error }, `The runbooks could not be read again and stay as they were: ${messageOf(error)}`);
    return null;
  }
}

/** False when the database could not take it: then it is told after the next look. */
async function tell(pool: Pool, version: PacksVersion, log: Log): Promise<boolean> {
  try {
    await tellPackProblems(pool, version);
    return true;
  } catch (error) {
    log.warn({ error }, 'The owners of broken runbooks could not be told yet.');
    return false;
  }
}

/** Runbooks that nothing happened to are the same objects in both. */
function isSame(before: PacksVersion, after: PacksVersion): boolean {
  const [old, now] = [before.packs, after.packs];
  const unchanged = <T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>) =>
    a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
  return (
    unchanged(old.systems, now.systems) &&
    unchanged(old.runbooks, now.runbooks) &&
    unchanged(before.held, after.held) &&
    old.problems.map(formatProblem).join('\n') === now.problems.map(formatProblem).join('\n')
  );
}

function writeProblems(log: Log, before: readonly Problem[], now: readonly Problem[]): void {
  const written = new Set(before.map(formatProblem));
  for (const problem of now) {
    const { rule, file, line } = problem;
    const text = formatProblem(problem);
    if (written.has(text)) continue;
    if (problem.severity === 'error') log.error({ rule, file, line }, text);
    else log.warn({ rule, file, line }, text);
  }
}
