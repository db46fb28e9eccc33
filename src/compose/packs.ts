import type { Config } from '../config/read-config.ts';
import { analyseStatement } from '../executors/analyse-statement.ts';
import type { Log } from '../lib/log.ts';
import { loadPacks, type Packs } from '../packs/load.ts';
import { formatProblem } from '../packs/problems.ts';

/** Loads the packs and writes every problem to the log; a broken file never keeps the bot from starting. */
export async function openPacks(
  config: Pick<Config, 'packsDir'>,
  resolveSetting: Config['resolveSetting'],
  log: Log,
): Promise<Packs> {
  const packs = await loadPacks({ dir: config.packsDir, resolveSetting, analyse: analyseStatement });
  for (const problem of packs.problems) {
    const { rule, file, line } = problem;
    if (problem.severity === 'error') log.error({ rule, file, line }, formatProblem(problem));
    else log.warn({ rule, file, line }, formatProblem(problem));
  }
  return packs;
}
