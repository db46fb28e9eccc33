import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The bytes of uploaded files: beside the journal, or in memory without a directory. */
export class FileShelf {
  readonly #dir: string | null;
  readonly #memory = new Map<string, Buffer>();

  constructor(dataDir: string | undefined) {
    this.#dir = dataDir === undefined ? null : join(dataDir, 'files');
    if (this.#dir) mkdirSync(this.#dir, { recursive: true });
  }

  /** `id` is one of our own ids, so it is a safe file name. */
  put(id: string, body: Buffer): void {
    if (this.#dir) writeFileSync(join(this.#dir, id), body);
    else this.#memory.set(id, body);
  }

  get(id: string): Buffer {
    return this.#dir ? readFileSync(join(this.#dir, id)) : (this.#memory.get(id) ?? Buffer.alloc(0));
  }
}
