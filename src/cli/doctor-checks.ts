import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireSupportedVersion, startOwn } from '../compose/state.ts';
import type { Config } from '../config/read-config.ts';
import { describeAuditPowers } from '../db/audit-guard.ts';
import { type Connection, createPool } from '../db/pool.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Releasers } from '../lib/releasers.ts';
import { plural } from '../lib/text.ts';
import type { Packs } from '../packs/load.ts';
import { formatProblem } from '../packs/problems.ts';
import type { Check } from './doctor-findings.ts';
import { unmadeDatabase } from './open-database.ts';

/** More broken files than these say nothing new. */
const PROBLEMS_SHOWN = 5;

/** Whether Warroom's own database answers and is new enough. Its schema is left as it is. */
export async function checkDatabase(
  config: Config,
  tools: { readonly log: Log; readonly releasers: Releasers },
): Promise<{ check: Check; connection: Connection | null }> {
  const name = 'database';
  const unmade = unmadeDatabase(config);
  if (unmade !== null) {
    const remarks = [`The embedded PostgreSQL will be made in ${unmade} at the first start.`];
    return { check: { name, said: 'not made yet', findings: [], remarks }, connection: null };
  }
  try {
    const connection = config.databaseUrl
      ? { connectionString: config.databaseUrl.reveal() }
      : (await startOwn(join(config.home, 'postgres'), { ...tools, clock: systemClock })).connection;
    const pool = createPool(connection, tools.log, { max: 1 });
    tools.releasers.add('database connection', () => pool.end());
    const version = await requireSupportedVersion(pool, config.databaseUrl !== null);
    const weak = await describeAuditPowers(pool);
    const findings = weak === null ? [] : [weak];
    return {
      check: { name, said: `PostgreSQL ${Math.floor(version / 10_000)} answers`, findings, remarks: [] },
      connection,
    };
  } catch (error) {
    const findings = [
      error instanceof UserError ? error.message : `The database cannot be opened: ${messageOf(error)}`,
    ];
    return { check: { name, said: '', findings, remarks: [] }, connection: null };
  }
}

/** Files that are broken: what they hold is not there. */
export function checkRunbooks(packs: Packs): Check {
  const errors = packs.problems.filter(({ severity }) => severity === 'error').map(formatProblem);
  const more = errors.length - PROBLEMS_SHOWN;
  return {
    name: 'runbooks',
    said: `${plural(packs.systems.size, 'system')}, ${plural(packs.runbooks.size, 'runbook')}`,
    findings: [
      ...errors.slice(0, PROBLEMS_SHOWN),
      ...(more > 0 ? [`${plural(more, 'more error')} in the runbooks: see \`warroom lint\`.`] : []),
    ],
    remarks: [],
  };
}

const run = promisify(execFile);

/** Programs of this machine that steps need: the shells of `sh` targets on it, `ping` for probes. */
export async function checkPrograms(packs: Packs): Promise<Check> {
  const findings: string[] = [];
  const local = [...packs.systems.values()].flatMap(({ id, targets }) =>
    targets
      .filter(({ executor, options }) => executor === 'sh' && options.ssh === undefined)
      .map(({ name, options }) => ({ target: `${id}/${name}`, shell: String(options.shell ?? '/bin/sh') })),
  );
  for (const shell of new Set(local.map((one) => one.shell))) {
    const users = local.filter((one) => one.shell === shell).map(({ target }) => target);
    if (!existsSync(shell)) findings.push(`${shell} is missing, which ${users.join(', ')} need: install it.`);
  }
  const pings = [...packs.runbooks.values()].filter(({ steps }) =>
    steps.some((step) => step.kind !== 'manual' && step.language === 'probe' && /^\s*ping\b/u.test(step.text)),
  );
  if (pings.length > 0 && !(await canPing()))
    findings.push(`There is no \`ping\`, which ${pings.map(({ id }) => id).join(', ')} need: install iputils-ping.`);
  return { name: 'programs', said: findings.length === 0 ? 'nothing is missing' : '', findings, remarks: [] };
}

async function canPing(): Promise<boolean> {
  const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' };
  try {
    await run('ping', ['-n', '-c', '1', '-W', '1', '127.0.0.1'], { env, timeout: 5_000 });
    return true;
  } catch (error) {
    // It ran and nobody answered: that is another matter.
    return error instanceof Error && 'code' in error && error.code === 1;
  }
}
