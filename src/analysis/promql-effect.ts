import { READS, type StatementEffect } from './statement-effect.ts';

const TOKEN =
  /\s+|#[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|\$\{[a-z][a-z0-9_]*\}|(?:\d+(?:ms|[smhdwy]))+|0x[0-9a-fA-F]+|\d*\.?\d+(?:[eE][+-]?\d+)?|[A-Za-z_:][\w:.]*|=~|!~|==|!=|<=|>=|[-+*/%^(){}[\],=<>@:]/uy;
const OPERATOR =
  /^(?:[-+*/%^<>@]|==|!=|<=|>=|and|or|unless|atan2|offset|by|without|on|ignoring|group_left|group_right|bool)$/u;
const VALUE = /^(?:["'`\w$.]|[)}\]])/u;
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']' };

/**
 * A PromQL expression only ever reads. A text that cannot be one (unknown signs, open brackets, two values side by side, an operator
 * at its end) counts as a change: whatever is not understood is not harmless.
 */
export function promqlEffect(text: string): StatementEffect {
  const objection = promqlObjection(text);
  return objection === null ? READS : { effect: 'change', reasons: [objection] };
}

function promqlObjection(text: string): string | null {
  const tokens = tokenize(text);
  if (tokens === null) return 'This holds a sign that PromQL does not know.';
  const open: string[] = [];
  for (const [at, token] of tokens.entries()) {
    const closing = CLOSING[token];
    if (closing !== undefined) open.push(closing);
    else if (/^[)}\]]$/u.test(token) && open.pop() !== token)
      return 'The brackets of this PromQL expression do not match.';
    const next = tokens[at + 1];
    if (next !== undefined && open.length === 0 && isValue(token) && isValue(next))
      return `PromQL has no two values side by side (${token.slice(0, 20)} ${next.slice(0, 20)}).`;
  }
  if (open.length > 0) return 'A bracket of this PromQL expression is never closed.';
  const last = tokens.at(-1);
  return last === undefined || OPERATOR.test(last) ? 'This PromQL expression has no end.' : null;
}

function isValue(token: string): boolean {
  return VALUE.test(token) && !OPERATOR.test(token);
}

function tokenize(text: string): string[] | null {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) return null;
    if (!/^(?:\s|#)/u.test(token)) tokens.push(token);
  }
  return tokens;
}
