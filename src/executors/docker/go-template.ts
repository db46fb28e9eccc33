import type { Json } from '../../lib/canonical-json.ts';
import { UserError } from '../../lib/errors.ts';

type Part = { readonly text: string } | { readonly path: readonly string[]; readonly json: boolean };

/** A format such as `{{.Names}}\t{{.Status}}`. */
export type Template = { readonly table: boolean; readonly parts: readonly Part[] };

/**
 * Reads as much of Go's templates as formats of one line need: `{{.A.B}}`, `{{json .A}}`, `{{json .}}`, `table` in front, `\t` and `\n`.
 * `json` alone is the whole row. Throws UserError `statement_invalid` for anything else (range, if, functions).
 */
export function readTemplate(source: string): Template {
  if (source === 'json') return { table: false, parts: [{ path: [], json: true }] };
  if (source === 'table') throw unfit('table');
  const table = /^table\s+/u.test(source);
  const text = source
    .replace(/^table\s+/u, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(/\{\{-?\s*(?<inner>[^}]*?)\s*-?\}\}/gu)) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index) });
    const inner = /^(?:(?<json>json)\s+)?(?<path>\.|(?:\.[A-Za-z_]\w*)+)$/u.exec(match.groups?.inner ?? '')?.groups;
    if (!inner) throw unfit(match[0]);
    parts.push({ path: (inner.path ?? '').split('.').filter((name) => name !== ''), json: inner.json !== undefined });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  if (parts.every((part) => 'text' in part)) throw unfit(source);
  return { table, parts };
}

/** One line for a row. A name that the row does not have is an error, as it is in docker. */
export function renderTemplate(template: Template, row: Json): string {
  return template.parts
    .map((part) => {
      if ('text' in part) return part.text;
      const value = part.path.reduce<Json | undefined>(fieldOf, row);
      if (value === undefined)
        throw new UserError('statement_invalid', `There is no .${part.path.join('.')} here: correct the format.`);
      if (part.json) return JSON.stringify(value);
      return value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    })
    .join('');
}

function fieldOf(inner: Json | undefined, name: string): Json | undefined {
  if (inner === undefined || inner === null || typeof inner !== 'object' || Array.isArray(inner)) return undefined;
  return Object.hasOwn(inner, name) ? (inner as Readonly<Record<string, Json>>)[name] : undefined;
}

/** The line of titles of a `table` format. */
export function templateTitles(template: Template): string {
  return template.parts.map((part) => ('text' in part ? part.text : part.path.join('.').toUpperCase())).join('');
}

function unfit(text: string): UserError {
  return new UserError(
    'statement_invalid',
    `The format ${text.slice(0, 60)} is more than Warroom reads: use {{.Name}}, {{json .Name}} or no format, and \`expect\` on the rows.`,
  );
}
