/** What the client showed to one person because the app failed. */
export class Notices {
  readonly #rows: { readonly error: string; readonly text: string; seen: boolean }[] = [];

  add(error: string, text: string): void {
    this.#rows.push({ error, text, seen: false });
  }

  /** The text of a notice that no test has asked for yet. */
  take(error: string): string | undefined {
    const row = this.#rows.find((entry) => entry.error === error && !entry.seen);
    if (row) row.seen = true;
    return row?.text;
  }

  text(): string {
    return this.#rows.map((row) => `notice ${row.error}: ${row.text}\n`).join('');
  }
}
