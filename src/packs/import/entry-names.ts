import { slugify } from '../../lib/text.ts';
import { ALERT_NAME, type EntryPlace } from './entries.ts';
import { type Metadata, readMetadata } from './metadata.ts';

/** What the front matter of an entry says. */
export type EntryName = Metadata & { readonly id: string; readonly title: string };

const NAMED_ID = /^([A-Z]{1,6}-?\d{1,4})\s*[:.)–—-]\s*(.+)$/u;
const NUMBERED_ID = /^(\d+(?:\.\d+)+)\.?\s+(.+)$/u;
const KIND =
  /^(?:runbook|playbook|procedure|procedura|alert|allarme|scenario|incident|incidente|caso|case|issue)\s*(#?\d+)?\s*[:–—-]\s*(.+)$/iu;

type Names = { readonly file: string; readonly system: string; readonly taken: Set<string> };

/** Ids and titles for the entries of a document, each id once; `file` names the entry of a file without a heading. */
export function nameEntries(places: readonly EntryPlace[], { file, system, taken }: Names): EntryName[] {
  const numbers = new Map<string, number>();
  const stem = (file.split('/').at(-1) ?? file).replace(/\.[a-z]{1,8}$/iu, '');
  return places.map((place) => {
    const heading = place.section.title;
    const named = readTitle(heading, system) ?? {
      id: idOf(stem),
      title: stem.replaceAll(/[-_]+/gu, ' ').trim() || 'Runbook',
    };
    const metadata = readMetadata(place.section);
    const alone = places.length === 1 && ALERT_NAME.test(stem);
    const alert = alone ? stem : ALERT_NAME.test(heading) ? heading : null;
    const id = unique(alone && named.id !== stem ? idOf(stem) : named.id, taken, numbers);
    return {
      ...metadata,
      id,
      title: named.title,
      alerts: [...new Set([...(alert === null ? [] : [alert]), ...metadata.alerts])],
    };
  });
}

function readTitle(heading: string, system: string): { id: string; title: string } | null {
  const bare = heading
    .replace(/\s*\((?:P|SEV|S)-?\d\)\s*$/iu, '')
    .replace(/^\d+[.)]\s+/u, '')
    .trim();
  if (bare === '') return null;
  const named = NAMED_ID.exec(bare);
  if (named?.[1] && named[2] && !/^(?:P|S|SEV)-?\d$/u.test(named[1]))
    return { id: named[1].toUpperCase(), title: named[2].trim() };
  const numbered = NUMBERED_ID.exec(bare);
  if (numbered?.[1] && numbered[2])
    return { id: `${initials(system)}-${numbered[1].replaceAll('.', '-')}`, title: numbered[2].trim() };
  const kind = KIND.exec(bare);
  const title = (kind?.[2] ?? bare).trim();
  return { id: ALERT_NAME.test(title) && /^[A-Za-z0-9]+$/u.test(title) ? title : idOf(title), title };
}

/** `email-ingestion` is EI, `shop` is SHOP. */
function initials(system: string): string {
  const parts = system.split('-').filter((part) => /^[a-z]/u.test(part));
  return (parts.length > 1 ? parts.map((part) => part[0]).join('') : (parts[0] ?? 'RB').slice(0, 4)).toUpperCase();
}

function idOf(title: string): string {
  if (/^[A-Za-z][A-Za-z0-9]*$/u.test(title)) return title;
  const slug = slugify(title, 48);
  return /^[a-z]/u.test(slug) ? slug : `rb-${slug === '' ? 'entry' : slug}`;
}

/** `numbers` remembers where counting goes on, so that a thousand equal titles are not counted from the start each time. */
function unique(id: string, taken: Set<string>, numbers: Map<string, number>): string {
  const key = id.toLowerCase();
  let number = numbers.get(key) ?? 1;
  let candidate = number === 1 ? id : `${id}-${number}`;
  while (taken.has(candidate.toLowerCase())) {
    number += 1;
    candidate = `${id}-${number}`;
  }
  numbers.set(key, number + 1);
  taken.add(candidate.toLowerCase());
  return candidate;
}
