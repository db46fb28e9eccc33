import type { Block, TableBlock } from './block.ts';
import { isPhase, meaningOf, type PhaseWords, plainHeading } from './heading-words.ts';

const SUBJECT =
  /^(?:incident|incidente|issue|problem|problema|alert|allarme|scenario|failure|guasto|error|errore|symptom|sintomo|condition|condizione)s?\b/u;

/**
 * A table whose rows are runbooks in short (incident, alert, cause, mitigation, recovery) becomes headings and lists: each row a
 * heading, each column that is a phase a list of its clauses. Other tables stay as they are.
 */
export function expandTables(blocks: readonly Block[], more: PhaseWords): Block[] {
  return blocks.flatMap((block) => (block.kind === 'table' && isMatrix(block, more) ? rowsOf(block, more) : [block]));
}

function isMatrix({ head }: TableBlock, more: PhaseWords): boolean {
  return SUBJECT.test(plainHeading(head[0] ?? '')) && head.slice(1).some((title) => doing(title, more));
}

function doing(title: string, more: PhaseWords): boolean {
  const meaning = meaningOf(title, more);
  return (
    isPhase(meaning) &&
    meaning !== 'symptoms' &&
    meaning !== 'blast_radius' &&
    !/caus/iu.test(title) &&
    meaning !== 'escalate'
  );
}

function rowsOf({ head, rows }: TableBlock, more: PhaseWords): Block[] {
  return rows.flatMap(({ cells, line }): Block[] => {
    const span = { from: line, to: line };
    const title = (cells[0] ?? '').replaceAll(/[*`_]/gu, '').trim();
    if (title === '') return [];
    const facts: Block[] = [];
    const phases: Block[] = [];
    head.slice(1).forEach((column, index) => {
      const cell = cells[index + 1] ?? '';
      if (cell === '') return;
      if (!doing(column, more)) {
        facts.push({ kind: 'prose', lines: [`**${column}**: ${cell}`], indent: 0, quoted: false, ...span });
        return;
      }
      phases.push({ kind: 'heading', level: 7, text: column, ...span });
      for (const text of cell.split(/;\s+|<br\s*\/?>/iu))
        if (text.trim() !== '')
          phases.push({ kind: 'item', ordered: true, task: false, indent: 0, text: text.trim(), ...span });
    });
    return [{ kind: 'heading', level: 6, text: title, ...span }, ...facts, ...phases];
  });
}
