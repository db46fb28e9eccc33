import { UserError } from '../../lib/errors.ts';
import { boundValue } from '../bound-values.ts';
import type { BoundValues } from '../executor.ts';
import type { Piece } from '../placeholders.ts';
import type { RequestTemplate, TextOf } from './request-template.ts';

/**
 * The body with its values: in JSON typed (`{"limit": ${max}}`) or inside of strings, in forms encoded; other kinds take none.
 * Null when there is no body. Throws UserError `statement_invalid` or `placeholder_unbindable`.
 */
export function bindBody(template: RequestTemplate, values: BoundValues, textOf: TextOf): string | null {
  const { body } = template;
  if (body.length === 0) return null;
  if (template.method === 'GET' || template.method === 'HEAD') {
    throw new UserError(
      'statement_invalid',
      `A ${template.method} request has no body: leave it out, or use another method.`,
    );
  }
  const type = contentType(template);
  if (type.includes('json')) return jsonBody(body, values, textOf);
  const named = body.find((piece) => piece.kind === 'value');
  if (type === 'application/x-www-form-urlencoded') return formBody(body, values, textOf);
  if (named?.kind === 'value') {
    throw new UserError(
      'placeholder_unbindable',
      `\`\${${named.name}}\` cannot be bound in a body of type ${type}: use JSON or a form.`,
    );
  }
  return literal(body);
}

/** The declared type without parameters; without a declaration what the first character says. */
export function contentType(template: RequestTemplate): string {
  const header = template.headers.find(({ name }) => name.toLowerCase() === 'content-type');
  if (header) return literal(header.value).split(';')[0]?.trim().toLowerCase() ?? '';
  const [first] = template.body;
  return first?.kind === 'text' && /^\s*[[{]/u.test(first.text) ? 'application/json' : 'text/plain';
}

function jsonBody(pieces: readonly Piece[], values: BoundValues, textOf: TextOf): string {
  let text = '';
  let inString = false;
  const places: { name: string; inString: boolean }[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'text') {
      inString = endsInString(piece.text, inString);
      text += piece.text;
    } else {
      const json = JSON.stringify(textOf(boundValue(values, piece.name)));
      if (inString) text += json.startsWith('"') ? json.slice(1, -1) : json;
      else text += json;
      places.push({ name: piece.name, inString });
    }
  }
  if (!isJson(text))
    throw new UserError(
      'statement_invalid',
      'The body is not JSON: check quotes and commas, and let `${name}` stand for a whole value or inside quotes.',
    );
  refuseKeys(pieces);
  return text;
}

/** A value as a key would choose what is changed. */
function refuseKeys(pieces: readonly Piece[]): void {
  let marked = '';
  const names = new Map<string, string>();
  let inString = false;
  for (const piece of pieces) {
    if (piece.kind === 'text') {
      inString = endsInString(piece.text, inString);
      marked += piece.text;
    } else {
      const mark = `\u0001${names.size}\u0001`;
      names.set(mark, piece.name);
      const escaped = JSON.stringify(mark);
      marked += inString ? escaped.slice(1, -1) : escaped;
    }
  }
  JSON.parse(marked, (key, value: unknown) => {
    for (const [mark, name] of names) {
      if (key.includes(mark))
        throw new UserError(
          'placeholder_unbindable',
          `\`\${${name}}\` stands in the name of a JSON field: write the name out.`,
        );
    }
    return value;
  });
}

function endsInString(text: string, before: boolean): boolean {
  let inString = before;
  for (let at = 0; at < text.length; at += 1) {
    if (inString && text[at] === '\\') at += 1;
    else if (text[at] === '"') inString = !inString;
  }
  return inString;
}

function formBody(pieces: readonly Piece[], values: BoundValues, textOf: TextOf): string {
  return pieces
    .map((piece) =>
      piece.kind === 'text'
        ? piece.text.replace(/\n/gu, '')
        : encodeURIComponent(String(textOf(boundValue(values, piece.name)))),
    )
    .join('');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function literal(pieces: readonly Piece[]): string {
  return pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('');
}
