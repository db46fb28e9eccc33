/** Collects how to close what was opened and closes it last-in first-out, going on when one of them fails. */
export class Releasers {
  readonly #stack: { name: string; release: () => unknown }[] = [];

  /** Remembers how to close something. */
  add(name: string, release: () => unknown): void {
    this.#stack.push({ name, release });
  }

  /** Closes everything; returns what failed, with its name. Calling it again does nothing more. */
  async releaseAll(): Promise<{ name: string; error: unknown }[]> {
    const failures: { name: string; error: unknown }[] = [];
    for (let entry = this.#stack.pop(); entry; entry = this.#stack.pop()) {
      try {
        await entry.release();
      } catch (error) {
        failures.push({ name: entry.name, error });
      }
    }
    return failures;
  }
}
