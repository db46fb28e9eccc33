import { withInstallation } from './open-database.ts';
import type { Terminal, Verb } from './verb.ts';

/** `warroom migrate`: what a start does to the schema, for those who keep the owner's login away from the bot. */
export const migrateVerb: Verb = {
  name: 'migrate',
  summary: 'Brings the database up to date with the owner’s login, and ends.',
  usage: [
    'warroom migrate    before a new version starts, where the bot itself has no DATABASE_OWNER_URL',
    'the login of DATABASE_URL is given its rights, the one of DATABASE_OWNER_URL does the work',
    'exit code 0 when the database is up to date, 2 when it could not be done',
  ],
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  if (args.length > 0) {
    terminal.complain('warroom migrate takes no words.');
    return 2;
  }
  return withInstallation(terminal, async ({ remarks }) => {
    terminal.write('The database is up to date.');
    for (const remark of remarks) terminal.complain(remark);
    return 0;
  });
}
