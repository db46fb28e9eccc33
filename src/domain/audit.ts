import { canonicalHash } from '../lib/canonical-json.ts';

/** One entry of the audit log as it is hashed: everything that it says, in texts that have one form only. */
export type HashedEntry = {
  readonly id: number;
  /** UTC with microseconds: `2026-01-01T00:00:00.000000Z`. */
  readonly at: string;
  readonly actor: string | null;
  readonly action: string;
  readonly incident: number | null;
  readonly run: number | null;
  /** PostgreSQL's own text of the jsonb value. */
  readonly data: string;
};

/** One link of the chain: its position, counted from 1, and the hash that was written for it. */
export type ChainLink = { readonly position: number; readonly hash: string; readonly entry: HashedEntry };

/** What stands before the first link. */
export const GENESIS = '0'.repeat(64);

/** The hash of a link: over the link before it, its position and its whole entry. */
export function linkHash(previous: string, position: number, entry: HashedEntry): string {
  const { id, at, actor, action, incident, run, data } = entry;
  return canonicalHash({ version: 1, previous, position, entry: [id, at, actor, action, incident, run, data] });
}

/** A head of the chain that was said somewhere else. */
export type Anchor = { readonly position: number; readonly hash: string };

/** What is wrong with the audit log, and where. */
export type AuditFault = {
  readonly kind: 'changed' | 'gap' | 'unchained' | 'anchor';
  /** Position in the chain; null for an entry that is not chained. */
  readonly position: number | null;
  readonly entry: number | null;
  readonly sentence: string;
};

/**
 * Walks along a chain link by link and says what is wrong. After a fault it goes on with what stands there, so that one
 * changed entry is one fault and not thousands.
 */
export class ChainWalk {
  #position: number;
  #hash: string;
  readonly #anchors: ReadonlyMap<number, string>;

  /** `from`: the link before the first one that is fed; the beginning without it. */
  constructor(anchors: readonly Anchor[], from: Anchor = { position: 0, hash: GENESIS }) {
    this.#position = from.position;
    this.#hash = from.hash;
    this.#anchors = new Map(anchors.map(({ position, hash }) => [position, hash]));
  }

  /** The last link that was fed. */
  get head(): Anchor {
    return { position: this.#position, hash: this.#hash };
  }

  /** The faults that this link shows; empty when it fits. */
  feed(link: ChainLink): AuditFault[] {
    const faults: AuditFault[] = [];
    const { position, entry } = link;
    const at = { position, entry: entry.id };
    const expected = this.#position + 1;
    if (position !== expected) {
      const missing = position - 1 === expected ? `Link ${expected} is` : `Links ${expected} to ${position - 1} are`;
      faults.push({ ...at, kind: 'gap', sentence: `${missing} missing: entries were removed from the audit log.` });
    } else if (linkHash(this.#hash, position, entry) !== link.hash) {
      faults.push({
        ...at,
        kind: 'changed',
        sentence: `Link ${position} (entry ${entry.id}, ${entry.action} of ${entry.at}) does not fit its hash: it or the link before it was changed after it was written.`,
      });
    }
    const anchor = this.#anchors.get(position);
    if (anchor !== undefined && anchor !== link.hash) {
      const sentence = `Link ${position} has another hash than the one that was said in the hub: the chain was written anew.`;
      faults.push({ ...at, kind: 'anchor', sentence });
    }
    this.#position = position;
    this.#hash = link.hash;
    return faults;
  }
}
