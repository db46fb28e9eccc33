import { type SectionBlocks, slug } from './blocks.ts';
import type { Findings } from './findings.ts';
import { SPOKEN, spokenDuration } from './spoken-duration.ts';

const SETTLED: readonly (readonly [RegExp, string])[] = [
  [/\back(?:nowledge\w*)?\b|presa in carico|conferm/iu, 'acknowledged'],
  [/assess|valutazion|triage|classif/iu, 'assessed'],
  [/stakeholder|communicat|comunicazion|status update|aggiornament/iu, 'stakeholders-updated'],
  [/mitigat|mitigazion|workaround|\bfix\b/iu, 'mitigated'],
  [/\bresolved\b|\brisolt/iu, 'resolved'],
];

/** Deadlines of the process: list items `T+15: …`. A deadline named in the text of `T+0` (`ack within 5 min`) is the one that counts. */
export function readMilestones(all: readonly SectionBlocks[], findings: Findings): void {
  for (const { items, section } of all) {
    for (const item of items) {
      const found =
        /^T\s*\+\s*(?<amount>\d+)\s*(?<unit>min(?:utes?|uti)?|m|h|hours?|ore?)?\s*[:–—-]?\s*(?<text>.+)$/isu.exec(
          item.text,
        )?.groups;
      if (found === undefined) continue;
      const text = (found.text ?? '').trim();
      const within = new RegExp(`(?:within|entro|in)\\s+${SPOKEN}`, 'iu').exec(text)?.[0];
      const offset = spokenDuration(`${found.amount} ${found.unit ?? 'min'}`);
      const after = offset === '0m' && within !== undefined ? spokenDuration(within) : offset;
      if (after === null || text === '') continue;
      const levels = findings.levels();
      findings.parts.milestones.push({
        id: findings.freshId('milestones', slug(`t${found.amount}-${text}`)),
        title: text,
        after,
        ...severities(text, section.path.at(-1) ?? '', levels),
        settled_by: SETTLED.find(([words]) => words.test(text))?.[1] ?? 'manual',
      });
      findings.take(item.from, item.to, 'milestones');
    }
  }
}

/** Levels in brackets, of the item itself before those of the heading; none means every level. */
function severities(text: string, title: string, levels: readonly string[]): { severities?: string[] } {
  for (const place of [text, title]) {
    const brackets = [...place.matchAll(/\(([^)]*)\)/gu)].map((match) => match[1] ?? '').join(' ');
    const named = levels.filter((level) => new RegExp(`(?<![\\w-])${level}(?![\\w-])`, 'iu').test(brackets));
    if (named.length > 0) return { severities: named };
  }
  return {};
}
