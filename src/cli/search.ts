import { resolve } from 'node:path';
import { analyseStatement } from '../executors/analyse-statement.ts';
import { messageOf } from '../lib/errors.ts';
import { loadPacks } from '../packs/load.ts';
import { buildSearchIndex, type SearchHit, searchRunbooks } from '../packs/search.ts';
import type { Terminal, Verb } from './verb.ts';

/** `warroom search`: the runbooks for what somebody sees, from the files alone. It reaches no target and no database. */
export const searchVerb: Verb = {
  name: 'search',
  summary: 'Finds runbooks by alert, symptom, title, heading, command or line of a log.',
  usage: [
    'warroom search WORDS…               best first, with the reason; letters may be wrong, words incomplete',
    'warroom search WORDS… --system=ID   in one system alone',
    'warroom search WORDS… --json        [{"id","system","title","score","why"}]',
    'warroom search WORDS… --dir=DIR     in another folder of systems than `runbooks`',
    'exit code 0 when something was found, 1 when nothing was, 2 for wrong usage',
  ],
  run,
};

const VALUED = ['--system', '--dir'];

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { words, options, wrong } = readArguments(args);
  const system = options.get('--system');
  if (wrong !== null) return refuse(terminal, wrong);
  if (words.trim() === '') return refuse(terminal, 'Say what you see: `warroom search quotes are late`.');
  const dir = resolve(options.get('--dir') ?? 'runbooks');
  const packs = await load(dir);
  if (typeof packs === 'string') return refuse(terminal, packs);
  if (system !== undefined && !packs.systems.has(system)) {
    return refuse(terminal, `There is no system ${system}: choose one of ${[...packs.systems.keys()].join(', ')}.`);
  }
  const index = buildSearchIndex(packs.runbooks.values());
  const hits = searchRunbooks(index, words, system === undefined ? {} : { system });
  if (options.has('--json')) terminal.write(JSON.stringify(hits));
  else if (hits.length === 0) terminal.complain(`No runbook was found for “${words}”: try fewer words.`);
  else for (const line of table(hits)) terminal.write(line);
  return hits.length === 0 ? 1 : 0;
}

type Arguments = { words: string; options: ReadonlyMap<string, string>; wrong: string | null };

/** Options may stand anywhere, with `=` or with their value behind them. */
function readArguments(args: readonly string[]): Arguments {
  const options = new Map<string, string>();
  const words: string[] = [];
  let waiting: string | null = null;
  for (const arg of args) {
    const [name = '', value] = arg.split(/=(.*)/su, 2);
    if (waiting !== null) {
      options.set(waiting, arg);
      waiting = null;
    } else if (!arg.startsWith('--')) words.push(arg);
    else if (arg === '--json') options.set('--json', '');
    else if (VALUED.includes(name) && value !== undefined) options.set(name, value);
    else if (VALUED.includes(name)) waiting = name;
    else return { words: '', options, wrong: `warroom search has no option ${arg}: see \`warroom help search\`.` };
  }
  return { words: words.join(' '), options, wrong: waiting === null ? null : `${waiting} needs a value behind it.` };
}

async function load(dir: string) {
  try {
    return await loadPacks({ dir, resolveSetting: (_name, fallback) => fallback, analyse: analyseStatement });
  } catch (error) {
    return `The runbooks in ${dir} cannot be read (${messageOf(error)}): name their folder with --dir=DIR.`;
  }
}

function refuse(terminal: Terminal, sentence: string): number {
  terminal.complain(sentence);
  return 2;
}

function table(hits: readonly SearchHit[]): string[] {
  const name = ({ system, id }: SearchHit) => `${system}/${id}`;
  const width = Math.max(...hits.map((hit) => name(hit).length));
  return hits.map((hit) => `${name(hit).padEnd(width)}  ${hit.title} (${hit.why})`);
}
