import { cellOf, column, type PlainTable, type SectionBlocks, slug } from './blocks.ts';
import type { Findings } from './findings.ts';
import { findDuration, SPOKEN } from './spoken-duration.ts';

const WHO = /^(?:chi|who|contact|contatto|role|ruolo|team|escalate to|person[ae]?|referente)$/iu;
const WHEN = /when|quando|condition|condizione|trigger|criteri|escalate if|\bse\b/iu;
const ESCALATION = /escalat|escalation/iu;

type Trigger = Record<string, unknown> | 'manual';

/** Rungs out of an escalation matrix or of a numbered path; a condition that the settings cannot say is a rung that a person climbs. */
export function readEscalation(all: readonly SectionBlocks[], findings: Findings): void {
  for (const blocks of all) {
    if (
      !blocks.section.path.some((title) => ESCALATION.test(title)) &&
      !blocks.tables.some((table) => column(table, /escalate if/iu) !== null)
    )
      continue;
    for (const table of blocks.tables) if (!byIssue(table, findings)) matrix(table, findings);
    if (
      /path|policy|percorso|catena|chain|matrix|matrice|procedure|escalation$/iu.test(blocks.title) &&
      blocks.tables.length === 0
    )
      path(blocks, findings);
  }
}

/** `Level | Contact | Role | When`. */
function matrix(table: PlainTable, findings: Findings): void {
  const [who, when] = [column(table, WHO), column(table, WHEN)];
  if (who === null || when === null) return;
  const role = column(table, /^(?:role|ruolo|team)$/iu);
  const level = column(table, /^(?:level|livello|tier|rung)$/iu);
  let first = true;
  for (const row of table.rows) {
    const [name, condition] = [cellOf(row, who), cellOf(row, when)];
    if (name === '') continue;
    const note = role === null || role === who ? null : cellOf(row, role);
    add({ name, note, title: name, condition, id: slug(cellOf(row, level) || name), line: row.line }, findings);
    findings.take(first ? table.from : row.line, row.line, 'escalation');
    first = false;
  }
}

/** `Issue | First Response | Escalate If | Next Level`: the ladder knows no issues, so each row is a rung that a person climbs. */
function byIssue(table: PlainTable, findings: Findings): boolean {
  const [issue, first, condition, next] = [
    /issue|problema|incident/iu,
    /first|primo/iu,
    /escalate if|condition|\bse\b/iu,
    /next|prossimo|escalate to/iu,
  ].map((title) => column(table, title));
  if (issue == null || first == null || condition == null || next == null) return false;
  table.rows.forEach((row, at) => {
    const [what, responder, text, name] = [issue, first, condition, next].map((index) => cellOf(row, index));
    if (!name || !what) return;
    if (responder) findings.contact(responder, slug(responder), 'First response');
    const contact = findings.contact(name, slug(name));
    const id = findings.freshId('escalation', slug(what));
    findings.parts.escalation.push({ id, title: `${name}: ${what}, ${text}`, contact, when: ['manual'] });
    findings.ask(
      row.line,
      `The escalation of “${what}” (${text}) depends on the issue: a person climbs it, unless a severity says the same.`,
    );
    findings.take(at === 0 ? table.from : row.line, row.line, 'escalation');
  });
  return true;
}

/** `1. On-call engineer (first responder)`. */
function path({ items, section }: SectionBlocks, findings: Findings): void {
  if (!/path|percorso|catena|chain|policy/iu.test(section.path.at(-1) ?? '')) return;
  for (const item of items.filter(({ depth }) => depth === 0)) {
    const found = /^(?<name>[^(:–—]{2,60}?)\s*(?:\((?<within>[^)]*)\)|[:–—]\s*(?<after>.+))?$/su.exec(
      item.text,
    )?.groups;
    const name = found?.name?.trim();
    const condition = found?.within ?? found?.after;
    if (name === undefined || condition === undefined) continue;
    add({ name, note: null, title: name, condition, id: slug(name), line: item.from }, findings);
    findings.take(item.from, item.to, 'escalation');
  }
}

type Rung = {
  readonly name: string;
  readonly note: string | null;
  readonly title: string;
  readonly condition: string;
  readonly id: string;
  readonly line: number;
};

function add(rung: Rung, findings: Findings): void {
  const contact = findings.contact(rung.name, slug(rung.name), rung.note);
  const when = triggers(rung.condition, findings.levels());
  const id = findings.freshId('escalation', rung.id);
  const manual = when.includes('manual');
  const title = manual && rung.condition !== '' ? `${rung.title}: ${rung.condition}` : rung.title;
  findings.parts.escalation.push({ id, title, contact, when });
  if (manual && rung.condition !== '')
    findings.ask(
      rung.line,
      `“${rung.condition}” is no condition that Warroom can see: ${rung.name} is paged by a person.`,
    );
}

/** Every part of the condition, or none: half of a condition would page people at the wrong time. */
export function triggers(condition: string, levels: readonly string[]): Trigger[] {
  const parts = condition.split(/\s*[,;]\s*|\s+(?:or|oppure|o)\s+/iu).filter((part) => part !== '');
  const found = parts.map((part) => trigger(part, levels));
  return found.length === 0 || found.includes(null) ? ['manual'] : found.flatMap((part) => part ?? []);
}

function trigger(part: string, levels: readonly string[]): Trigger[] | null {
  if (
    /^(?:all|every|any|tutti|ogni)\b.*(?:incident\w*|alert\w*)$|^first respon\w+$|^prim[oa] (?:risposta|intervento)$|^always$|^sempre$/iu.test(
      part,
    )
  )
    return [{ severity: 'any', after: '0s' }];
  const named = levels.filter((level) => new RegExp(`(?<![\\w-])${level}(?![\\w-])`, 'iu').test(part));
  if (/^(?:multiple|several|pi[uù]|molteplici)\b/iu.test(part) && named.length === 1)
    return [{ several_open: named[0], count: 2 }];
  const after = findDuration(part);
  if (after === null) return null;
  const rest = part
    .replace(new RegExp(SPOKEN, 'iu'), '')
    .replaceAll(/(?<![\w-])(?:[A-Za-z]+-?\d)(?![\w-])|[/>≥+()]/gu, (word) =>
      levels.some((level) => level.toLowerCase() === word.toLowerCase()) || !/\w/u.test(word) ? ' ' : word,
    );
  const plain = rest
    .replaceAll(
      /\b(?:if|se|issue|incident|problema|the|is|not|non|un)?\b\s*(?:resolved|risolt[oiae]|unresolved|open|apert[oi]|after|dopo|in|within|entro|per|for|over|oltre|than|more|più|di)\b/giu,
      ' ',
    )
    .replaceAll(/\b(?:if|se|issue|incident|problema|the|is|not|non)\b/giu, ' ');
  if (plain.trim() === '')
    return named.length > 0 ? named.map((severity) => ({ severity, after })) : unresolved(part, after);
  return /^\s*(?:customers?|clienti)[\s-]*(?:impact\w*|affected|impattati|impatto)?\s*$/iu.test(plain) &&
    named.length === 0
    ? [{ customer_impact_for: after }]
    : null;
}

/** A length of time with no level counts for every incident only where the source speaks of the incident. */
function unresolved(part: string, after: string): Trigger[] | null {
  return /resolved|risolt|open|apert/iu.test(part) ? [{ severity: 'any', after }] : null;
}
