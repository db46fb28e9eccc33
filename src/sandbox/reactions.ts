import { changeMessage } from './messages.ts';
import type { MessageRecord } from './records.ts';
import { Refusal } from './refusal.ts';
import type { Workspace } from './workspace.ts';

/** Slack's number of different emoji on a message, and of a person's own on it. */
const MOST_EMOJI = 50;
const MOST_OF_ONE_PERSON = 23;

/** Adds or takes back a reaction. Errors: invalid_name, already_reacted, no_reaction, too_many_emoji, too_many_reactions. */
export function setReaction(
  workspace: Workspace,
  message: MessageRecord,
  reaction: { readonly name: string; readonly user: string; readonly added: boolean },
): void {
  const { name, user, added } = reaction;
  if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/u.test(name)) throw new Refusal('invalid_name');
  const row = message.reactions.find((entry) => entry.name === name);
  const there = row?.users.includes(user) ?? false;
  if (added === there) throw new Refusal(added ? 'already_reacted' : 'no_reaction');
  if (added && !row && message.reactions.length >= MOST_EMOJI) throw new Refusal('too_many_emoji');
  const own = message.reactions.filter((entry) => entry.users.includes(user)).length;
  if (added && own >= MOST_OF_ONE_PERSON) throw new Refusal('too_many_reactions');
  const users = added ? [...(row?.users ?? []), user] : (row?.users ?? []).filter((id) => id !== user);
  const others = message.reactions.filter((entry) => entry.name !== name);
  const changed =
    row && users.length > 0
      ? message.reactions.map((entry) => (entry.name === name ? { name, users } : entry))
      : [...others, ...(users.length > 0 ? [{ name, users }] : [])];
  const next = changeMessage(workspace, message, { patch: { reactions: changed }, silent: true });
  workspace.announce({ type: 'reaction', message: next, user, name, added });
}
