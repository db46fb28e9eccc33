import { fillMarks, type Placeholder, splitMarks } from '../marks.ts';
import type { Item } from '../options.ts';

/** A body as it is sent, with the type that curl would give it when no header says so. */
export type HttpBody = { readonly text: string; readonly type: string };

const FORM = 'application/x-www-form-urlencoded';

/** Null without data; undefined when the executor would not send the same bytes: files, broken JSON, types that take no values. */
export function readBody(
  data: readonly Item[],
  headers: readonly { readonly name: string; readonly value: string }[],
  placeholders: readonly Placeholder[],
): HttpBody | null | undefined {
  if (data.length === 0) return null;
  const parts = data.map((item) => (item.kind === 'option' ? partOf(item.name, item.value ?? '') : undefined));
  if (parts.includes(undefined)) return undefined;
  const isJson = data.some((item) => item.kind === 'option' && item.name === '--json');
  const declared = headers
    .find(({ name }) => name.toLowerCase() === 'content-type')
    ?.value.split(';')[0]
    ?.trim()
    .toLowerCase();
  const type = declared ?? (isJson ? 'application/json' : FORM);
  const text = isJson ? parts.join('') : parts.join('&');
  const written = writeBody(text, type, placeholders);
  return written === undefined || written.trim() === '' || /^###/mu.test(written) ? undefined : { text: written, type };
}

function partOf(option: string, value: string): string | undefined {
  if (value.startsWith('@') && option !== '--data-raw') return undefined;
  if (option !== '--data-urlencode') return value;
  const equals = value.indexOf('=');
  if (equals <= 0 || value.slice(0, equals).includes('@')) return undefined;
  return `${value.slice(0, equals + 1)}${encodeURIComponent(value.slice(equals + 1))}`;
}

function writeBody(text: string, type: string, placeholders: readonly Placeholder[]): string | undefined {
  const literals = splitMarks(text, placeholders).filter((piece) => typeof piece === 'string');
  const open = literals.length < splitMarks(text, placeholders).length;
  if (type.includes('json')) return isJson(text) ? fillMarks(text, placeholders).trim() : undefined;
  if (type !== FORM) return open || text !== text.trim() ? undefined : fillMarks(text, placeholders);
  // In a form the executor encodes values and joins lines: the same only where neither changes anything.
  const looksLikeJson = /^\s*[[{]/u.test(text);
  if (looksLikeJson) return open || !isJson(text) ? undefined : fillMarks(text, placeholders).trim();
  return text.includes('\n') || text !== text.trim() ? undefined : fillMarks(text, placeholders);
}

/** JSON with marks in it: a mark stands for a whole value or inside quotes, never in a name. */
function isJson(text: string): boolean {
  try {
    let inName = false;
    const filled = text.replaceAll(/(?<=[[{,:]\s*)WRMARK\d{3}Z(?=\s*[\]},])/gu, '0');
    JSON.parse(filled, (key, value: unknown) => {
      inName ||= /WRMARK/u.test(key);
      return value;
    });
    return !inName;
  } catch {
    return false;
  }
}
