/** One `key=value` of a list; `true` for a key without a value. Columns are 1-based in the source line. */
export type Attribute = {
  readonly key: string;
  readonly value: string | true;
  readonly column: number;
  /** Where the value's first character stands, after the quote. */
  readonly valueColumn: number;
};

/** A list that was read completely. */
export type AttributeList = {
  readonly id: string;
  readonly idColumn: number;
  readonly attributes: readonly Attribute[];
};

/** A list that does not follow the grammar. */
export type AttributeError = { readonly error: string; readonly fix: string; readonly column: number };

const ID = /[a-z][a-z0-9_]*/uy;
const KEY = /[a-z][a-z0-9_]*/uy;
const BARE_VALUE = /[^\s"'{}=]+/uy;
const SPACES = /[ \t]+/uy;
const NOT_SPACE = /[^\s}]*/uy;

/**
 * Reads `{#id key=value key="…"}` at the end of a line, from the raw source: a Markdown parser has already decoded
 * `\\.` and `&lt;` in what it hands out, and would change an expression silently. Within quotes nothing is an escape.
 * `start` is the 0-based offset of the brace.
 */
export function readAttributes(line: string, start: number): AttributeList | AttributeError {
  let at = start + 1;
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(line)?.[0] ?? null;
    if (found !== null) at += found.length;
    return found;
  };
  const fail = (error: string, fix: string, column = at + 1): AttributeError => ({ error, fix, column });

  if (line[start - 1] !== ' ' && line[start - 1] !== '\t') {
    return fail('there is no space before "{"', 'Put a space between the language and "{".', start + 1);
  }
  if (line.includes('`', start)) {
    return fail('a backtick ends the fence', 'Remove the backtick.', line.indexOf('`', start) + 1);
  }
  match(SPACES);
  if (line[at] !== '#') return fail('the list does not start with an id', 'Start it with "{#some_id".');
  at += 1;
  const idColumn = at + 1;
  const id = match(ID);
  if (id === null || !endsToken(line[at])) {
    at = idColumn - 1;
    const written = match(NOT_SPACE) ?? '';
    return fail(`"${written}" is not an id`, 'Use a-z, 0-9 and _, starting with a letter.', idColumn);
  }
  const attributes: Attribute[] = [];
  for (;;) {
    const spaced = match(SPACES) !== null;
    if (at >= line.length) return fail('the list is not closed', 'Put "}" at the end of the line.');
    if (line[at] === '}') break;
    if (!spaced)
      return fail('a space is missing', 'Separate attributes by spaces; there are no escapes within quotes.');
    const read = readAttribute(line, at, match);
    if ('error' in read) return read;
    attributes.push(read);
    at =
      read.valueColumn -
      1 +
      (read.value === true ? 0 : read.value.length) +
      (line[read.valueColumn - 2] === '"' ? 1 : 0);
  }
  at += 1;
  const rest = line.slice(at).trimEnd();
  if (rest !== '') return fail('there is text after "}"', 'Nothing may follow the list.');
  return { id, idColumn, attributes };
}

function readAttribute(
  line: string,
  from: number,
  match: (pattern: RegExp) => string | null,
): Attribute | AttributeError {
  const column = from + 1;
  const key = match(KEY);
  if (key === null) {
    return {
      error: `"${line[from] ?? ''}" does not start an attribute`,
      fix: 'Write key=value or key="value".',
      column,
    };
  }
  const afterKey = from + key.length;
  if (line[afterKey] !== '=') {
    const spacedEquals = /^[ \t]+=/u.test(line.slice(afterKey));
    if (endsToken(line[afterKey]) && !spacedEquals) return { key, value: true, column, valueColumn: afterKey + 1 };
    return {
      error: `"${key}" is not followed by "="`,
      fix: `Write ${key}=value, without spaces.`,
      column: afterKey + 1,
    };
  }
  const valueStart = afterKey + 1;
  if (line[valueStart] === '"') {
    const end = line.indexOf('"', valueStart + 1);
    if (end === -1) {
      return {
        error: `the quote of "${key}" is not closed`,
        fix: 'Close it on the same line.',
        column: valueStart + 1,
      };
    }
    return { key, value: line.slice(valueStart + 1, end), column, valueColumn: valueStart + 2 };
  }
  BARE_VALUE.lastIndex = valueStart;
  const bare = BARE_VALUE.exec(line)?.[0] ?? '';
  if (bare === '' || !endsToken(line[valueStart + bare.length])) {
    return { error: `the value of "${key}" needs quotes`, fix: `Write ${key}="…".`, column: valueStart + 1 };
  }
  return { key, value: bare, column, valueColumn: valueStart + 1 };
}

function endsToken(character: string | undefined): boolean {
  return character === undefined || character === ' ' || character === '\t' || character === '}';
}
