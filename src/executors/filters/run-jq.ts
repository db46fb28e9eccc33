import { loadJq } from 'jq-wasm';
import type { FilterAnswer } from './filter-task.ts';
import type { JqCall } from './jq-options.ts';

/** Bytes that one program may write; a power of two, by which the library's own buffer grows. */
const MAX_OUTPUT = 16 * 1024 * 1024;

type Use = {
  readonly text: string;
  /** Only compile. */
  readonly check: boolean;
  /** What `-e` says counts when nothing stands behind it, as in a shell. */
  readonly last: boolean;
  /** Ends the thread with this answer: what a program without an end cannot do itself. */
  readonly give: (answer: FilterAnswer) => void;
};

/**
 * Runs jq itself, built for WebAssembly: its memory is its own and at most 256 MiB, its file system is empty, its environment is not ours.
 * What it cannot bound is time; the thread that this runs in is ended from outside.
 */
export async function runJq({ flags, program }: JqCall, use: Use): Promise<FilterAnswer> {
  const jq = await loadJq();
  // Without any input a program is compiled and never begins.
  const own = use.check ? flags.filter((flag) => flag !== '-n' && flag !== '-s') : [...flags];
  let ran: ReturnType<typeof jq.raw>;
  try {
    ran = unaltered(use.give, () => jq.raw(use.check ? '' : use.text, program, own));
  } catch {
    return failed('', 'jq needs more than 256 MiB of memory for it, or calls itself without an end');
  }
  const { stdout, stderr, exitCode } = ran;
  const text = stdout.replace(/\n$/u, '');
  if (exitCode === 0 || (use.check && exitCode !== 3)) return { status: 'ok', text };
  if (stderr !== '' || (exitCode !== 1 && exitCode !== 4)) return failed(text, reasonOf(stderr, exitCode));
  if (!use.last) return { status: 'ok', text };
  return failed(text, exitCode === 1 ? 'the last value of `jq -e` is false or null' : '`jq -e` gave no value');
}

/**
 * The library takes spaces and line breaks off both ends of what jq wrote and collects without a limit. While it works, nothing is taken
 * off in this thread, and a buffer beyond the limit ends it.
 */
function unaltered<T>(give: Use['give'], work: () => T): T {
  const bytes = globalThis.Uint8Array;
  const { trim } = String.prototype;
  const limited = new Proxy(bytes, {
    construct: (target, args: unknown[], newTarget) => {
      if (typeof args[0] === 'number' && args[0] > MAX_OUTPUT) give(failed('', 'it writes more than 16 MiB'));
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  const set = (name: 'trim', value: typeof trim) =>
    Object.defineProperty(String.prototype, name, { value, writable: true, configurable: true });
  globalThis.Uint8Array = limited;
  set('trim', function whole(this: string) {
    return String(this);
  });
  try {
    return work();
  } finally {
    globalThis.Uint8Array = bytes;
    set('trim', trim);
  }
}

function failed(text: string, reason: string): FilterAnswer {
  return { status: 'failed', text, reason };
}

/** What jq says of an error, without its own name and the place of an input that has none. */
function reasonOf(stderr: string, exitCode: number): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !/^\["DEBUG:"/u.test(line));
  const said = (lines.find((line) => /^jq: /u.test(line)) ?? lines.at(-1) ?? `it ended with ${exitCode}`)
    .replace(/^jq: (?:error(?: \(at \S+?\))?: )?/u, '')
    .replace(/ at <top-level>, line (\d+), column (\d+):?$/u, ' at character $2 of line $1 of the program');
  return /^parse error/u.test(said) ? `what came is not JSON, ${said}` : said.slice(0, 300);
}
