import { combineEffects, READS, type StatementEffect } from '../statement-effect.ts';
import { checkArithmetic, checkTest } from './conditions.ts';
import type { SyntaxNode } from './grammar.ts';
import { readWord } from './read-word.ts';
import { checkRedirect } from './redirects.ts';
import type { ShellScope, Stdin } from './scope.ts';
import { isWordNode, parts } from './structure.ts';
import { isHarmlessInEnvironment, isOwnVariable } from './variables.ts';
import { NotUnderstood, type Word } from './word.ts';

/** Tokens of the grammar that join commands and run nothing themselves. */
const JOINTS = new Set(
  '; ;; & && || | |& ( ) { } if then elif else fi while until do done for in case esac ! function select'.split(' '),
);
const NESTING = new Set(
  `program list subshell compound_statement do_group if_statement elif_clause else_clause while_statement case_item for_statement
  negated_command case_statement`.split(/\s+/u),
);

/** What the statement does, and everything inside of it. Throws `NotUnderstood` for a construct that is not on the lists here. */
export async function walk(node: SyntaxNode, scope: ShellScope, stdin: Stdin): Promise<StatementEffect> {
  if (NESTING.has(node.type)) return await walkParts(node, scope, stdin);
  switch (node.type) {
    case 'comment':
      if (!node.text.startsWith('#') || node.text.includes('\n')) throw new NotUnderstood('A comment is unclear.');
      return READS;
    case 'pipeline':
      return await walkPipeline(node, scope, stdin);
    case 'command':
      return await walkCommand(node, scope, stdin);
    case 'redirected_statement':
      return await walkRedirected(node, scope, stdin);
    case 'function_definition':
      return await walkFunction(node, scope);
    case 'test_command':
      return combineEffects([checkTest(node, scope), await walkHoles(node, scope)]);
    case 'variable_assignments':
      return await walkParts(node, scope, stdin);
    case 'variable_assignment':
      return await walkAssignment(node, scope, isAssignable);
    case 'declaration_command':
      return await walkDeclaration(node, scope);
    default:
      throw new NotUnderstood(`${node.type.replaceAll('_', ' ')} is not a construct that is known to read.`);
  }
}

async function walkParts(node: SyntaxNode, scope: ShellScope, stdin: Stdin): Promise<StatementEffect> {
  const found: StatementEffect[] = [];
  for (const part of parts(node)) {
    if (part.type === 'variable_name' && node.type === 'for_statement') found.push(assignable(part.text, isAssignable));
    else if (isWordNode(part)) found.push((await readNode(part, scope)).effect);
    else if (part.isNamed) found.push(await walk(part, scope, stdin));
    else if (!JOINTS.has(part.type) && part.type !== '\n')
      throw new NotUnderstood(`\`${part.text}\` is not known here.`);
  }
  return combineEffects(found);
}

async function walkPipeline(node: SyntaxNode, scope: ShellScope, stdin: Stdin): Promise<StatementEffect> {
  const found: StatementEffect[] = [];
  let fed: Stdin = stdin;
  for (const part of parts(node)) {
    if (!part.isNamed) {
      if (part.type !== '|' && part.type !== '|&') throw new NotUnderstood(`\`${part.text}\` is not known here.`);
      continue;
    }
    found.push(await walk(part, scope, fed));
    // Several programs send what they read to another machine; an empty line or a Q ends their session and nothing more.
    fed = /^(?:true|:|echo(?: -n)?(?: (?:Q|QUIT|""|''|"Q"|'Q'))?)$/u.test(part.text) ? 'closed' : 'data';
  }
  return combineEffects(found);
}

async function walkRedirected(node: SyntaxNode, scope: ShellScope, stdin: Stdin): Promise<StatementEffect> {
  const found: StatementEffect[] = [];
  let fed = stdin;
  const [redirects, others] = [parts(node).filter(isRedirect), parts(node).filter((part) => !isRedirect(part))];
  for (const redirect of redirects) {
    const result = await walkRedirect(redirect, scope);
    found.push(result.effect);
    fed = result.stdin ?? fed;
  }
  for (const part of others) found.push(await walk(part, scope, fed));
  return combineEffects(found);
}

function isRedirect(node: SyntaxNode): boolean {
  return ['file_redirect', 'heredoc_redirect', 'herestring_redirect'].includes(node.type);
}

async function walkRedirect(
  node: SyntaxNode,
  scope: ShellScope,
): Promise<{ effect: StatementEffect; stdin: Stdin | null }> {
  const result = checkRedirect(node, scope);
  const found = [result.effect];
  for (const word of result.words) found.push((await readNode(word, scope)).effect);
  for (const hole of result.holes) found.push(await walkHole(hole, scope));
  // `cat <<EOF | next`: the rest of the line stands inside of the redirection, and reads what the command before it wrote.
  for (const rest of result.rest) found.push(await walk(rest, scope, 'data'));
  return { effect: combineEffects(found), stdin: result.stdin };
}

async function walkCommand(node: SyntaxNode, scope: ShellScope, stdin: Stdin): Promise<StatementEffect> {
  const words: Word[] = [];
  const found: StatementEffect[] = [];
  let fed = stdin;
  for (const part of parts(node)) {
    if (isRedirect(part)) {
      const result = await walkRedirect(part, scope);
      found.push(result.effect);
      fed = result.stdin ?? fed;
    } else if (part.type === 'variable_assignment' && words.length === 0) {
      found.push(await walkAssignment(part, scope, isHarmlessInEnvironment));
    } else {
      const read = await readNode(part, scope);
      found.push(read.effect);
      words.push(read.word);
    }
  }
  if (words.length > 0) found.push(await scope.runs(words, fed));
  return combineEffects(found);
}

async function walkFunction(node: SyntaxNode, scope: ShellScope): Promise<StatementEffect> {
  const name = node.childForFieldName('name')?.text ?? '';
  const body = node.childForFieldName('body');
  if (!/^[A-Za-z_]\w*$/u.test(name) || body?.type !== 'compound_statement')
    throw new NotUnderstood('A function is unclear.');
  parts(node); // nothing hides between its parts
  if (parts(node).some((part) => isRedirect(part))) throw new NotUnderstood('A function is unclear.');
  const effect = await walk(body, scope, 'data');
  // Only a definition that has surely been carried out makes a call a call of this function and not of a program.
  const next = node.nextSibling;
  const sure =
    node.parent?.type === 'program' && (next === null || next.isNamed || next.type === ';' || next.type === '\n');
  if (sure) scope.functions.add(name);
  return effect;
}

async function walkAssignment(
  node: SyntaxNode,
  scope: ShellScope,
  allowed: (name: string) => boolean,
): Promise<StatementEffect> {
  const [name, sign, value, ...more] = parts(node);
  const touching = node.children.every((child, index) => {
    const next = node.children[index + 1];
    return !child || !next || child.endIndex === next.startIndex;
  });
  if (name?.type !== 'variable_name' || !/^\+?=$/u.test(sign?.text ?? '') || more.length > 0 || !touching)
    throw new NotUnderstood('An assignment is unclear.');
  const found = [assignable(name.text, allowed)];
  if (value?.type === 'array') {
    for (const part of parts(value)) if (part.isNamed) found.push((await readNode(part, scope)).effect);
  } else if (value) found.push((await readNode(value, scope)).effect);
  return combineEffects(found);
}

/** `export`, `local`, `declare`: without options other than -r and -x, which steer how a value is read. */
async function walkDeclaration(node: SyntaxNode, scope: ShellScope): Promise<StatementEffect> {
  const [keyword, ...rest] = parts(node);
  const exported = keyword?.type === 'export' || rest.some((part) => /^-\w*x/u.test(part.text));
  const allowed = exported ? isHarmlessInEnvironment : isAssignable;
  const found: StatementEffect[] = [];
  for (const part of rest) {
    if (part.type === 'variable_assignment') found.push(await walkAssignment(part, scope, allowed));
    else if (part.type === 'variable_name') found.push(assignable(part.text, allowed));
    else if (!/^-[rx]+$/u.test(part.text)) throw new NotUnderstood(`${keyword?.text ?? ''} ${part.text} is unclear.`);
  }
  return combineEffects(found);
}

const isAssignable = (name: string): boolean => isOwnVariable(name) || isHarmlessInEnvironment(name);

function assignable(name: string, allowed: (name: string) => boolean): StatementEffect {
  if (allowed(name)) return READS;
  return { effect: 'change', reasons: [`The variable ${name} may steer what the commands after it do.`] };
}

async function readNode(node: SyntaxNode, scope: ShellScope): Promise<{ word: Word; effect: StatementEffect }> {
  if (!isWordNode(node) && node.type !== 'command_name' && !/^(?:==|=~|=|\$)$/u.test(node.text))
    throw new NotUnderstood(`${node.type.replaceAll('_', ' ')} is not known here.`);
  const word = readWord({ start: node.startIndex, end: node.endIndex }, scope.words);
  return { word, effect: await walkHoles(node, scope) };
}

/** Every substitution inside of a word or a test, down to the commands that it runs. */
async function walkHoles(node: SyntaxNode, scope: ShellScope): Promise<StatementEffect> {
  const found: StatementEffect[] = [];
  for (const hole of scope.holesIn(node)) found.push(await walkHole(hole, scope));
  return combineEffects(found);
}

async function walkHole(hole: SyntaxNode, scope: ShellScope): Promise<StatementEffect> {
  if (hole.type === 'arithmetic_expansion') return checkArithmetic(hole, scope);
  if (hole.type !== 'command_substitution' && hole.type !== 'process_substitution') return READS;
  const found: StatementEffect[] = [];
  for (const part of parts(hole)) {
    if (!part.isNamed) {
      if (!/^(?:\$\(|\)|`|<\(|>\(|;|&)$/u.test(part.text.trim()) && part.type !== '\n')
        throw new NotUnderstood('A substitution is unclear.');
    } else if (isRedirect(part)) found.push((await walkRedirect(part, scope)).effect);
    else found.push(await walk(part, scope, 'data'));
  }
  if (hole.text.startsWith('`') && (hole.text.slice(1, -1).includes('`') || hole.text.includes('\\')))
    throw new NotUnderstood('Backticks with a backslash inside are unclear.');
  return combineEffects(found);
}
