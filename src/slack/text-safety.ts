import { singleLine, truncate } from '../lib/text.ts';

/** Breaks a word for machines and not for eyes. It joins nothing and is not shown. */
const WORD_JOINER = '\u2060';

/**
 * Text of people or machines for the inside of a `mrkdwn` object or of a message's top-level text. What Slack reads as
 * syntax is escaped (docs.slack.dev, formatting-message-text), and what it turns live on its own in spite of that
 * (`@here`, `#general`, `https://…`) is broken by an invisible character. Prefer `plain_text` or rich text where it fits.
 */
export function escapeText(text: string): string {
  return text
    .replace(/@(?=(?:here|channel|everyone|group)\b)/giu, `@${WORD_JOINER}`)
    .replace(/#(?=[\p{L}\p{N}_-])/gu, `#${WORD_JOINER}`)
    .replace(/:\/\//gu, `:${WORD_JOINER}//`)
    .replace(/\b(mailto|tel):/giu, `$1${WORD_JOINER}:`)
    .replace(/&/gu, '&amp;')
    .replace(/</gu, '&lt;')
    .replace(/>/gu, '&gt;');
}

/** The same for a place of one line, cut to `max` characters before escaping; quotes and marks of format do not act. */
export function escapeLine(text: string, max = 300): string {
  // Inside of a word `_`, `*` and `~` do nothing in Slack, and names such as `franco_backlog` are there to be copied.
  return escapeText(truncate(singleLine(text), max)).replace(
    /`|(?<![\p{L}\p{N}])[*_~]|[*_~](?![\p{L}\p{N}])/gu,
    (mark) => `${WORD_JOINER}${mark}${WORD_JOINER}`,
  );
}

/** Plain text of one line for titles and topics, where nothing is interpreted: control characters and breaks go. */
export function plainLine(text: string, max: number): string {
  return truncate(singleLine(text.replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')), max);
}

/**
 * Text for places whose reading of markup Slack does not promise, such as topics: nothing is escaped, and what could be a
 * mention or a link is broken by an invisible character, so that it reads the same either way.
 */
export function inert(text: string): string {
  return text
    .replace(/<(?=\S)/gu, `<${WORD_JOINER}`)
    .replace(/@(?=(?:here|channel|everyone|group)\b)/giu, `@${WORD_JOINER}`)
    .replace(/:\/\//gu, `:${WORD_JOINER}//`);
}

/** The length that Slack's limits look at: characters that it escapes count as what they become (the strict reading). */
export function storedLength(text: string): number {
  let length = text.length;
  for (const [mark] of text.matchAll(/[&<>]/gu)) length += mark === '&' ? 4 : 3;
  return length;
}

/** Cuts text that Slack will escape by itself, so that it is at most `max` long afterwards. */
export function truncateStored(text: string, max: number): string {
  let cut = truncate(text, max);
  for (let length = storedLength(cut); length > max; length = storedLength(cut)) {
    cut = truncate(text, Math.max(1, Math.min(cut.length - 1, Math.floor((cut.length * max) / length))));
  }
  return cut;
}

/**
 * What a command printed or is, for a preformatted rich text element, which knows no syntax at all: nothing inside can end
 * it. Long text keeps its head and its tail, with a line between that says how much is missing.
 */
export function headAndTail(text: string, max: number): string {
  const clean = text.replace(/[\u202a-\u202e\u2066-\u2069]/gu, '').replace(/\s+$/u, '');
  if (storedLength(clean) <= max) return clean === '' ? '(nothing)' : clean;
  const half = Math.max(20, Math.floor((max - 50) / 2));
  const head = truncateStored(clean, half).replace(/…$/u, '');
  const tail = tailOf(clean, half);
  return `${head}\n… ${clean.length - head.length - tail.length} characters left out …\n${tail}`;
}

function tailOf(text: string, max: number): string {
  let tail = text.slice(-max);
  while (storedLength(tail) > max) tail = tail.slice(Math.max(1, Math.floor((storedLength(tail) - max) / 5)));
  // Never begin in the middle of a surrogate pair.
  return /^[\udc00-\udfff]/.test(tail) ? tail.slice(1) : tail;
}
