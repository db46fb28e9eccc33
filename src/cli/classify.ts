import { z } from 'zod';
import { CLASSIFIED, classifyStatement } from '../executors/classify-statement.ts';
import { messageOf } from '../lib/errors.ts';
import type { Terminal, Verb } from './verb.ts';

const lineSchema = z.strictObject({ lang: z.enum(CLASSIFIED), text: z.string() });

/** `warroom classify`: what a command may do, for one command or for a stream of them. It reaches no target. */
export const classifyVerb: Verb = {
  name: 'classify',
  summary: 'Says what a command may do: read, change or destructive.',
  usage: [
    'warroom classify "kubectl get pods -n shop"     one shell command',
    'warroom classify --lang=sql "SELECT 1"          one statement of another language',
    'warroom classify --jsonl < statements.jsonl     {"lang":"sh","text":"…"} a line in, {"effect":"…","reasons":["…"]} a line out',
    `languages: ${CLASSIFIED.join(', ')}; what is not understood is a change; exit code 1 when a line of the input is wrong, 2 for wrong usage`,
  ],
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = args.filter((arg) => arg.startsWith('--'));
  const texts = args.filter((arg) => !arg.startsWith('--'));
  const lang = z.enum(CLASSIFIED).safeParse(options.find((option) => option.startsWith('--lang='))?.slice(7) ?? 'sh');
  const unknown = options.find((option) => option !== '--jsonl' && !option.startsWith('--lang='));
  if (unknown !== undefined || !lang.success || texts.length > 1) {
    terminal.complain(wrongUsage(unknown, lang.success));
    return 2;
  }
  const [text] = texts;
  if (text !== undefined) {
    if (options.includes('--jsonl')) {
      terminal.complain('--jsonl reads lines from the standard input: leave the command out.');
      return 2;
    }
    terminal.write(JSON.stringify(await classifyStatement(lang.data, text)));
    return 0;
  }
  if (terminal.lines === null) {
    terminal.complain(
      'There is nothing to classify: give a command in quotes, or lines of JSON on the standard input.',
    );
    return 2;
  }
  return await classifyLines(terminal.lines, terminal);
}

function wrongUsage(unknown: string | undefined, knownLanguage: boolean): string {
  if (unknown !== undefined) return `warroom classify has no option ${unknown}: see \`warroom help classify\`.`;
  if (!knownLanguage) return `That language cannot be classified: choose one of ${CLASSIFIED.join(', ')}.`;
  return 'Give one command: put it in quotes, so that your shell hands it over as it is.';
}

/** One line out for each line in, in the same order; a line that is wrong is answered with its error and the rest goes on. */
async function classifyLines(lines: AsyncIterable<string>, terminal: Terminal): Promise<number> {
  let [number, wrong] = [0, 0];
  for await (const line of lines) {
    number += 1;
    try {
      const { lang, text } = lineSchema.parse(JSON.parse(line));
      terminal.write(JSON.stringify(await classifyStatement(lang, text)));
    } catch (error) {
      wrong += 1;
      terminal.write(JSON.stringify({ error: lineError(number, error) }));
    }
  }
  return wrong === 0 ? 0 : 1;
}

function lineError(number: number, error: unknown): string {
  const expected = `write {"lang":"…","text":"…"} with a language of ${CLASSIFIED.join(', ')}`;
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return `Line ${number}: ${issue?.path.join('.') || 'the object'}: ${issue?.message ?? 'is wrong'}; ${expected}.`;
  }
  if (error instanceof SyntaxError) return `Line ${number} is not JSON: ${expected}.`;
  return `Line ${number} could not be classified: ${messageOf(error)}`;
}
