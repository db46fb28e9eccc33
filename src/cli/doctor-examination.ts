import { embeddedConnections } from '../compose/embedded-connections.ts';
import type { Config } from '../config/read-config.ts';
import type { Connection } from '../db/pool.ts';
import type { SystemDefinition, TargetDefinition } from '../domain/system.ts';
import { analyseStatement } from '../executors/analyse-statement.ts';
import { examineTarget } from '../executors/examine-target.ts';
import { createExecutors } from '../executors/registry.ts';
import { createSecretResolver } from '../executors/secrets.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { Releasers } from '../lib/releasers.ts';
import { loadPacks, type Packs } from '../packs/load.ts';
import { formatProblem } from '../packs/problems.ts';
import { checkDatabase, checkPrograms, checkRunbooks } from './doctor-checks.ts';
import type { Check, DoctorReport, TargetReport } from './doctor-findings.ts';
import { checkSlack } from './doctor-slack.ts';

/** What the parts would log is in the report already; the disk is left as it is. */
const nothing = (): void => undefined;
const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => SILENT };

/** Targets that are looked at at the same time. */
const AT_ONCE = 4;

/** Looks at everything, or at one target or system alone. A sentence when that name is unknown. */
export async function examineInstallation(config: Config, only: string | null): Promise<DoctorReport | string> {
  const releasers = new Releasers();
  try {
    const packs = await readPacks(config);
    if (typeof packs === 'string') return packs;
    const chosen = chooseTargets(packs, only);
    if (typeof chosen === 'string') return chosen;
    const embedded = chosen.some(({ target }) => isEmbedded(target));
    const database =
      only === null || embedded
        ? await checkDatabase(config, { log: SILENT, releasers })
        : { check: null, connection: null };
    const rest = only === null ? await checkRest(config, packs) : [];
    const targets = await examineAll(chosen, config, database.connection);
    const checks = [...(database.check ? [database.check] : []), ...rest];
    return { ok: [...checks, ...targets].every(({ findings }) => findings.length === 0), checks, targets };
  } finally {
    await releasers.releaseAll();
  }
}

async function checkRest(config: Config, packs: Packs): Promise<Check[]> {
  return [...(await checkSlack(config, packs, SILENT)), checkRunbooks(packs), await checkPrograms(packs)];
}

async function readPacks(config: Config): Promise<Packs | string> {
  const own = `http://127.0.0.1:${config.port}`;
  const resolveSetting: Config['resolveSetting'] = (name, fallback) =>
    config.resolveSetting(name, name === 'WARROOM_SELF_URL' ? own : fallback);
  try {
    return await loadPacks({ dir: config.packsDir, resolveSetting, analyse: analyseStatement });
  } catch (error) {
    return `The runbooks in ${config.packsDir} cannot be read (${messageOf(error)}): set WARROOM_PACKS to their folder.`;
  }
}

type Chosen = { readonly system: SystemDefinition; readonly target: TargetDefinition };

function chooseTargets(packs: Packs, only: string | null): Chosen[] | string {
  const all = [...packs.systems.values()].flatMap((system) => system.targets.map((target) => ({ system, target })));
  if (only === null) return all;
  const chosen = all.filter(({ system, target }) => only === system.id || only === `${system.id}/${target.name}`);
  if (chosen.length > 0) return chosen;
  const broken = packs.problems.find(({ severity }) => severity === 'error');
  const names = all.map(({ system, target }) => `${system.id}/${target.name}`);
  return broken
    ? `There is no target ${only}, and there are errors in the runbooks: ${formatProblem(broken)}`
    : `There is no target ${only}: choose one of ${names.join(', ')}.`;
}

function isEmbedded({ executor, options: { connection } }: TargetDefinition): boolean {
  return executor === 'sql' && typeof connection === 'object' && connection !== null && 'embedded' in connection;
}

async function examineAll(
  chosen: readonly Chosen[],
  config: Config,
  connection: Connection | null,
): Promise<TargetReport[]> {
  const dependencies = {
    secrets: createSecretResolver(config.environment),
    ...(connection ? { embedded: embeddedConnections(connection, config) } : {}),
    clock: systemClock,
  };
  const tools = { ...dependencies, executors: createExecutors(dependencies), signal: new AbortController().signal };
  const reports: TargetReport[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < chosen.length; at = next++) {
      const { system, target } = chosen[at] as Chosen;
      const name = `${system.id}/${target.name}`;
      reports[at] = { target: name, executor: target.executor, ...(await examineTarget(target, tools)) };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return reports;
}
