import { cellOf, column, type SectionBlocks } from './blocks.ts';
import type { Findings } from './findings.ts';

const LEVELS: readonly (readonly [RegExp, string])[] = [
  [/critical|critic[oa]/iu, 'critical'],
  [/medium|medi[oa]/iu, 'medium'],
  [/low|bass[oa]/iu, 'low'],
  [/\b(?:none|nessuno|ok)\b/iu, 'ok'],
];

/** Blast radius: `Component | Impact | Cascading effect | Recovery time | Data loss`. A row whose level has no word of the scheme stays as it is. */
export function readComponents(all: readonly SectionBlocks[], findings: Findings): void {
  for (const { tables } of all)
    for (const table of tables) {
      const name = column(table, /^(?:component[ei]?|service|servizio|dependency|dipendenza|system|sistema)$/iu);
      const level = column(table, /impact|impatto|criticality|criticit/iu);
      const effect = column(table, /cascad|effect|effett|consequen|conseguenz/iu);
      const recovery = column(table, /recover|ripristin|rto/iu);
      const loss = column(table, /data loss|perdita/iu);
      if (name === null || level === null || (effect === null && recovery === null)) continue;
      let first = true;
      for (const row of table.rows) {
        const cell = cellOf(row, level);
        const known = LEVELS.find(([words]) => words.test(cell))?.[1];
        const text = cellOf(row, effect) || cell.replaceAll(/[^\p{L}\p{N} ,.%-]/gu, '').trim();
        if (known === undefined || cellOf(row, name) === '' || text === '') {
          findings.ask(row.line, `“${cell}” is no level of a component: choose ok, low, medium, warn or critical.`);
          continue;
        }
        findings.parts.components.push({
          name: cellOf(row, name),
          level: known,
          effect: text,
          ...(cellOf(row, recovery) === '' ? {} : { recovery: cellOf(row, recovery) }),
          ...(cellOf(row, loss) === '' ? {} : { data_loss: cellOf(row, loss) }),
        });
        findings.take(first ? table.from : row.line, row.line, 'components');
        first = false;
      }
    }
}
