import { plural } from '../../lib/text.ts';
import { context, section } from './blocks.ts';
import { type Message, message } from './message.ts';

/** The head of the chain: how many entries it covers, and their hash. */
type Head = { readonly position: number; readonly hash: string };

/** Entries that were kept out of the chain, as far as they were counted. */
export type Unchained = { readonly first: number; readonly count: number; readonly isAll: boolean };

/** What the hub is told of the audit log's head; loudly when entries were kept out of its chain. */
export function auditHeadMessage({ position, hash }: Head, unchained: Unchained | null): Message {
  const head = context(
    `🔗 The audit log has *${position}* entries; its head is \`${hash}\`. \`warroom audit verify --anchor=${position}:${hash.slice(0, 12)}\` proves later that nothing before it was altered.`,
  );
  if (unchained === null) return message(`🔗 The audit log has ${position} entries; its head is ${hash}`, [head]);
  const { first, count, isAll } = unchained;
  const some = isAll
    ? `${plural(count, 'entry', 'entries')} ${count === 1 ? 'was' : 'were'}`
    : `${count} or more entries were`;
  const alarm = `🚨 ${some} never chained, the first is entry ${first}: somebody took them off the list, or no Warroom chains. Run \`warroom audit verify\` and look who has the database.`;
  return message(alarm, [section(alarm), head]);
}
