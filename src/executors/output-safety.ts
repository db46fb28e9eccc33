import { StringDecoder } from 'node:string_decoder';
import type { Json } from '../lib/canonical-json.ts';
import type { Secret } from '../lib/secret.ts';
import { TOKEN_SHAPES } from '../lib/token-shapes.ts';
import { HeadAndTail, type KeptOutput } from './output.ts';
import { type SecretShapes, secretShapes } from './secret-shapes.ts';

/** What stands in the place of a secret. */
export const MASK = '<secret>';

/** A line longer than this is worked on in parts. */
const LONG_LINE = 65_536;
/** How much of an unfinished long line is held back, so that no token is cut in two. */
const OVERLAP = 4_096;

/** Escape sequences of terminals: CSI, OSC and other strings, two-character escapes; 7-bit and 8-bit forms. */
const ANSI =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/gu;
/** Controls but tab and line feed, bidirectional controls, zero-width characters that can split a secret, tag characters. */
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
/**
 * What is not seen behind a character of ASCII, where it has no use but to hide a secret from the search: joiners, variation
 * selectors, letters without a shape. In pictures and in scripts that need them they stay, also in `1️⃣`.
 */
const UNSEEN =
  /([!-~])(?:\u034f|\u17b4|\u17b5|[\u180b-\u180f]|\u200c|\u200d|[\u115f\u1160\u3164\uffa0]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}])+(?!\u20e3)/gu;
const PRIVATE_KEY_BEGIN = /-----BEGIN [A-Z ]*PRIVATE KEY-----/u;
const PRIVATE_KEY_END = /-----END [A-Z ]*PRIVATE KEY-----/u;

/** Text without terminal escapes, control and bidirectional characters; line ends become `\n`. Not yet free of secrets. */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?|\u2028|\u2029|\u0085/gu, '\n')
    .replace(ANSI, '')
    .replace(UNSAFE, '')
    .replace(UNSEEN, '$1')
    .replace(/\p{Cs}/gu, '\ufffd');
}

/**
 * Makes a whole text safe to store and to show: cleaned, then known secrets (as they are, in base64, URL-encoded, JSON-escaped, hexadecimal,
 * and each longer line of multi-line ones) and common token shapes masked. Slack markup is the Slack layer's business.
 */
export function redact(text: string, secrets: readonly Secret[]): string {
  const redactor = new Redactor(secrets);
  return redactor.push(text) + redactor.flush();
}

/** The same for a JSON value: every string and every key in it, and numbers that spell a known secret. */
export function redactJson(value: Json, secrets: readonly Secret[]): Json {
  if (typeof value === 'string') return redact(value, secrets);
  if (typeof value === 'number') return spellsSecret(value, secrets) ? MASK : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item: Json) => redactJson(item, secrets));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redact(key, secrets), redactJson(item, secrets)]),
  );
}

function spellsSecret(value: number, secrets: readonly Secret[]): boolean {
  const digits = String(value);
  return secrets.some((secret) => secret.reveal() !== '' && digits.includes(secret.reveal()));
}

const known = new WeakMap<Secret, SecretShapes>();

/** The shapes of a secret; they are asked for with every line of a result. */
function shapesOf(secret: Secret): SecretShapes {
  const shapes = known.get(secret) ?? secretShapes(secret.reveal(), cleanText);
  known.set(secret, shapes);
  return shapes;
}

/** The streaming form of `redact`: pieces may be cut anywhere, also in the middle of a secret or an escape sequence. */
export class Redactor {
  readonly #shapes: readonly SecretShapes[];
  readonly #overlap: number;
  #pending = '';
  #inPrivateKey = false;

  constructor(secrets: readonly Secret[]) {
    this.#shapes = secrets.map(shapesOf);
    this.#overlap = Math.max(OVERLAP, ...this.#shapes.map(({ longest }) => longest));
  }

  /** Takes a piece, gives what is certain by now: whole lines, or the beginning of a very long one. */
  push(chunk: string): string {
    this.#pending += chunk;
    const lineEnd = this.#pending.lastIndexOf('\n') + 1;
    if (lineEnd > 0) {
      const ready = this.#pending.slice(0, lineEnd);
      this.#pending = this.#pending.slice(lineEnd);
      return this.#safe(ready);
    }
    return this.#pending.length > LONG_LINE + this.#overlap ? this.#beginningOfLongLine() : '';
  }

  /** The rest. */
  flush(): string {
    const rest = this.#pending;
    this.#pending = '';
    return this.#safe(rest);
  }

  #beginningOfLongLine(): string {
    const cleaned = cleanText(this.#pending);
    const spans = this.#spans(cleaned);
    let cut = Math.max(0, cleaned.length - this.#overlap);
    for (const [start, end] of spans) if (start < cut && end > cut) cut = start;
    this.#pending = cleaned.slice(cut);
    return mask(cleaned.slice(0, cut), spans);
  }

  #safe(text: string): string {
    const cleaned = cleanText(text);
    return this.#withoutPrivateKeys(mask(cleaned, this.#spans(cleaned)));
  }

  /** Where secrets stand: known ones first, then shapes. */
  #spans(text: string): [number, number][] {
    const spans: [number, number][] = [];
    for (const { literals, patterns } of this.#shapes) {
      for (const form of literals)
        for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) spans.push([at, at + form.length]);
      for (const pattern of patterns) {
        pattern.lastIndex = 0;
        for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
          spans.push([found.index, found.index + found[0].length]);
          // Two of them may overlap; the search never begins in the middle of a character.
          pattern.lastIndex = found.index + ((found[0].codePointAt(0) ?? 0) > 0xffff ? 2 : 1);
        }
      }
    }
    for (const shape of TOKEN_SHAPES) {
      for (const match of text.matchAll(shape)) {
        const token = match.groups?.token ?? match[0];
        const start = match.index + match[0].lastIndexOf(token);
        spans.push([start, start + token.length]);
      }
    }
    return spans.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  }

  /** A private key spans lines: everything from its first to its last line becomes one mask. */
  #withoutPrivateKeys(text: string): string {
    if (!this.#inPrivateKey && !PRIVATE_KEY_BEGIN.test(text)) return text;
    const parts: string[] = [];
    for (const line of text.split(/(?<=\n)/u)) {
      if (this.#inPrivateKey) {
        if (PRIVATE_KEY_END.test(line)) {
          this.#inPrivateKey = false;
          parts.push(line.replace(/^.*?-----END [A-Z ]*PRIVATE KEY-----/u, ''));
        }
      } else if (PRIVATE_KEY_BEGIN.test(line)) {
        const ends = PRIVATE_KEY_END.test(line);
        this.#inPrivateKey = !ends;
        parts.push(
          line.replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^\n]*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?=\n)|$)/u, MASK),
        );
      } else parts.push(line);
    }
    return parts.join('');
  }
}

function mask(text: string, spans: readonly (readonly [number, number])[]): string {
  let result = '';
  let at = 0;
  for (const [start, end] of spans) {
    if (end > text.length || end <= at) continue;
    if (start >= at) result += text.slice(at, start) + MASK;
    at = end;
  }
  return result + text.slice(at);
}

/** Where an executor writes what its target said: decodes, cleans, masks, cuts, and tells whoever follows along. */
export class OutputSink {
  readonly #decoder = new StringDecoder('utf8');
  readonly #redactor: Redactor;
  readonly #kept: HeadAndTail;
  readonly #follow: ((chunk: string) => void) | undefined;

  constructor(options: {
    secrets: readonly Secret[];
    maxBytes: number;
    onOutput?: ((chunk: string) => void) | undefined;
  }) {
    this.#redactor = new Redactor(options.secrets);
    this.#kept = new HeadAndTail(options.maxBytes);
    this.#follow = options.onOutput;
  }

  /** Takes bytes or text, cut anywhere. */
  write(chunk: Buffer | string): void {
    this.#pass(this.#redactor.push(typeof chunk === 'string' ? chunk : this.#decoder.write(chunk)));
  }

  /** What is to be kept; nothing may be written afterwards. */
  finish(): KeptOutput {
    this.#pass(this.#redactor.push(this.#decoder.end()));
    this.#pass(this.#redactor.flush());
    return this.#kept.finish();
  }

  #pass(safe: string): void {
    if (safe === '') return;
    this.#kept.add(safe);
    this.#follow?.(safe);
  }
}
