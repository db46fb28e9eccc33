import type { RichTextElement } from '@slack/types';

const FORMAT = '{date_short_pretty} at {time}';

function fallback(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** An instant that every reader sees in their own time zone. */
export function when(at: Date): string {
  return `<!date^${Math.floor(at.getTime() / 1_000)}^${FORMAT}|${fallback(at)}>`;
}

/** The same with the time that has passed, counted by the reader's client, so that it is right whenever it is read. */
export function since(at: Date): string {
  return `<!date^${Math.floor(at.getTime() / 1_000)}^${FORMAT} ({ago})|${fallback(at)}>`;
}

/** An instant inside rich text. */
export function whenElement(at: Date): RichTextElement {
  return { type: 'date', timestamp: Math.floor(at.getTime() / 1_000), format: FORMAT, fallback: fallback(at) };
}

/** The same with the time that has passed, counted by the reader's client. */
export function agoElement(at: Date): RichTextElement {
  const format = `${FORMAT} ({ago})`;
  return { type: 'date', timestamp: Math.floor(at.getTime() / 1_000), format, fallback: fallback(at) };
}

/** A person or a user group in Slack's markup. */
export function mention(id: string): string {
  if (/^S[A-Z0-9]+$/u.test(id)) return `<!subteam^${id}>`;
  return /^[UW][A-Z0-9]+$/u.test(id) ? `<@${id}>` : 'somebody';
}

/** Several of them, as in a sentence. */
export function mentions(ids: readonly string[]): string {
  return ids.map(mention).join(', ');
}
