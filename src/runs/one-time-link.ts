import { createHash, randomBytes } from 'node:crypto';
import { findLink, insertLink, type LinkPurpose, type OneTimeLink } from '../db/one-time-links.ts';
import type { Tx } from '../db/transaction.ts';
import { UserError } from '../lib/errors.ts';

/** A link is opened at once or not at all. */
const LINK_MS = 10 * 60_000;
const TOKEN = /^[A-Za-z0-9_-]{43}$/u;

/**
 * Makes a link for one person: 256 random bits, of which the database gets the hash alone. Returns the token and its end,
 * ten minutes from now or `until`, whichever is sooner.
 */
export async function createLink(
  tx: Tx,
  link: { readonly purpose: LinkPurpose; readonly stepRun: number; readonly person: string; readonly until: Date },
): Promise<{ token: string; expiresAt: Date }> {
  const token = randomBytes(32).toString('base64url');
  const expiresAt = new Date(Math.min(tx.now.getTime() + LINK_MS, link.until.getTime()));
  await insertLink(tx, hashOf(token), { ...link, expiresAt });
  return { token, expiresAt };
}

/** The key under which the database knows a token. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/** A link that still opens its page. Throws UserError `link_unknown`, `link_used` or `link_expired`. */
export async function getOpenLink(tx: Tx, token: string, purpose: LinkPurpose): Promise<OneTimeLink> {
  const link = TOKEN.test(token) ? await findLink(tx, hashOf(token)) : null;
  if (!link || link.purpose !== purpose)
    throw new UserError('link_unknown', 'There is no such page; press the button in Slack again for a new link.');
  if (link.usedAt !== null)
    throw new UserError('link_used', 'This link was used before and works once; press the button in Slack again.');
  if (tx.now >= link.expiresAt)
    throw new UserError('link_expired', 'This link is too old; press the button in Slack again for a new one.');
  return link;
}
