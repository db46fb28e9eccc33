import { auditVerb } from './cli/audit.ts';
import { classifyVerb } from './cli/classify.ts';
import { helpText } from './cli/help.ts';
import { importVerb } from './cli/import.ts';
import { lintVerb } from './cli/lint.ts';
import { runbooksVerb } from './cli/runbooks.ts';
import { searchVerb } from './cli/search.ts';
import { processTerminal } from './cli/terminal.ts';
import type { Verb } from './cli/verb.ts';

const VERBS: readonly Verb[] = [auditVerb, classifyVerb, importVerb, lintVerb, runbooksVerb, searchVerb];

const [name = 'help', ...args] = process.argv.slice(2);
const terminal = processTerminal();
const verb = VERBS.find((candidate) => candidate.name === name);

if (verb !== undefined) process.exitCode = await verb.run(args, terminal);
else if (['help', '--help', '-h'].includes(name)) terminal.write(helpText(VERBS, args[0]));
else {
  terminal.complain(`There is no \`warroom ${name}\`: \`warroom help\` lists what there is.`);
  process.exitCode = 2;
}
