import { type PlainItem, type SectionBlocks, slug } from './blocks.ts';
import type { Findings } from './findings.ts';

const TITLE = /check-?list|lista di controllo/iu;
const RHYTHMS: readonly (readonly [RegExp, 'day' | 'week' | 'month'])[] = [
  [/dail|giornalier|quotidian|every day|ogni giorno|on-?call/iu, 'day'],
  [/weekl|settimanal|every week|ogni settimana/iu, 'week'],
  [/month|mensil|ogni mese/iu, 'month'],
];
/** A list of what to do after one incident belongs to its runbook. */
const OF_A_RUNBOOK = /post-?incident|dopo l.incidente|post-?mortem|deployment|pre-?deploy/iu;

/** Lists that people go through at a rhythm: a heading that says so, and the items below it. */
export function readChecklists(all: readonly SectionBlocks[], findings: Findings): void {
  for (const { title, section, items } of all) {
    const rhythm = RHYTHMS.find(([words]) => words.test(title))?.[1];
    const named = TITLE.test(title) || (rhythm !== undefined && items.some(({ checked }) => checked !== null));
    if (!named || OF_A_RUNBOOK.test(section.path.join(' '))) continue;
    const boxes = items.filter(({ checked, depth }) => checked !== null && depth === 0);
    const chosen = boxes.length > 0 ? boxes : rhythm === undefined ? [] : items.filter(({ depth }) => depth === 0);
    if (chosen.length < 2) continue;
    const at = /(?<!\d)(?:[01]?\d|2[0-3]):[0-5]\d(?!\d)/u.exec(title)?.[0].padStart(5, '0');
    findings.parts.checklists.push({
      id: findings.freshId('checklists', slug(title.replaceAll(/\(.*?\)/gu, ''))),
      title,
      ...(rhythm === undefined ? {} : { every: rhythm }),
      ...(at === undefined ? {} : { at }),
      items: itemsOf(chosen),
    });
    if (rhythm === undefined)
      findings.ask(section.from, `The checklist “${title}” does not say how often it is gone through.`);
    for (const item of chosen) findings.take(item.from, item.to, 'checklists');
  }
}

function itemsOf(items: readonly PlainItem[]): { id: string; title: string }[] {
  const taken = new Set<string>();
  return items.map(({ text }) => {
    const wanted = slug(text);
    let [id, number] = [wanted, 2];
    while (taken.has(id)) {
      id = `${wanted}-${number}`;
      number += 1;
    }
    taken.add(id);
    return { id, title: text };
  });
}
