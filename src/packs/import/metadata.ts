import type { BlastLevel } from '../../domain/runbook.ts';
import type { Section } from './outline.ts';

/** Facts that stand as `**Alert**: …` below a title, or in the title itself. */
export type Metadata = {
  readonly alerts: readonly string[];
  /** As written; it counts only when the system has a level of that name. */
  readonly severity: string | null;
  /** A duration as the front matter writes it, the longer end of a range. */
  readonly rto: string | null;
  readonly stakeholders: readonly string[];
  readonly blastRadius: readonly { readonly level: BlastLevel; readonly text: string }[];
};

const FACT = /^(?:[-*]\s+)?(?:\*\*|__)?\s*([\p{L} ]{2,24}?)\s*(?:\*\*|__)?\s*:\s*(?:\*\*|__)?\s*(.+)$/u;

/** Reads the facts of an entry from what stands directly below its heading. */
export function readMetadata(section: Section): Metadata {
  const facts = new Map<string, string>();
  for (const block of section.blocks.slice(0, 12)) {
    if (block.kind !== 'prose') continue;
    for (const line of block.lines) {
      const fact = FACT.exec(line);
      const name = fact?.[1]?.trim().toLowerCase() ?? '';
      if (fact?.[2] && !facts.has(name)) facts.set(name, fact[2].trim());
    }
  }
  const alert = facts.get('alert') ?? facts.get('alerts') ?? facts.get('allarme') ?? '';
  const severity =
    facts.get('severity') ?? facts.get('severità') ?? /\(((?:P|SEV|S)-?\d)\)\s*$/iu.exec(section.title)?.[1] ?? '';
  return {
    alerts: namesOf(alert),
    severity: /[A-Za-z][A-Za-z0-9_-]*/u.exec(severity.replaceAll(/[`*]/gu, ''))?.[0] ?? null,
    rto: durationOf(facts.get('rto') ?? ''),
    stakeholders: (facts.get('stakeholders') ?? '').split(/\s*,\s*/u).filter((name) => name !== ''),
    blastRadius: readBlastRadius(section),
  };
}

function namesOf(text: string): string[] {
  const spans = [...text.matchAll(/`([^`]+)`/gu)].map((match) => match[1]?.trim() ?? '');
  const names = spans.length > 0 ? spans : [text.replaceAll(/\*\*/gu, '').trim()];
  return names.filter((name) => name !== '' && name.length <= 200);
}

const UNITS: Readonly<Record<string, string>> = { s: 's', m: 'm', h: 'h', g: 'd', d: 'd', o: 'h' };

function durationOf(text: string): string | null {
  const match = /(\d+)\s*(?:[–—-]\s*(\d+)\s*)?(s|m|h|d|g|o)/iu.exec(text);
  const unit = UNITS[(match?.[3] ?? '').toLowerCase()];
  return match && unit !== undefined ? `${match[2] ?? match[1]}${unit}` : null;
}

const LEVELS: readonly (readonly [RegExp, BlastLevel])[] = [
  [/^(?:✅|🟢|✔️?|☑️?)\s*/u, 'ok'],
  [/^(?:⚠️?|🟡|🟠)\s*/u, 'warn'],
  [/^(?:🔴|❌|🛑|⛔)\s*/u, 'critical'],
];

/** Items that carry a mark for their level; without marks the list stays prose. */
function readBlastRadius(section: Section): { level: BlastLevel; text: string }[] {
  const found = section.children.find((child) => child.meaning === 'blast_radius');
  return (found?.blocks ?? []).flatMap((block) => {
    if (block.kind !== 'item') return [];
    const level = LEVELS.find(([mark]) => mark.test(block.text));
    const text = level ? block.text.replace(level[0], '').trim() : '';
    return level && text !== '' ? [{ level: level[1], text }] : [];
  });
}
