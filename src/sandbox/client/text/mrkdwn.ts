import { emojiOf } from './emoji.ts';

/** One piece of a line of Slack's mrkdwn. */
export type Inline =
  | { readonly type: 'text' | 'code'; readonly text: string }
  | { readonly type: 'emoji'; readonly name: string }
  | { readonly type: 'bold' | 'italic' | 'strike'; readonly children: readonly Inline[] }
  | { readonly type: 'link'; readonly url: string; readonly children: readonly Inline[] }
  | { readonly type: 'user' | 'channel' | 'group'; readonly id: string; readonly label: string | null }
  | { readonly type: 'broadcast'; readonly range: string }
  | {
      readonly type: 'date';
      readonly seconds: number;
      readonly format: string;
      readonly url: string | null;
      readonly fallback: string;
    };

/** Text as it stands on the page: paragraphs keep their line breaks. */
export type TextBlock =
  | { readonly type: 'paragraph' | 'quote'; readonly children: readonly Inline[] }
  | { readonly type: 'pre'; readonly text: string };

const STYLES: Readonly<Record<string, 'bold' | 'italic' | 'strike'>> = { '*': 'bold', _: 'italic', '~': 'strike' };
const URL_PATTERN = /^https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]]/;
const EMOJI_PATTERN = /^:([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?/;

/**
 * Reads Slack's mrkdwn. Never throws: what is not markup stays text. `verbatim` leaves plain addresses alone, as Slack does.
 * Source: docs.slack.dev/messaging/formatting-message-text. Code is never touched inside: an approver reads commands here.
 */
export function parseMrkdwn(source: string, options: { verbatim?: boolean } = {}): readonly TextBlock[] {
  const blocks: TextBlock[] = [];
  const parts = source.split('```');
  parts.forEach((part, index) => {
    const isOpen = index % 2 === 1 && index === parts.length - 1;
    if (index % 2 === 1 && !isOpen) {
      blocks.push({ type: 'pre', text: plainOf(part.replace(/^\n/, '').replace(/\n$/, '')) });
    } else {
      blocks.push(...parseLines(isOpen ? `\`\`\`${part}` : part, options.verbatim === true));
    }
  });
  return blocks;
}

/** Decodes the three escapes that Slack knows. */
export function unescapeText(text: string): string {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}

function parseLines(source: string, verbatim: boolean): TextBlock[] {
  const blocks: TextBlock[] = [];
  let lines: string[] = [];
  let quoted = false;
  const flush = () => {
    const text = lines.join('\n').replace(/^\n|\n$/g, '');
    if (text !== '') blocks.push({ type: quoted ? 'quote' : 'paragraph', children: parseInline(text, verbatim) });
    lines = [];
  };
  for (const line of source.split('\n')) {
    const quote = /^(?:>|&gt;) ?/.exec(line);
    if ((quote !== null) !== quoted) flush();
    quoted = quote !== null;
    lines.push(quote === null ? line : line.slice(quote[0].length));
  }
  flush();
  return blocks;
}

/** Reads one run of text without code fences and quotes. */
export function parseInline(source: string, verbatim = false): readonly Inline[] {
  const out: Inline[] = [];
  let text = '';
  const push = (node: Inline, length: number) => {
    if (text !== '') out.push({ type: 'text', text: unescapeText(text) });
    text = '';
    out.push(node);
    position += length;
  };
  let position = 0;
  while (position < source.length) {
    const found = nodeAt(source, position, verbatim);
    if (found === null) {
      text += source[position];
      position += 1;
    } else {
      push(found.node, found.length);
    }
  }
  if (text !== '') out.push({ type: 'text', text: unescapeText(text) });
  return out;
}

type Found = { readonly node: Inline; readonly length: number };

function nodeAt(source: string, position: number, verbatim: boolean): Found | null {
  const rest = source.slice(position);
  const character = source[position] ?? '';
  if (character === '`') {
    const code = /^`([^`\n]+)`/.exec(rest);
    return code === null ? null : { node: { type: 'code', text: plainOf(code[1] ?? '') }, length: code[0].length };
  }
  if (character === '<') {
    const angle = /^<([^<>\n]+)>/.exec(rest);
    const node = angle === null ? null : angleNode(angle[1] ?? '');
    return node === null || angle === null ? null : { node, length: angle[0].length };
  }
  if (character === ':') {
    const emoji = EMOJI_PATTERN.exec(rest);
    const name = emoji?.[1] ?? '';
    // `12:30:45` is a time; only names that are known become emoji.
    return emoji === null || emojiOf(name) === null ? null : { node: { type: 'emoji', name }, length: emoji[0].length };
  }
  if (character === 'h' && !verbatim && !isWord(source[position - 1])) {
    const url = URL_PATTERN.exec(rest)?.[0];
    if (url === undefined) return null;
    const shown = unescapeText(url);
    return { node: { type: 'link', url: shown, children: [{ type: 'text', text: shown }] }, length: url.length };
  }
  return styled(source, position, verbatim);
}

/** `*bold*`: the marks stand at the edge of words and hold no space inside; one line only. */
function styled(source: string, position: number, verbatim: boolean): Found | null {
  const mark = source[position] ?? '';
  const style = STYLES[mark];
  if (style === undefined || isWord(source[position - 1]) || source[position - 1] === mark) return null;
  if (isGap(source[position + 1]) || source[position + 1] === mark) return null;
  let end = position + 1;
  while (end < source.length && source[end] !== '\n') {
    end = skipOpaque(source, end);
    if (source[end] === mark && !isGap(source[end - 1]) && !isWord(source[end + 1])) {
      const inner = source.slice(position + 1, end);
      return { node: { type: style, children: parseInline(inner, verbatim) }, length: end + 1 - position };
    }
    end += 1;
  }
  return null;
}

/** Code and angle brackets are one thing: a mark inside them closes nothing. */
function skipOpaque(source: string, position: number): number {
  const opaque = /^(?:`[^`\n]+`|<[^<>\n]+>)/.exec(source.slice(position));
  return opaque === null ? position : position + opaque[0].length;
}

function angleNode(inner: string): Inline | null {
  const bar = inner.indexOf('|');
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? null : inner.slice(bar + 1);
  if (target.startsWith('@')) return { type: 'user', id: target.slice(1), label };
  if (target.startsWith('#')) return { type: 'channel', id: target.slice(1), label };
  if (target.startsWith('!date^')) return dateNode(target, label ?? '');
  if (target.startsWith('!subteam^')) return { type: 'group', id: target.slice('!subteam^'.length), label };
  if (target.startsWith('!')) return { type: 'broadcast', range: target.slice(1) };
  if (!/^(?:https?:\/\/|mailto:|tel:)/i.test(target)) return null;
  const url = unescapeText(target);
  const children: readonly Inline[] = label === null ? [{ type: 'text', text: url }] : parseInline(label, true);
  return { type: 'link', url, children };
}

function dateNode(target: string, fallback: string): Inline {
  const [, seconds = '', format = '', url] = target.split('^');
  const value = Number(seconds);
  if (!Number.isFinite(value) || seconds === '') return { type: 'text', text: unescapeText(fallback) };
  return { type: 'date', seconds: value, format, url: url ?? null, fallback: unescapeText(fallback) };
}

/** Inside code a link shows its label or address and a mention its text; nothing else is markup there. */
function plainOf(code: string): string {
  return unescapeText(
    code.replace(/<(https?:\/\/[^<>|\n]+)(?:\|([^<>\n]*))?>/g, (_all, url: string, label?: string) => label ?? url),
  );
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}

function isGap(character: string | undefined): boolean {
  return character === undefined || /\s/.test(character);
}
