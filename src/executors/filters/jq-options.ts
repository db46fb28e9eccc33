import { UserError } from '../../lib/errors.ts';
import { type ArgumentTemplate, literalWord } from '../command-line.ts';
import { invalid } from './options.ts';

/** A call of jq: options as its own command line takes them, and the program. */
export type JqCall = { readonly flags: readonly string[]; readonly program: string };

const LONG: Readonly<Record<string, string>> = {
  'raw-output': 'r',
  'compact-output': 'c',
  'exit-status': 'e',
  slurp: 's',
  'sort-keys': 'S',
  'null-input': 'n',
  'join-output': 'j',
  'raw-input': 'R',
  'ascii-output': 'a',
  'monochrome-output': 'M',
};
const LETTERS = new Set(Object.values(LONG));

/** What to do instead of an option that is not there. */
const INSTEAD: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/^(?:-f|--from-file)$/u, 'no file is read here, write the program into the step'],
  [/^(?:--slurpfile|--rawfile|-L.*|--library-path)$/u, 'no file is read here, give values with --arg NAME VALUE'],
  [/^(?:--args|--jsonargs)$/u, 'give values with --arg NAME VALUE'],
  [/^(?:-C|--color-output|--tab|--indent|--unbuffered)$/u, 'leave it out, it only changes how the output looks'],
];

/**
 * Reads the arguments of `jq`: -r -c -e -s -S -n -j -R -a, `--arg NAME TEXT`, `--argjson NAME JSON` and one program. Throws UserError
 * `statement_invalid` for everything else: files above all.
 */
export function readJq(args: readonly string[]): JqCall {
  const flags: string[] = [];
  const operands: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? '';
    if (word === '--arg' || word === '--argjson') {
      const [name, value] = [args[at + 1], args[at + 2]];
      if (name === undefined || value === undefined || !/^[A-Za-z_]\w*$/u.test(name))
        throw invalid(`\`jq ${word}\` takes a name and a value: write \`${word} name value\`.`);
      if (word === '--argjson') requireJson(name, value);
      flags.push(word, name, value);
      at += 2;
    } else if (word.startsWith('-') && word !== '-') flags.push(...letters(word));
    else operands.push(word);
  }
  const [program, ...others] = operands;
  if (others.length > 0) {
    throw invalid(
      `\`jq\` reads what comes through the pipe, not \`${(others[0] ?? '').slice(0, 40)}\`: leave it out, or put the whole program into single quotes.`,
    );
  }
  return { flags, program: program ?? '.' };
}

/**
 * A value may only stand behind `--arg NAME`: anywhere else it would be read as a part of the program. Throws UserError
 * `placeholder_unbindable`.
 */
export function checkJqPlaces(words: readonly ArgumentTemplate[]): void {
  for (let at = 1; at < words.length; at += 1) {
    if (literalWord(words[at]) === '--arg' && literalWord(words[at + 1]) !== null) {
      at += 2;
      continue;
    }
    const part = words[at]?.find((piece) => 'name' in piece);
    if (part === undefined || !('name' in part)) continue;
    throw new UserError(
      'placeholder_unbindable',
      `\`\${${part.name}}\` would be read as a part of the jq program: write \`--arg ${part.name} \${${part.name}}\` before the program and \`$${part.name}\` in it.`,
    );
  }
}

function letters(word: string): string[] {
  const own = word.startsWith('--') ? [LONG[word.slice(2)] ?? ''] : [...word.slice(1)];
  if (own.length > 0 && own.every((letter) => LETTERS.has(letter))) return own.map((letter) => `-${letter}`);
  const advice =
    INSTEAD.find(([pattern]) => pattern.test(word))?.[1] ??
    'there are -r, -c, -e, -s, -S, -n, -j, -R, -a, --arg and --argjson';
  throw invalid(`\`jq\` after | does not know ${word.slice(0, 40)}: ${advice}.`);
}

function requireJson(name: string, value: string): void {
  try {
    JSON.parse(value);
  } catch {
    throw invalid(`The value of \`jq --argjson ${name}\` is no JSON: correct it, or give a text with --arg.`);
  }
}
