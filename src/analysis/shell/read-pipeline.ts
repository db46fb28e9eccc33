import { type SyntaxNode, withSyntaxTree } from './grammar.ts';
import { readWord } from './read-word.ts';
import { findHoles, holesByStart, isWordNode, parts } from './structure.ts';
import { NotUnderstood, type WordScope } from './word.ts';

/** One argument as it stands in the text. */
export type WrittenWord = {
  readonly source: string;
  /** The value after quotes are taken away; null when only a run would show it (variables, substitutions). */
  readonly text: string | null;
  /** Holds a sign that no quote protects and that would match names of files; `text` is the word as written. */
  readonly pattern: boolean;
};

/** Where input or output of a command goes; `body` is the text of a here-document or here-string that expands nothing. */
export type Redirect = {
  /** `>`, `2>&`, `<<`: the descriptor as far as one is written, and the sign. */
  readonly sign: string;
  readonly target: WrittenWord | null;
  readonly body: string | null;
};

/** One command of a pipeline without anything inside of it that the shell would run first. */
export type WrittenCommand = {
  readonly environment: readonly { readonly name: string; readonly value: WrittenWord }[];
  readonly words: readonly WrittenWord[];
  readonly redirects: readonly Redirect[];
};

const INVISIBLE = /[^\P{C}\t\n]|[^\P{Z} ]/u;
const PLAIN_PATTERN = /^[\w:/.?=%@,+~[\]*{}$-]+$/u;

/**
 * The commands of a text that is one simple command or one pipeline of them, in their order. Null for every other construct, for a syntax
 * error, and where the grammar and a second reading of the words disagree: then only a shell knows what the text does.
 */
export async function readPipeline(source: string): Promise<WrittenCommand[] | null> {
  if (INVISIBLE.test(source) || source.length > 20_000) return null;
  // The grammar loses a lone dash before a here-document: `apply -f - <<EOF`.
  const text = source.replace(/^([^'"\n#]*\s)-(?=\s+<<-?\s*['"]?\w)/u, "$1'-'");
  return await withSyntaxTree(text, async (root) => {
    try {
      return root.hasError ? null : pipelineOf(root, { script: text, holes: holesByStart(root), kindOf: () => 'any' });
    } catch (error) {
      if (error instanceof NotUnderstood) return null;
      throw error;
    }
  });
}

function pipelineOf(root: SyntaxNode, scope: WordScope): WrittenCommand[] {
  const [statement, ...others] = parts(root).filter((part) => part.type !== '\n' && part.type !== ';');
  if (statement === undefined || others.length > 0) throw new NotUnderstood('This is not one command.');
  return stagesOf(statement, scope);
}

function stagesOf(node: SyntaxNode, scope: WordScope): WrittenCommand[] {
  if (node.type === 'pipeline') {
    return parts(node).flatMap((part) => {
      if (part.isNamed) return stagesOf(part, scope);
      if (part.type !== '|') throw new NotUnderstood('A pipeline is unclear.');
      return [];
    });
  }
  const [body, ...redirects] = node.type === 'redirected_statement' ? parts(node) : [];
  if (body?.type !== 'pipeline') return [commandOf(node, scope)];
  // `a | b > file`: the grammar hangs the redirection onto the whole pipeline, the shell onto its last command.
  const commands = stagesOf(body, scope);
  const last = commands.at(-1);
  if (last === undefined) throw new NotUnderstood('A pipeline is unclear.');
  const added = redirects.map((part) => redirectOf(part, scope));
  return [...commands.slice(0, -1), { ...last, redirects: [...last.redirects, ...added] }];
}

function commandOf(node: SyntaxNode, scope: WordScope): WrittenCommand {
  if (node.type === 'redirected_statement') {
    const [body, ...redirects] = parts(node);
    if (body?.type !== 'command') throw new NotUnderstood('A redirection is unclear.');
    const inner = commandOf(body, scope);
    return { ...inner, redirects: [...inner.redirects, ...redirects.map((part) => redirectOf(part, scope))] };
  }
  if (node.type !== 'command') throw new NotUnderstood(`${node.type} is not a simple command.`);
  const found = { environment: [], words: [], redirects: [] } as {
    environment: { name: string; value: WrittenWord }[];
    words: WrittenWord[];
    redirects: Redirect[];
  };
  for (const part of parts(node)) {
    if (/_redirect$/u.test(part.type)) found.redirects.push(redirectOf(part, scope));
    else if (part.type === 'variable_assignment' && found.words.length === 0)
      found.environment.push(assignmentOf(part, scope));
    else found.words.push(wordOf(part, scope));
  }
  if (found.words.length === 0) throw new NotUnderstood('There is no command here.');
  return found;
}

function assignmentOf(node: SyntaxNode, scope: WordScope): { name: string; value: WrittenWord } {
  const [name, sign, value, ...more] = parts(node);
  if (name?.type !== 'variable_name' || sign?.text !== '=' || more.length > 0)
    throw new NotUnderstood('An assignment is unclear.');
  return { name: name.text, value: value ? wordOf(value, scope) : { source: '', text: '', pattern: false } };
}

function wordOf(node: SyntaxNode, scope: WordScope): WrittenWord {
  if (!isWordNode(node) && !/^(?:==|=~|=|\$)$/u.test(node.text)) throw new NotUnderstood('A word is unclear.');
  const { source, text } = readWord({ start: node.startIndex, end: node.endIndex }, scope);
  // A pattern that matches no file stays as it is written; `{a,b}` and `{1..3}` become several words.
  const isPattern =
    text === null &&
    findHoles(node).length === 0 &&
    PLAIN_PATTERN.test(source) &&
    !/\{[^}]*(?:,|\.\.)[^}]*\}/u.test(source);
  return isPattern ? { source, text: source, pattern: true } : { source, text, pattern: false };
}

function redirectOf(node: SyntaxNode, scope: WordScope): Redirect {
  if (node.type === 'heredoc_redirect') return heredocOf(node);
  const all = parts(node);
  const signAt = all.findIndex((part) => !part.isNamed);
  const sign = all[signAt]?.type ?? '';
  const descriptor = all.find((part) => part.type === 'file_descriptor')?.text ?? '';
  const [target, ...more] = all.filter((part) => part.isNamed && part.type !== 'file_descriptor');
  if (more.length > 0) throw new NotUnderstood('An argument stands after a redirection.');
  const word = target === undefined ? null : wordOf(target, scope);
  if (node.type === 'herestring_redirect')
    return { sign: '<<<', target: word, body: word === null || word.text === null ? null : `${word.text}\n` };
  return { sign: `${descriptor}${sign}`, target: word, body: null };
}

function heredocOf(node: SyntaxNode): Redirect {
  const all = parts(node);
  const start = all.find((part) => part.type === 'heredoc_start')?.text ?? '';
  const body = all.find((part) => part.type === 'heredoc_body')?.text ?? '';
  const others = all.filter((part) => part.isNamed && !/^heredoc_(?:start|body|end)$/u.test(part.type));
  const sign = all.find((part) => !part.isNamed)?.type ?? '';
  const quoted = /^(?:'\w+'|"\w+")$/u.test(start);
  if (others.length > 0 || sign !== '<<' || (!quoted && (!/^\w+$/u.test(start) || /[$`\\]/u.test(body))))
    throw new NotUnderstood('A here-document is unclear.');
  return { sign, target: null, body };
}
