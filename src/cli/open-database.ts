import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { createLog } from '../compose/log.ts';
import { openState } from '../compose/state.ts';
import { ConfigError } from '../config/config-problem.ts';
import { processEnvironment } from '../config/environment.ts';
import { type Config, readConfig } from '../config/read-config.ts';
import { systemClock } from '../lib/clock.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { Releasers } from '../lib/releasers.ts';
import type { Terminal } from './verb.ts';

/** What a verb that looks at the state of an installation works with. */
export type Installation = {
  readonly config: Config;
  readonly pool: Pool;
  readonly log: Log;
  /** What is less safe about its database than it could be, a sentence each. */
  readonly remarks: readonly string[];
};

/** The folder where the embedded database would be made, when it was not made yet; null when there is one to look at. */
export function unmadeDatabase(config: Pick<Config, 'databaseUrl' | 'home'>): string | null {
  const dataDir = join(config.home, 'postgres');
  return config.databaseUrl === null && !existsSync(dataDir) ? dataDir : null;
}

/**
 * Opens the database of this installation (DATABASE_URL, or the embedded one, also while the bot runs), works, and closes
 * it again. Gives exit code 2 with a sentence when it cannot be opened, or was never made: a verb typed in another folder
 * must not answer out of a new and empty one.
 */
export async function withInstallation(
  terminal: Terminal,
  work: (installation: Installation) => Promise<number>,
): Promise<number> {
  const releasers = new Releasers();
  try {
    const config = readConfig(processEnvironment(), process.cwd());
    const unmade = unmadeDatabase(config);
    if (unmade !== null) {
      terminal.complain(
        `There is no database of Warroom in ${unmade}: go to the folder where Warroom was started, or set WARROOM_HOME or DATABASE_URL as it has them.`,
      );
      return 2;
    }
    const { log, close } = createLog('error', null);
    releasers.add('log', async () => close());
    const { pool, remarks } = await openState(config, { log, clock: systemClock, releasers });
    return await work({ config, pool, log, remarks });
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof UserError)) throw error;
    terminal.complain(messageOf(error));
    return 2;
  } finally {
    await releasers.releaseAll();
  }
}
