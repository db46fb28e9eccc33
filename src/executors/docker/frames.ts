import { StringDecoder } from 'node:string_decoder';

/** Header of a frame: one byte for the stream, three of nothing, four of length (Engine API, "Attach to a container"). */
const HEADER = 8;
/** More than any engine puts into one frame: what claims to be longer is no frame at all. */
const MAX_FRAME = 64 * 1024 * 1024;

/** Takes the engine's mixed stream apart, in pieces cut anywhere. With a terminal everything is one stream without headers. */
export class Frames {
  readonly #terminal: boolean;
  readonly #out = new StringDecoder('utf8');
  readonly #err = new StringDecoder('utf8');
  #stdout = '';
  #stderr = '';
  #both = '';
  /** The line that each stream is in the middle of: the other one must not come between, or a secret there would not be found. */
  readonly #open = { 1: '', 2: '' };
  #pending: Buffer = Buffer.alloc(0);

  constructor(terminal: boolean) {
    this.#terminal = terminal;
  }

  add(chunk: Buffer): void {
    if (this.#terminal) {
      this.#keep(1, this.#out.write(chunk));
      return;
    }
    this.#pending = Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= HEADER) {
      const length = this.#pending.readUInt32BE(4);
      if ((this.#pending[0] ?? 0) > 2 || length > MAX_FRAME) throw new Error('the stream is not in frames');
      if (this.#pending.length < HEADER + length) return;
      const data = this.#pending.subarray(HEADER, HEADER + length);
      if (this.#pending[0] === 2) this.#keep(2, this.#err.write(data));
      else this.#keep(1, this.#out.write(data));
      this.#pending = this.#pending.subarray(HEADER + length);
    }
  }

  /** The streams, and both in the order in which their lines ended; half a frame at the end is given up. */
  finish(): { stdout: string; stderr: string; both: string } {
    this.#keep(1, this.#out.end());
    this.#keep(2, this.#err.end());
    this.#both += this.#open[1] + (this.#open[1] !== '' && this.#open[2] !== '' ? '\n' : '') + this.#open[2];
    this.#open[1] = '';
    this.#open[2] = '';
    return { stdout: this.#stdout, stderr: this.#stderr, both: this.#both };
  }

  #keep(stream: 1 | 2, text: string): void {
    if (stream === 1) this.#stdout += text;
    else this.#stderr += text;
    const lineEnd = text.lastIndexOf('\n') + 1;
    if (lineEnd > 0) {
      this.#both += this.#open[stream] + text.slice(0, lineEnd);
      this.#open[stream] = '';
    }
    this.#open[stream] += text.slice(lineEnd);
  }
}
