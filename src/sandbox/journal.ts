import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { InternalError } from '../lib/errors.ts';

/** One change of one row: table, key, value; a missing value removes the row. */
export type JournalOp = readonly [table: string, key: string, value?: unknown];

const FILE = 'journal.jsonl';

/**
 * An append-only file of changes, one JSON list of operations a line. `append` returns after the bytes are in the
 * operating system, so that kill -9 of this process loses nothing; a torn last line (power failure) is dropped.
 */
export class Journal {
  readonly #path: string;
  #fd = -1;

  constructor(dataDir: string) {
    mkdirSync(dataDir, { recursive: true });
    this.#path = join(dataDir, FILE);
  }

  /** Reads all operations in order. Errors: a damaged line that is not the last. */
  read(): JournalOp[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, 'utf8').split('\n');
    // Without its newline the last line was never acknowledged to anybody.
    lines.pop();
    return lines.flatMap((line, index) => {
      try {
        return JSON.parse(line) as JournalOp[];
      } catch (cause) {
        const context = { path: this.#path, line: index + 1 };
        throw new InternalError('sandbox_journal_damaged', 'A line of the sandbox journal is damaged.', {
          cause,
          context,
        });
      }
    });
  }

  /** Replaces the file by one that holds `rows` alone, then opens it for appending. */
  compact(rows: Iterable<JournalOp>): void {
    const fresh = `${this.#path}.new`;
    const fd = openSync(fresh, 'w');
    for (const row of rows) writeSync(fd, `${JSON.stringify([row])}\n`);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(fresh, this.#path);
    this.#fd = openSync(this.#path, 'a');
  }

  /** Appends one group of changes: all of them or none are there after a crash. */
  append(ops: readonly JournalOp[]): void {
    const line = Buffer.from(`${JSON.stringify(ops)}\n`);
    for (let done = 0; done < line.length; ) done += writeSync(this.#fd, line, done);
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
