import { setImmediate } from 'node:timers/promises';
import type { Packs } from './load.ts';
import { addMissing, buildSearchIndex, type SearchHit, type SearchIndex, searchRunbooks } from './search.ts';

/** So many runbooks are indexed before others get a turn. */
const AT_ONCE = 20;

type Desk = { index: SearchIndex; packs: Packs | null };

const desks = new WeakMap<() => Packs, Desk>();

/** Searches the packs in force. The index follows them: what did not change is not indexed again. */
export function searchPacks(
  packs: () => Packs,
  words: string,
  options: { readonly system?: string } = {},
): SearchHit[] {
  const desk = deskOf(packs);
  const current = packs();
  if (desk.packs !== current) {
    desk.index = addMissing(desk.index, current.runbooks.values(), Number.POSITIVE_INFINITY).index;
    desk.packs = current;
  }
  return searchRunbooks(desk.index, words, options);
}

/** Indexes what is new little by little, so that the first search need not wait for it. */
export async function prepareSearch(packs: () => Packs): Promise<void> {
  const desk = deskOf(packs);
  for (let left = 1; left > 0; ) {
    const current = packs();
    const added = addMissing(desk.index, current.runbooks.values(), AT_ONCE);
    desk.index = added.index;
    left = added.left;
    if (left === 0) desk.packs = current;
    await setImmediate();
  }
}

function deskOf(packs: () => Packs): Desk {
  const known = desks.get(packs);
  if (known) return known;
  const desk: Desk = { index: buildSearchIndex([]), packs: null };
  desks.set(packs, desk);
  return desk;
}
