import { READS, type StatementEffect } from '../statement-effect.ts';
import type { SyntaxNode } from './grammar.ts';
import { checkHeredoc, readWord } from './read-word.ts';
import type { ShellScope, Stdin } from './scope.ts';
import { findHoles, isWordNode, parts } from './structure.ts';
import { NotUnderstood } from './word.ts';

/** What a redirection does, and what else is to be looked at because of it. */
export type RedirectFinding = {
  readonly effect: StatementEffect;
  /** What the command reads now; null when that stays as it was. */
  readonly stdin: Stdin | null;
  readonly words: readonly SyntaxNode[];
  readonly holes: readonly SyntaxNode[];
  /** Statements that the grammar puts inside of a here-document's redirection. */
  readonly rest: readonly SyntaxNode[];
};

const NOWHERE = new Set(['/dev/null', '/dev/stdout', '/dev/stderr']);
const nothing = { effect: READS, stdin: null, words: [], holes: [], rest: [] };

/** Writing anywhere but to /dev/null and the script's own output is a change. Throws `NotUnderstood` for what is unclear. */
export function checkRedirect(node: SyntaxNode, scope: ShellScope): RedirectFinding {
  if (node.type === 'heredoc_redirect') return checkHeredocRedirect(node, scope);
  if (node.type === 'herestring_redirect') {
    const words = parts(node).filter(isWordNode);
    const quiet = /^<<<\s*(?:""|''|"?Q"?)$/u.test(node.text);
    return { ...nothing, words, stdin: quiet ? 'closed' : 'data' };
  }
  return checkFile(node, scope);
}

function checkFile(node: SyntaxNode, scope: ShellScope): RedirectFinding {
  const all = parts(node);
  const sign = all.find((part) => !part.isNamed)?.type ?? '';
  const [target, ...more] = all.filter((part) => part.isNamed && part.type !== 'file_descriptor');
  if (more.length > 0) throw new NotUnderstood('An argument stands after a redirection.');
  if (/^[<>]&-$/u.test(sign) && target === undefined) return nothing;
  if (target === undefined || !isWordNode(target)) throw new NotUnderstood('A redirection is unclear.');
  const word = readWord({ start: target.startIndex, end: target.endIndex }, scope.words);
  const name = word.text ?? '';
  if ((sign === '>&' || sign === '<&') && /^\d-?$/u.test(name)) return { ...nothing, words: [target] };
  if (sign === '<') {
    if (/^\/dev\/(?!null$|stdin$|zero$)/u.test(name))
      return { ...nothing, effect: changes(`Opening ${name} may do more than read.`), words: [target], stdin: 'data' };
    return { ...nothing, words: [target], stdin: name === '/dev/null' ? 'closed' : 'data' };
  }
  if (['>', '>>', '&>', '&>>', '>|', '>&'].includes(sign) && NOWHERE.has(name)) return { ...nothing, words: [target] };
  return { ...nothing, effect: changes(`${sign} ${word.source.slice(0, 60)} writes a file.`), words: [target] };
}

/**
 * Finds the end of the here-document in the text itself: the grammar and a shell must agree on it, or lines of the one would be
 * commands of the other.
 */
function checkHeredocRedirect(node: SyntaxNode, scope: ShellScope): RedirectFinding {
  const all = parts(node);
  const start = all.find((part) => part.type === 'heredoc_start');
  const body = all.find((part) => part.type === 'heredoc_body');
  const end = all.find((part) => part.type === 'heredoc_end');
  const sign = all.find((part) => !part.isNamed)?.type ?? '';
  const match = /^(?<quote>["']?)(?<word>[A-Za-z_]\w*)\k<quote>$/u.exec(start?.text ?? '')?.groups;
  if (!start || !end || !match || !/^<<-?$/u.test(sign)) throw new NotUnderstood('A here-document is unclear.');
  const word = match.word ?? '';
  const lineEnd = scope.script.indexOf('\n', start.endIndex);
  const line = scope.script.slice(start.endIndex, lineEnd < 0 ? undefined : lineEnd);
  const close = closingLine(scope.script, lineEnd, { word, indented: sign === '<<-' });
  const bodyStart = body?.startIndex ?? end.startIndex;
  const aligned = close !== null && close.start <= end.startIndex && end.endIndex === close.end;
  if (lineEnd < 0 || line.includes('<<') || line.endsWith('\\') || !aligned || bodyStart < lineEnd)
    throw new NotUnderstood('The end of a here-document is unclear.');
  const known = new Set(['heredoc_start', 'heredoc_body', 'heredoc_end', 'file_descriptor']);
  const rest = all.filter((part) => !known.has(part.type) && (part.isNamed || !/^(?:<<-?|\n)$/u.test(part.type)));
  if (rest.some((part) => !RESTS.has(part.type))) throw new NotUnderstood('A here-document is followed by more words.');
  const holes = match.quote === '' && body ? findHoles(body) : [];
  if (match.quote === '') checkHeredoc({ start: lineEnd + 1, end: close.start }, scope.words);
  return { ...nothing, stdin: 'data', holes, rest: rest.filter((part) => part.isNamed) };
}

const RESTS = new Set(['pipeline', 'command', 'redirected_statement', '|']);

function closingLine(
  script: string,
  from: number,
  delimiter: { word: string; indented: boolean },
): { start: number; end: number } | null {
  for (let at = from + 1; from >= 0 && at <= script.length; ) {
    const next = script.indexOf('\n', at);
    const end = next < 0 ? script.length : next;
    const line = script.slice(at, end);
    const tabs = delimiter.indented ? (/^\t*/u.exec(line)?.[0].length ?? 0) : 0;
    if (line.slice(tabs) === delimiter.word) return { start: at, end };
    at = end + 1;
  }
  return null;
}

function changes(reason: string): StatementEffect {
  return { effect: 'change', reasons: [reason] };
}
