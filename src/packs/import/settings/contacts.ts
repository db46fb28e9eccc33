import { cellOf, column, isLeftOpen, type SectionBlocks, slug } from './blocks.ts';
import type { Findings } from './findings.ts';

const TITLE = /\bcontacts?\b|\bcontatti\b|on-?call rotation|turni|rubrica/iu;
const CHANNELS = /channel|canal[ei]|status page|dashboard|wiki|link/iu;

/** An address, a number, a channel or a service that finds a person. */
const REACHES =
  /[\w.+-]+@[\w.-]+\.\w|\+?\d[\d ()-]{6,}|(?:^|\s)[#@][a-z][\w-]+|\b(?:pager ?duty|opsgenie|victorops|phone|telefono|ext\.?|slack)\b/iu;

/** People and teams: lists `Name: how to reach`, and tables `Role | Primary | Secondary`. */
export function readContacts(all: readonly SectionBlocks[], findings: Findings): void {
  for (const { section, title, tables, items } of all) {
    const named = section.path.some((one) => TITLE.test(one)) && !CHANNELS.test(title) && !/escalat/iu.test(title);
    for (const table of named ? tables : []) {
      const [role, primary] = [
        column(table, /^(?:role|ruolo|team|name|nome)$/iu),
        column(table, /primary|primario|contact|contatto|phone|telefono|e-?mail/iu),
      ];
      if (role === null || primary === null) continue;
      table.rows.forEach((row, at) => {
        const name = cellOf(row, role);
        if (name === '') return;
        const note = row.cells.filter((cell, index) => index !== role && !isOpen(cell)).join('; ');
        addContact({ name, note, line: row.line }, findings);
        findings.take(at === 0 ? table.from : row.line, row.line, 'contacts');
      });
    }
    for (const item of items.filter(({ depth }) => depth === 0)) {
      if (!named && !TITLE.test(item.label)) continue;
      const [, name = '', value = ''] = /^([^:]{2,50}):\s*(.+)$/su.exec(item.text) ?? [];
      if (
        name === '' ||
        !(isOpen(value) || REACHES.test(value)) ||
        CHANNELS.test(name) ||
        /^(?:slack|teams|escalation|e-?mail|war ?room|https?)$/iu.test(name)
      )
        continue;
      addContact(
        { name, note: /^[[<]/u.test(value) || (isOpen(value) && !REACHES.test(value)) ? '' : value, line: item.from },
        findings,
      );
      findings.take(item.from, item.to, 'contacts');
    }
  }
}

function isOpen(text: string): boolean {
  return isLeftOpen(text) || /\[[^\]]*\]/u.test(text) || /^support portal link$/iu.test(text);
}

function addContact(
  { name, note, line }: { readonly name: string; readonly note: string; readonly line: number },
  findings: Findings,
): void {
  findings.contact(name, slug(name), note);
  if (note === '') findings.ask(line, `How ${name} is reached is left open in the source.`);
}
