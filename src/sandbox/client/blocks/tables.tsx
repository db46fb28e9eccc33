import type { DataTableBlock, TableBlock } from '@slack/types';
import { useState } from 'react';
import { RichText } from './rich-text.tsx';

type Cell = TableBlock['rows'][number][number];

/** A table; the first row is its head. */
export function Table({ block }: { block: TableBlock }) {
  const [head = [], ...rows] = block.rows;
  const align = (column: number) => block.column_settings?.[column]?.align ?? 'left';
  return <Grid head={head} rows={rows} align={align} />;
}

/** A table with a caption and pages. */
export function DataTable({ block }: { block: DataTableBlock }) {
  const [page, setPage] = useState(0);
  const [head = [], ...rows] = block.rows;
  const size = block.page_size ?? 5;
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const numeric = (column: number) => rows.some((row) => row[column]?.type === 'raw_number');
  return (
    <figure className="data-table">
      <figcaption>{block.caption}</figcaption>
      <Grid
        head={head}
        rows={rows.slice(page * size, (page + 1) * size)}
        align={(column) => (numeric(column) ? 'right' : 'left')}
      />
      {pages < 2 ? null : (
        <div className="data-table-pages">
          <button type="button" className="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
            Previous
          </button>
          <span>
            {page + 1} of {pages}
          </span>
          <button type="button" className="button" disabled={page === pages - 1} onClick={() => setPage(page + 1)}>
            Next
          </button>
        </div>
      )}
    </figure>
  );
}

type GridProps = {
  readonly head: readonly Cell[];
  readonly rows: readonly (readonly Cell[])[];
  readonly align: (column: number) => 'left' | 'center' | 'right';
};

function Grid({ head, rows, align }: GridProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table scrolls, and the keyboard must reach it
    <section className="table-scroll" tabIndex={0} aria-label="Table">
      <table>
        <thead>
          <tr>
            {head.map((cell, column) => (
              <th key={`h${String(column)}`} scope="col" className={`align-${align(column)}`}>
                <CellContent cell={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={`r${String(index)}`}>
              {row.map((cell, column) => (
                <td key={`c${String(column)}`} className={`align-${align(column)}`}>
                  <CellContent cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function CellContent({ cell }: { cell: Cell }) {
  return cell.type === 'rich_text' ? <RichText block={cell} /> : cell.text;
}
