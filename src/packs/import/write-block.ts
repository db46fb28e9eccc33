import type { Block } from './block.ts';

/**
 * A block as Markdown that can stand anywhere in a runbook: no heading, fence, task or link in it can be taken for a part of the
 * runbook's own structure. The words stay as they are.
 */
export function writeBlock(block: Block): string[] {
  switch (block.kind) {
    case 'prose':
      return block.lines.map((line) => `${block.quoted ? '> ' : ''}${plainLine(line)}`);
    case 'item':
      return [`${block.indent >= 2 ? '  ' : ''}${block.ordered ? '1.' : '-'} ${plainLine(block.text)}`];
    case 'table':
      return [row(block.head), row(block.head.map(() => '---')), ...block.rows.map(({ cells }) => row(cells))];
    case 'code':
      return fence(block.body, block.language);
    case 'html':
    case 'front':
      return fence(block.lines, block.kind === 'html' ? 'html' : 'yaml');
    case 'heading':
      return [`**${plainLine(block.text)}**`];
    case 'rule':
      return [];
    default:
      return block satisfies never;
  }
}

/** A fence that its own text cannot close. The info string is one word without signs, so that it never makes a step. */
export function fence(body: readonly string[], info: string): string[] {
  const longest = body.reduce((most, line) => Math.max(most, /^\s*(`{3,})/u.exec(line)?.[1]?.length ?? 0), 2);
  const marks = '`'.repeat(longest + 1);
  return [`${marks}${/^[a-z0-9+#-]+$/u.test(info) ? info : 'text'}`, ...body, marks];
}

/** One line of text that begins no block, with links to files of the source marked: they are not part of the pack. */
export function plainLine(line: string): string {
  const text = markLinks(line.replaceAll(/[\r\n]+/gu, ' ').trim());
  if (/^\d{1,9}[.)](?:\s|$)/u.test(text)) return text.replace(/^(\d+)([.)])/u, '$1\\$2');
  return /^(?:#{1,6}(?:\s|$)|`{3,}|~{3,}|=+\s*$|[-*+_](?:\s|$)|-{2,}|>|\||<|\[[ xX]\]|\[[^\]]*\]:)/u.test(text)
    ? `\\${text}`
    : text;
}

function markLinks(text: string): string {
  return text
    .split(/(`+[^`]*`+)/u)
    .map((part) =>
      part.startsWith('`')
        ? part
        : part.replaceAll(/\]\(\s*<?(?![a-z][a-z0-9+.-]*:|\/|#)(?=[^()<>\s])/giu, '](missing:'),
    )
    .join('');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => markLinks(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}
