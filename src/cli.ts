import { helpText } from './cli/help.ts';
import { processTerminal } from './cli/terminal.ts';
import type { Verb } from './cli/verb.ts';

/** Each verb loads what it needs alone: `warroom classify` waits for no database driver. */
const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  acknowledge: async () => (await import('./cli/acknowledge.ts')).acknowledgeVerb,
  approvals: async () => (await import('./cli/approvals.ts')).approvalsVerb,
  approve: async () => (await import('./cli/approve.ts')).approveVerb,
  audit: async () => (await import('./cli/audit.ts')).auditVerb,
  classify: async () => (await import('./cli/classify.ts')).classifyVerb,
  deny: async () => (await import('./cli/deny.ts')).denyVerb,
  doctor: async () => (await import('./cli/doctor.ts')).doctorVerb,
  import: async () => (await import('./cli/import.ts')).importVerb,
  lint: async () => (await import('./cli/lint.ts')).lintVerb,
  migrate: async () => (await import('./cli/migrate.ts')).migrateVerb,
  runbooks: async () => (await import('./cli/runbooks.ts')).runbooksVerb,
  search: async () => (await import('./cli/search.ts')).searchVerb,
};

const [name = 'help', ...args] = process.argv.slice(2);
const terminal = processTerminal();
const load = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;

if (load !== undefined) process.exitCode = await (await load()).run(args, terminal);
else if (['help', '--help', '-h'].includes(name)) {
  const verbs = await Promise.all(Object.values(VERBS).map((each) => each()));
  terminal.write(helpText(verbs, args[0]));
} else {
  terminal.complain(`There is no \`warroom ${name}\`: \`warroom help\` lists what there is.`);
  process.exitCode = 2;
}
