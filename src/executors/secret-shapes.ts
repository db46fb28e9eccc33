import { MIN_SECRET } from '../lib/secret.ts';

/** From this length on a line of a secret is masked by itself. */
const MIN_LINE = 8;
/** Columns at which programs break base64: coreutils and MIME, PEM. */
const BASE64_COLUMNS = [76, 64];
/** Longer ones (a key file) are looked for as they are and by their lines; a pattern of them would be slow. */
const MAX_PATTERN = 512;
const NAMED: Readonly<Record<string, readonly string[]>> = {
  '&': ['&amp;'],
  '<': ['&lt;'],
  '>': ['&gt;'],
  '"': ['&quot;', '\\"'],
  "'": ['&apos;', "'\\''", "\\'"],
  '\\': ['\\\\'],
  '/': ['\\/'],
  '\n': ['\\n'],
  '\t': ['\\t'],
  ' ': ['+'],
};

/** How a secret is found in output: `literals` as they are, `patterns` for text in which any character may be escaped. */
export type SecretShapes = {
  readonly literals: readonly string[];
  readonly patterns: readonly RegExp[];
  /** No form of it is longer, in UTF-16 units. */
  readonly longest: number;
};

/**
 * The forms in which a secret shows up in output: as it is, with any of its characters URL-encoded, JSON-escaped,
 * HTML-escaped or quoted for a shell, hexadecimal, base64 at every alignment (so that `user:password` in a Basic header is
 * found too) and broken into lines, and each longer line of a multi-line secret. `clean` is what is done to output before.
 */
export function secretShapes(secret: string, clean: (text: string) => string): SecretShapes {
  const lines = secret.split(/\r?\n/u).map((line) => line.trim());
  const wholes = [secret, secret.trim()];
  const parts = lines.length > 1 ? lines.filter((line) => line.length >= MIN_LINE) : [];
  // What cannot be seen is gone from output before it is searched, so it must be gone from the forms as well.
  const given = [...wholes, ...parts].flatMap((form) => [form, clean(form)]);
  const forms = [...new Set(given)].filter((form) => form.length >= MIN_SECRET);
  const literals = [...new Set(forms.flatMap((form) => [form, ...encodings(form)]))].sort(
    (a, b) => b.length - a.length,
  );
  const patterns = forms.filter((form) => form.length <= MAX_PATTERN).map(patternOf);
  // Three bytes of UTF-8 as `%XX` are the longest way to write one unit.
  return {
    literals,
    patterns,
    longest: Math.max(0, ...forms.map((form) => form.length * 12), literals[0]?.length ?? 0),
  };
}

function patternOf(form: string): RegExp {
  const source = [...form].map((character) => {
    const ways = [...new Set([...escapesOf(character), character])].sort((a, b) => b.length - a.length);
    return `(?:${ways.map(quoted).join('|')})`;
  });
  return new RegExp(source.join(''), 'gu');
}

function escapesOf(character: string): string[] {
  const code = character.codePointAt(0) ?? 0;
  const hex = [...Buffer.from(character, 'utf8')].map((byte) => byte.toString(16).padStart(2, '0'));
  const units = Array.from({ length: character.length }, (_, index) =>
    character.charCodeAt(index).toString(16).padStart(4, '0'),
  );
  const both = (text: string, mark: string) => [mark + text, mark + text.toUpperCase()];
  const percent = [hex.map((byte) => `%${byte}`).join(''), hex.map((byte) => `%${byte.toUpperCase()}`).join('')];
  const unicode = [
    units.map((unit) => `\\u${unit}`).join(''),
    units.map((unit) => `\\u${unit.toUpperCase()}`).join(''),
  ];
  const entity = [`&#${code};`, ...both(code.toString(16), '&#x').map((text) => `${text};`)];
  return [...percent, ...unicode, ...entity, ...(NAMED[character] ?? [])];
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/gu, '\\$&');
}

function encodings(form: string): string[] {
  const bytes = Buffer.from(form, 'utf8');
  const parts = [...base64Runs(bytes), bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
  return parts.filter((part) => part.length >= MIN_SECRET);
}

/** The characters of the base64 text that do not depend on what stands before and after, for all three alignments. */
function base64Runs(bytes: Buffer): string[] {
  const runs = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/u, '');
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor(((offset + bytes.length) * 8) / 6);
    return text.slice(first, last);
  });
  const whole = bytes.toString('base64');
  const lines = BASE64_COLUMNS.flatMap((columns) => whole.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? []);
  const broken = whole.length > 64 ? lines : [];
  return [...runs, ...broken].flatMap((run) => [run, run.replaceAll('+', '-').replaceAll('/', '_')]);
}
