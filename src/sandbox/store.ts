import type { Journal, JournalOp } from './journal.ts';

/** One table of immutable rows by key, in the order of their first insertion. */
export interface Table<Row> {
  get(key: string): Row | undefined;
  /** Inserts or replaces. */
  set(key: string, row: Row): Row;
  delete(key: string): void;
  values(): Row[];
  readonly size: number;
}

/** All rows of the workspace. Every change is in the journal before `set` returns. */
export class Store {
  readonly #tables = new Map<string, Map<string, unknown>>();
  readonly #journal: Journal | null;
  #batch: JournalOp[] | null = null;
  #afterwards: (() => void)[] = [];

  constructor(journal: Journal | null) {
    this.#journal = journal;
    if (!journal) return;
    for (const [table, key, value] of journal.read()) {
      if (value === undefined) this.#rows(table).delete(key);
      else this.#rows(table).set(key, value);
    }
    journal.compact(this.#all());
  }

  /** True when nothing was ever stored. */
  get isEmpty(): boolean {
    return [...this.#tables.values()].every((rows) => rows.size === 0);
  }

  /** The table of that name. The row type is the caller's promise: the journal is this module's own file. */
  table<Row>(name: string): Table<Row> {
    const rows = this.#rows(name) as Map<string, Row>;
    return {
      get: (key) => rows.get(key),
      set: (key, row) => {
        this.#record([name, key, row]);
        rows.set(key, row);
        return row;
      },
      delete: (key) => {
        if (rows.delete(key)) this.#record([name, key]);
      },
      values: () => [...rows.values()],
      get size() {
        return rows.size;
      },
    };
  }

  /** Makes all changes of `work` one line of the journal. */
  atomically<Result>(work: () => Result): Result {
    if (this.#batch) return work();
    const batch: JournalOp[] = [];
    this.#batch = batch;
    try {
      return work();
    } finally {
      this.#batch = null;
      if (batch.length > 0) this.#journal?.append(batch);
      const afterwards = this.#afterwards;
      this.#afterwards = [];
      for (const act of afterwards) act();
    }
  }

  /** Runs `act` when everything so far is in the journal: now, or at the end of `atomically`. */
  afterwards(act: () => void): void {
    if (this.#batch) this.#afterwards.push(act);
    else act();
  }

  close(): void {
    this.#journal?.close();
  }

  #rows(name: string): Map<string, unknown> {
    const known = this.#tables.get(name);
    if (known) return known;
    const rows = new Map<string, unknown>();
    this.#tables.set(name, rows);
    return rows;
  }

  #record(op: JournalOp): void {
    if (this.#batch) this.#batch.push(op);
    else this.#journal?.append([op]);
  }

  *#all(): Iterable<JournalOp> {
    for (const [table, rows] of this.#tables) for (const [key, value] of rows) yield [table, key, value];
  }
}
