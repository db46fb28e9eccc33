import { READS, type StatementEffect } from '../statement-effect.ts';
import type { SyntaxNode } from './grammar.ts';
import { splitWords } from './read-word.ts';
import type { ShellScope } from './scope.ts';
import { NotUnderstood, type Word } from './word.ts';

const UNARY = new Set('-n -z -e -f -d -r -w -x -s -h -L -b -c -p -S -g -u -k -O -G -N -t'.split(' '));
const TEXT = new Set('= == != =~ -nt -ot -ef -a -o'.split(' '));
/** `[[` computes both sides as arithmetic, which may run commands that stand in a variable's value; `[` only reads digits. */
const NUMERIC = new Set('-eq -ne -lt -le -gt -ge'.split(' '));

/**
 * `[ … ]` and `[[ … ]]` read. Throws `NotUnderstood` where they could do more: `-v` and `-R` compute a subscript, numbers in `[[ … ]]`
 * are computed, and `&&`, `||`, `<`, `>` and `(` inside of `[[ … ]]` mean something else to a shell that does not know it.
 */
export function checkTest(node: SyntaxNode, scope: ShellScope): StatementEffect {
  const doubled = node.text.startsWith('[[') && node.text.endsWith(']]');
  const width = doubled ? 2 : 1;
  if (!doubled && !(node.text.startsWith('[') && node.text.endsWith(']') && !node.text.startsWith('[[')))
    throw new NotUnderstood('A test is unclear.');
  const span = { start: node.startIndex + width, end: node.endIndex - width };
  checkTestWords(splitWords(span, scope.words), doubled);
  return READS;
}

/** The words of a test between its brackets, or after `test`. Throws as `checkTest` does. */
export function checkTestWords(words: readonly Word[], doubled: boolean): void {
  words.forEach((word, at) => {
    const operator = word.text ?? '';
    if (operator === '-v' || operator === '-R') throw new NotUnderstood(`A test with ${operator} may run commands.`);
    if (doubled && NUMERIC.has(operator)) [words[at - 1], words[at + 1]].forEach(requireNumber);
    if (word.text !== null) return;
    if (!doubled && !word.single) throw new NotUnderstood(`${word.source} is not in quotes in a test.`);
    if (!isGuarded(words, at)) throw new NotUnderstood(`${word.source} could be an operator of a test.`);
  });
}

function requireNumber(word: Word | undefined): void {
  if (word?.text === null ? !word.source.match(/^"?\$(?:[?#]|\{?#\w+\}?)"?$/u) : !/^-?\d+$/u.test(word?.text ?? ''))
    throw new NotUnderstood('A number in [[ … ]] is computed, which may run commands.');
}

/** An unknown word is an operand when it stands beside a written operator or alone. */
function isGuarded(words: readonly Word[], at: number): boolean {
  const [before, after] = [words[at - 1]?.text ?? null, words[at + 1]?.text ?? null];
  const binary = (text: string | null): boolean => text !== null && (TEXT.has(text) || NUMERIC.has(text));
  if (words.length === 1 || (words.length === 2 && before === '!')) return true;
  return binary(after) || binary(before) || (before !== null && UNARY.has(before));
}

/** Throws `NotUnderstood` unless every name in it holds a number: the shell computes the text of a variable again, commands included. */
export function checkArithmetic(node: SyntaxNode, scope: ShellScope): StatementEffect {
  if (!node.text.startsWith('$((') || !node.text.endsWith('))')) throw new NotUnderstood('Arithmetic is unclear.');
  const inside = node.text.slice(3, -2).replace(/\$\(date(?: -d ["'][\w :+-]+["'])? \+%s\)/gu, '0');
  const names = inside.match(/[A-Za-z_]\w*|\$[?#]/gu) ?? [];
  const plain = inside.replace(/\$\{?[A-Za-z_]\w*\}?|\$[?#]|[A-Za-z_]\w*/gu, '0');
  if (!/^[\d\s+\-*/%()<>!&|?:]*$/u.test(plain)) throw new NotUnderstood('Arithmetic is unclear.');
  for (const name of names)
    if (!name.startsWith('$') && scope.variables.kindOf(name) !== 'number')
      throw new NotUnderstood(`Arithmetic with ${name} may run commands that stand in its value.`);
  return READS;
}
