import { helpOf, helpText } from './cli/help.ts';
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

const ASKS_FOR_HELP = ['help', '--help', '-h'];
const [name = 'help', ...args] = process.argv.slice(2);
const terminal = processTerminal();
// `warroom help deny`, and as people type it who know other programs: `warroom deny --help`.
const asksHelp = ASKS_FOR_HELP.includes(name);
const about = asksHelp ? args[0] : name;
const load = about !== undefined && Object.hasOwn(VERBS, about) ? VERBS[about] : undefined;

if (about !== undefined && load === undefined) {
  terminal.complain(`There is no \`warroom ${about}\`: \`warroom help\` lists what there is.`);
  process.exitCode = 2;
} else if (load === undefined) {
  terminal.write(helpText(await Promise.all(Object.values(VERBS).map((each) => each()))));
} else if (asksHelp || args.some((arg) => arg === '--help' || arg === '-h')) {
  terminal.write(helpOf(await load()));
} else process.exitCode = await (await load()).run(args, terminal);
