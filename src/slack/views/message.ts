import { truncate } from '../../lib/text.ts';
import { escapeLine, storedLength } from '../text-safety.ts';
import { type Block, context, section } from './blocks.ts';

/** What is sent to Slack. `text` is for notifications and screen readers; its people's text is already escaped. */
export type Message = { readonly text: string; readonly blocks: Block[] };

/** Blocks of one message, and characters of all its texts together: the second is undocumented and was seen to be refused from 11,341. */
export const MESSAGE_LIMITS = { blocks: 50, characters: 11_000, text: 4_000 } as const;

/** All characters that people read in a value, as Slack stores them: every string under a key `text`, however deep. */
export function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textLength(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  const escaped = 'type' in value && value.type === 'mrkdwn';
  return Object.entries(value).reduce((sum, [key, item]) => {
    if (key !== 'text' || typeof item !== 'string') return sum + textLength(item);
    return sum + (escaped ? item.length : storedLength(item));
  }, 0);
}

export type Budget = { readonly blocks: number; readonly characters: number };

/**
 * As many groups of blocks as fit, whole groups only, in their order; what does not fit is counted by `more`, which gives
 * one line of text. The line itself is within the budget.
 */
export function fitGroups(
  groups: readonly (readonly Block[])[],
  budget: Budget,
  more: (left: number) => string,
): Block[] {
  const cost = (blocks: readonly Block[]) => ({ blocks: blocks.length, characters: textLength(blocks) });
  const all = groups.flat();
  const whole = cost(all);
  if (whole.blocks <= budget.blocks && whole.characters <= budget.characters) return all;
  const kept: Block[] = [];
  let used = { blocks: 1, characters: 200 };
  for (const [index, group] of groups.entries()) {
    const next = cost(group);
    if (used.blocks + next.blocks > budget.blocks || used.characters + next.characters > budget.characters) {
      kept.push(context(more(groups.length - index)));
      break;
    }
    used = { blocks: used.blocks + next.blocks, characters: used.characters + next.characters };
    kept.push(...group);
  }
  return kept;
}

/** What is left of a message's limits beside `fixed`. */
export function budgetBeside(...fixed: (readonly Block[])[]): Budget {
  const flat = fixed.flat();
  return {
    blocks: MESSAGE_LIMITS.blocks - flat.length,
    characters: MESSAGE_LIMITS.characters - textLength(flat),
  };
}

/** Joins parts into a message; `text` is cut to what an edit of a message takes. */
export function message(text: string, ...parts: (readonly Block[])[]): Message {
  return { text: truncate(text, MESSAGE_LIMITS.text), blocks: parts.flat() };
}

/** A sentence for one person alone, as a message. Its text is escaped here. */
export function sentence(text: string): Message {
  return message(escapeLine(text, 2_000), [section(escapeLine(text, 2_000))]);
}
