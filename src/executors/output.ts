/** What was kept of a long text. */
export type KeptOutput = { readonly text: string; readonly omittedBytes: number };

/**
 * Keeps the first and the last half of a stream, because errors stand last, in memory bounded by about twice `maxBytes`
 * (bytes of UTF-8). What was left out is counted and said in the middle of the text.
 */
export class HeadAndTail {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #omitted = 0;

  constructor(maxBytes: number) {
    this.#headLimit = Math.ceil(maxBytes / 2);
    this.#tailLimit = Math.floor(maxBytes / 2);
  }

  /** Adds a piece of text of any size. */
  add(text: string): void {
    let bytes: Buffer = Buffer.from(text, 'utf8');
    if (this.#headBytes < this.#headLimit) {
      const room = this.#headLimit - this.#headBytes;
      const taken = bytes.subarray(0, room);
      this.#head.push(taken);
      this.#headBytes += taken.length;
      bytes = bytes.subarray(room);
    }
    if (bytes.length === 0) return;
    if (bytes.length > this.#tailLimit) {
      this.#omitted += this.#tailBytes + bytes.length - this.#tailLimit;
      this.#tail = [Buffer.from(bytes.subarray(bytes.length - this.#tailLimit))];
      this.#tailBytes = this.#tailLimit;
      return;
    }
    this.#tail.push(bytes);
    this.#tailBytes += bytes.length;
    while (this.#tailBytes > this.#tailLimit) this.#dropOldest(this.#tailBytes - this.#tailLimit);
  }

  /** The kept text with a line that counts what is missing, and that count. Characters cut in two are left out whole. */
  finish(): KeptOutput {
    if (this.#omitted === 0)
      return { text: Buffer.concat([...this.#head, ...this.#tail]).toString('utf8'), omittedBytes: 0 };
    const head = wholeCharacters(Buffer.concat(this.#head));
    const tail = fromCharacterStart(Buffer.concat(this.#tail));
    const lost = this.#headBytes - head.length + (this.#tailBytes - tail.length);
    const omittedBytes = this.#omitted + lost;
    return {
      text: `${head.toString('utf8')}\n… ${omittedBytes} bytes left out …\n${tail.toString('utf8')}`,
      omittedBytes,
    };
  }

  #dropOldest(excess: number): void {
    const oldest = this.#tail[0] ?? Buffer.alloc(0);
    const dropped = Math.min(excess, oldest.length);
    if (dropped === oldest.length) this.#tail.shift();
    else this.#tail[0] = oldest.subarray(dropped);
    this.#tailBytes -= dropped;
    this.#omitted += dropped;
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
}

function wholeCharacters(bytes: Buffer): Buffer {
  let start = bytes.length - 1;
  while (start >= 0 && isContinuation(bytes[start])) start -= 1;
  const lead = bytes[start];
  if (start < 0 || lead === undefined) return bytes;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return start + length > bytes.length ? bytes.subarray(0, start) : bytes;
}

function fromCharacterStart(bytes: Buffer): Buffer {
  let start = 0;
  while (isContinuation(bytes[start])) start += 1;
  return bytes.subarray(start);
}
