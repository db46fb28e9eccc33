/** A shell command that goes over one or more lines; `end` is the 0-based line after it. */
export type ReadCommand = { readonly end: number; readonly complete: boolean };

type State = {
  quote: '' | "'" | '"' | '`';
  /** Open round and curly brackets. */
  depth: number;
  /** Open `if`, `for`, `while`, `until`, `case`. */
  blocks: number;
  /** Words at this place are commands: `done` ends a loop there, `echo done` does not. */
  atCommand: boolean;
  readonly heredocs: { readonly word: string; readonly tabs: boolean }[];
};

const OPENERS = new Set(['if', 'for', 'while', 'until', 'case', 'select']);
const CLOSERS = new Set(['fi', 'done', 'esac']);
/** After these the next word is again a command. */
const LEADERS = new Set(['do', 'then', 'else', 'elif', 'if', 'while', 'until', 'time', '!', 'sudo']);
/** No command of a runbook is longer; the bound keeps an open quote from reading the file again and again. */
const LONGEST = 400;

/**
 * The command that begins on line `at`: continued lines, open quotes and brackets, loops and heredocs belong to it. When it
 * never ends, `complete` is false and it takes one line; a heredoc without its end takes all that is left.
 */
export function readCommand(lines: readonly string[], at: number): ReadCommand {
  const state: State = { quote: '', depth: 0, blocks: 0, atCommand: true, heredocs: [] };
  const limit = Math.min(lines.length, at + LONGEST);
  for (let index = at; index < limit; index += 1) {
    const goesOn = scanLine(lines[index] ?? '', state);
    while (state.heredocs.length > 0) {
      const heredoc = state.heredocs.shift();
      const close = lines.findIndex(
        (line, line_) =>
          line_ > index && line_ < limit && (heredoc?.tabs ? line.replace(/^\t+/u, '') : line).trim() === heredoc?.word,
      );
      if (close === -1) return { end: lines.length, complete: false };
      index = close;
    }
    if (!goesOn && state.quote === '' && state.depth <= 0 && state.blocks <= 0)
      return { end: index + 1, complete: true };
  }
  return { end: at + 1, complete: false };
}

/** Reads one line into the state; true when the command goes on by a backslash, a pipe or an operator at its end. */
function scanLine(line: string, state: State): boolean {
  let word = '';
  let last = '';
  const endWord = () => {
    if (word !== '') {
      takeWord(word, state);
      last = word;
    }
    word = '';
  };
  if (state.quote === '') state.atCommand = true;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (state.quote !== '') {
      if (character === '\\' && state.quote !== "'") at += 1;
      else if (character === state.quote) state.quote = '';
      if (at >= line.length) return false;
      continue;
    }
    if (character === '\\') {
      if (at === line.length - 1) return true;
      word += line[at + 1] ?? '';
      at += 1;
    } else if (character === '#' && (at === 0 || /[\s;|&(]/u.test(line[at - 1] ?? ''))) break;
    else if (character === "'" || character === '"' || character === '`') {
      state.quote = character;
      word += character;
    } else if (/\s/u.test(character)) endWord();
    else if (line.startsWith('<<<', at)) at += 2;
    else if (line.startsWith('<<', at)) {
      endWord();
      at = readHeredoc(line, at, state);
    } else if ('|&;(){}'.includes(character)) {
      at = readOperator(line, at, state, word, endWord);
      last = line[at] ?? '';
    } else word += character;
  }
  if (state.quote === '') endWord();
  return /[|&]$/u.test(last) && !/(?:^|[^&|])&$/u.test(line.trimEnd());
}

function readOperator(line: string, at: number, state: State, word: string, endWord: () => void): number {
  const character = line[at] ?? '';
  // `${name}`, `{}` and `pattern)` of a case are parts of words.
  if (character === '{' && (word !== '' || line[at + 1] === '}' || /[^\s]/u.test(line[at + 1] ?? ' ')))
    return closeBrace(line, at);
  endWord();
  if (character === '(' || character === '{') state.depth += 1;
  else if (character === '}' || (character === ')' && !(state.blocks > 0 && state.depth === 0))) state.depth -= 1;
  state.atCommand = character !== ')' && character !== '}';
  return at;
}

function closeBrace(line: string, at: number): number {
  let depth = 0;
  for (let index = at; index < line.length; index += 1) {
    if (line[index] === '{') depth += 1;
    else if (line[index] === '}') depth -= 1;
    if (depth === 0) return index;
  }
  return at;
}

function readHeredoc(line: string, at: number, state: State): number {
  const match = /^<<(-?)\s*(["']?)([A-Za-z_][\w.-]*)\2/u.exec(line.slice(at));
  if (!match?.[3]) return at + 1;
  state.heredocs.push({ word: match[3], tabs: match[1] === '-' });
  return at + match[0].length - 1;
}

function takeWord(word: string, state: State): void {
  if (!state.atCommand) return;
  if (OPENERS.has(word)) state.blocks += 1;
  else if (CLOSERS.has(word)) state.blocks -= 1;
  state.atCommand = LEADERS.has(word) || /^[A-Za-z_]\w*=/u.test(word);
}

/** The text of a command without a comment at its end, and the comment. A `#` within quotes is none. */
export function cutComment(line: string): { text: string; comment: string } {
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote !== '') {
      if (character === '\\' && quote !== "'") at += 1;
      else if (character === quote) quote = '';
    } else if (character === '\\') at += 1;
    else if (character === "'" || character === '"' || character === '`') quote = character;
    else if (character === '#' && at > 0 && /\s/u.test(line[at - 1] ?? '')) {
      return { text: line.slice(0, at).trimEnd(), comment: line.slice(at + 1).trim() };
    }
  }
  return { text: line.trimEnd(), comment: '' };
}
