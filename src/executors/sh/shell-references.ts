import { UserError } from '../../lib/errors.ts';
import { PARAM_NAME, placeOf } from '../placeholders.ts';

/** A place where the script uses a variable. */
export type ShellReference = {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly quoted: boolean;
};

/** Words after which the rest of the line is read as code once more, so that a value in it would be code too. */
const REREADS_CODE =
  /(?:^|[\s;|&(`])(?:eval|(?:\S*\/)?(?:ba|da|z|k|a|c|fi)?sh\s+(?:-[a-z]+\s+)*-[a-z]*c|su\s.*-c|ssh|source|trap|python3?\s+-c|perl\s+-e|node\s+-e|ruby\s+-e|awk|gawk|sed|psql|xargs)(?:\s|$)/u;

/**
 * The variables that a script takes from outside: `"$name"` and `"${name}"` with a parameter's name, unless the script sets them itself.
 * Throws UserError `placeholder_unbindable` where the shell would split a value into words, or a second interpreter would read it as code.
 */
export function shellReferences(script: string): string[] {
  const own = assignedNames(script);
  const references = findReferences(script).filter(({ name }) => !own.has(name));
  for (const reference of references) {
    if (!reference.quoted)
      throw objection(
        script,
        reference,
        `is not in double quotes, so the shell would split its value: write \`"$${reference.name}"\``,
      );
    const line = lineAround(script, reference.offset);
    if (REREADS_CODE.test(line)) {
      throw objection(
        script,
        reference,
        `stands in a line that an interpreter reads again as code: pass it as an argument or let the inner script read its environment`,
      );
    }
  }
  return [...new Set(references.map(({ name }) => name))];
}

/** The script with the values in the place of their references, as literal text: for looking at, never for running. */
export function scriptWithValues(script: string, values: ReadonlyMap<string, string>): string {
  const own = assignedNames(script);
  let text = '';
  let at = 0;
  for (const { name, offset, length } of findReferences(script)) {
    const value = own.has(name) ? undefined : values.get(name);
    if (value === undefined || offset < at) continue;
    // The reference stands in double quotes: they end, the value stands in single quotes, and they begin again.
    text += `${script.slice(at, offset)}"'${value.replaceAll("'", `'"'"'`)}'"`;
    at = offset + length;
  }
  return text + script.slice(at);
}

type Frame = 'plain' | 'double' | 'substitution' | 'backtick';
type Heredoc = { readonly delimiter: string; readonly expands: boolean; readonly indented: boolean };

/** A small reader of shell text: quotes, escapes, comments, substitutions and here-documents; enough to know what expands where. */
function findReferences(script: string): ShellReference[] {
  const found: ShellReference[] = [];
  const frames: Frame[] = ['plain'];
  const heredocs: Heredoc[] = [];
  let at = 0;
  while (at < script.length) {
    const inQuotes = frames.at(-1) === 'double';
    const skipped = inQuotes ? null : skipUnquoted(script, at);
    const heredoc = inQuotes ? null : heredocAt(script, at);
    if (script[at] === '\\') at += 2;
    else if (skipped !== null) at = skipped;
    else if (heredoc) {
      heredocs.push(heredoc.heredoc);
      at += heredoc.length;
    } else if (script[at] === '\n' && heredocs.length > 0) {
      at = readHeredocs(script, at + 1, { heredocs: heredocs.splice(0), found });
    } else if (script[at] === '$' && script[at + 1] !== '(') {
      const reference = referenceAt(script, at);
      if (reference) found.push({ ...reference, offset: at, quoted: inQuotes });
      at += reference?.length ?? 1;
    } else at += moveFrames(script, at, frames);
  }
  return found;
}

/** Enters or leaves quotes and substitutions; gives the number of characters that took. */
function moveFrames(script: string, at: number, frames: Frame[]): number {
  const top = frames.at(-1);
  const toggle = (frame: Frame) => (top === frame ? frames.pop() : frames.push(frame));
  if (script[at] === '"') toggle('double');
  else if (script[at] === '`') toggle('backtick');
  else if (script[at] === ')' && top === 'substitution') frames.pop();
  else if (script.startsWith('$(', at)) {
    frames.push('substitution');
    return 2;
  }
  return 1;
}

/** The end of a single-quoted text or a comment that begins here; null when neither does. */
function skipUnquoted(script: string, at: number): number | null {
  const ends = (end: number, after: number) => (end < 0 ? script.length : end + after);
  if (script[at] === "'") return ends(script.indexOf("'", at + 1), 1);
  const startsWord = at === 0 || /[\s;|&(]/u.test(script[at - 1] ?? '');
  return script[at] === '#' && startsWord ? ends(script.indexOf('\n', at), 0) : null;
}

function heredocAt(script: string, at: number): { heredoc: Heredoc; length: number } | null {
  if (!script.startsWith('<<', at) || script.startsWith('<<<', at) || script[at - 1] === '<') return null;
  const match = /^<<(?<dash>-?)[ \t]*(?<quote>["'\\]?)(?<word>[A-Za-z0-9_]+)["']?/u.exec(script.slice(at, at + 200));
  if (!match?.groups) return null;
  const { dash, quote, word = '' } = match.groups;
  return { heredoc: { delimiter: word, expands: quote === '', indented: dash === '-' }, length: match[0].length };
}

/** In a here-document values expand without being split: the same as in quotes. */
function readHeredocs(
  script: string,
  start: number,
  use: { heredocs: readonly Heredoc[]; found: ShellReference[] },
): number {
  let at = start;
  for (const { delimiter, expands, indented } of use.heredocs) {
    while (at < script.length) {
      const end = script.indexOf('\n', at) < 0 ? script.length : script.indexOf('\n', at);
      const line = script.slice(at, end);
      if ((indented ? line.replace(/^\t+/u, '') : line) === delimiter) {
        at = end + 1;
        break;
      }
      if (expands) {
        for (let column = 0; column < line.length; column += 1) {
          if (line[column] === '\\') column += 1;
          else if (line[column] === '$') {
            const reference = referenceAt(script, at + column);
            if (reference) use.found.push({ ...reference, offset: at + column, quoted: true });
          }
        }
      }
      at = end + 1;
    }
  }
  return at;
}

function referenceAt(script: string, at: number): { name: string; length: number } | null {
  const match = /^\$(?:\{(?<braced>[A-Za-z_]\w*)(?:[^}]*)\}|(?<bare>[A-Za-z_]\w*))/u.exec(script.slice(at, at + 200));
  const name = match?.groups?.braced ?? match?.groups?.bare ?? '';
  return match && PARAM_NAME.test(name) ? { name, length: match[0].length } : null;
}

/** Names that the script gives a value to by itself: assignments, `for`, `read`, `local`. */
function assignedNames(script: string): Set<string> {
  const names = new Set<string>();
  for (const match of script.matchAll(
    /(?:^|[\s;&|(])(?:(?:local|export|readonly|declare)\s+)?([a-z][a-z0-9_]*)\+?=/gmu,
  ))
    names.add(match[1] ?? '');
  for (const match of script.matchAll(/\bfor\s+([a-z][a-z0-9_]*)\s+in\b/gu)) names.add(match[1] ?? '');
  for (const match of script.matchAll(/\bread\s+(?:-\S+\s+)*([a-z][a-z0-9_ ]*)/gu))
    for (const name of (match[1] ?? '').split(' ')) names.add(name);
  return names;
}

function lineAround(script: string, offset: number): string {
  const start = script.lastIndexOf('\n', offset) + 1;
  const end = script.indexOf('\n', offset);
  return script.slice(start, end < 0 ? script.length : end);
}

function objection(script: string, reference: ShellReference, problem: string): UserError {
  return new UserError(
    'placeholder_unbindable',
    `\`$${reference.name}\` (${placeOf(script, reference.offset)}) ${problem}.`,
  );
}
