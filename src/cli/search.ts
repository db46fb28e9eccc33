import { resolve } from 'node:path';
import { analyseStatement } from '../executors/analyse-statement.ts';
import { messageOf } from '../lib/errors.ts';
import { loadPacks } from '../packs/load.ts';
import { buildSearchIndex, type SearchHit, searchRunbooks } from '../packs/search.ts';
import { readOptions } from './options.ts';
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

/** Options may stand anywhere among the words. */
const KNOWN = { verb: 'search', valued: ['--system', '--dir'], flags: ['--json'] };

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const read = readOptions(args, KNOWN);
  if (typeof read === 'string') return refuse(terminal, read);
  const { options } = read;
  const words = read.words.join(' ');
  const system = options.get('--system');
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
