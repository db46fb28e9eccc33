import type {
  ActionsBlock,
  ActionsBlockElement,
  Button,
  ContextBlock,
  HeaderBlock,
  KnownBlock,
  MrkdwnElement,
  PlainTextElement,
  RichTextBlock,
  RichTextElement,
  RichTextSection,
  SectionBlock,
} from '@slack/types';
import { truncate } from '../../lib/text.ts';
import { headAndTail, plainLine, truncateStored } from '../text-safety.ts';
import type { ActionId } from './action-ids.ts';

/** Limits of single blocks (Block Kit reference as typed in @slack/types). */
export const LIMITS = {
  header: 150,
  section: 3000,
  field: 2000,
  button: 75,
  option: 75,
  elements: 25,
  fields: 10,
} as const;

/** Engine-made text in Slack's markup. `verbatim` keeps Slack from making names, channels and addresses live by itself. */
export function mrkdwn(text: string, max: number = LIMITS.section): MrkdwnElement {
  return { type: 'mrkdwn', text: cutMarkup(text, max), verbatim: true };
}

/** A cut in the middle of `<!date…>` or `&lt;` would leave broken syntax behind: cut before it. */
function cutMarkup(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${truncate(text, max - 1)
    .slice(0, -1)
    .replace(/<[^>]*$|&[a-z]*$/u, '')}…`;
}

/** Text in which nothing is interpreted, not even `:emoji:`. */
export function plain(text: string, max: number): PlainTextElement {
  return { type: 'plain_text', text: truncateStored(text, max) || '–', emoji: false };
}

export function header(text: string): HeaderBlock {
  return { type: 'header', text: plain(plainLine(text, LIMITS.header), LIMITS.header) };
}

export function section(text: string, accessory?: SectionBlock['accessory']): SectionBlock {
  return { type: 'section', text: mrkdwn(text), ...(accessory ? { accessory } : {}) };
}

/** Pairs of a label and a value, two to a row; at most ten are shown. */
export function fields(pairs: readonly (readonly [label: string, value: string])[]): SectionBlock {
  return {
    type: 'section',
    fields: pairs.slice(0, LIMITS.fields).map(([label, value]) => mrkdwn(`*${label}*\n${value}`, LIMITS.field)),
  };
}

export function context(...texts: string[]): ContextBlock {
  return { type: 'context', elements: texts.slice(0, 10).map((text) => mrkdwn(text)) };
}

/** A row of buttons. Its id is made from the first one, so that an edit under somebody's finger does not lose the press. */
export function actions(elements: readonly ActionsBlockElement[]): ActionsBlock {
  const [first] = elements;
  const value = first && 'value' in first ? first.value : '';
  return {
    type: 'actions',
    block_id: `${first?.action_id ?? 'actions'}:${value ?? ''}`.slice(0, 255),
    elements: elements.slice(0, LIMITS.elements) as ActionsBlockElement[],
  };
}

type ButtonLook = {
  readonly action: ActionId;
  readonly text: string;
  /** An id that means nothing to people; what it stands for is read again when it is pressed. */
  readonly value: string;
  readonly style?: 'primary' | 'danger';
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string };
};

export function button(look: ButtonLook): Button {
  return {
    type: 'button',
    action_id: look.action,
    text: plain(plainLine(look.text, LIMITS.button), LIMITS.button),
    value: look.value,
    ...(look.style ? { style: look.style } : {}),
    ...(look.confirm
      ? {
          confirm: {
            title: plain(look.confirm.title, 100),
            text: plain(look.confirm.text, 300),
            confirm: plain(look.confirm.yes, 30),
            deny: plain('Cancel', 30),
          },
        }
      : {}),
  };
}

/** A piece of a line in rich text: a plain string, or one with a style, a person, an instant. */
export type Piece = string | RichTextElement;

export const bold = (text: string): RichTextElement => ({ type: 'text', text, style: { bold: true } });
export const code = (text: string): RichTextElement => ({ type: 'text', text, style: { code: true } });
export const italic = (text: string): RichTextElement => ({ type: 'text', text, style: { italic: true } });
export const person = (id: string): RichTextElement => ({ type: 'user', user_id: id });

function toElements(pieces: readonly Piece[]): RichTextElement[] {
  const elements = pieces
    .filter((piece) => piece !== '')
    .map((piece): RichTextElement => (typeof piece === 'string' ? { type: 'text', text: piece } : piece));
  return elements.length > 0 ? elements : [{ type: 'text', text: ' ' }];
}

export function line(...pieces: Piece[]): RichTextSection {
  return { type: 'rich_text_section', elements: toElements(pieces) };
}

type RichTextPart = RichTextBlock['elements'][number];

export function richText(...parts: RichTextPart[]): RichTextBlock {
  return { type: 'rich_text', elements: parts };
}

/** Prose of people, quoted. Rich text has no syntax, so nothing in it acts. */
export function quoted(text: string, max = 1_500): RichTextPart {
  return { type: 'rich_text_quote', elements: toElements([truncateStored(text.trim(), max)]) };
}

/** A command or its output, head and tail kept; nothing inside can break out. */
export function preformatted(text: string, max = 1_000): RichTextPart {
  return { type: 'rich_text_preformatted', elements: [{ type: 'text', text: headAndTail(text, max) }] };
}

export type Block = KnownBlock;
