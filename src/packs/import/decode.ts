import { plural } from '../../lib/text.ts';
import { repairMojibake } from './mojibake.ts';

/** The lines of a document as people meant them. */
export type Decoded = {
  /** Without line ends; line 1 is `lines[0]`. A last line break ends the last line, it does not begin one. */
  readonly lines: readonly string[];
  /** The same lines with the signs that nobody sees; only to count what is blank. */
  readonly raw: readonly string[];
  /** How the bytes were read: `utf-8`, `utf-16le`, `utf-16be` or `windows-1252`. */
  readonly encoding: string;
  /** The encoding that the text had been mistaken for, null when it was sound. */
  readonly repairedFrom: string | null;
  /** Sentences for the report. */
  readonly notes: readonly string[];
};

/** Controls and marks of no width: whoever approves a command has to see all of it. */
const HIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
/** Spaces of typesetting, which a shell takes for letters. */
const SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu;

/** Reads a document of any encoding; never throws. Lines end as in Markdown: \n, \r\n or \r. */
export function decodeDocument(bytes: Uint8Array): Decoded {
  const { text, encoding } = decode(bytes);
  const notes: string[] = [];
  if (encoding !== 'utf-8') notes.push(`The file was read as ${encoding}.`);
  let [repaired, from] = [text, null as string | null];
  // Text can go through the same mistake twice.
  for (let round = 0; round < 2; round += 1) {
    const repair = repairMojibake(repaired);
    if (repair.encoding === null) break;
    repaired = repair.text;
    from ??= repair.encoding;
    notes.push(`UTF-8 had been read as ${repair.encoding}; ${repair.runs} places were put right.`);
  }
  const lines = repaired.replace(/^\ufeff/u, '').split(/\r\n|\n|\r/u);
  if (lines.at(-1) === '') lines.pop();
  let hidden = 0;
  const clean = lines.map((line) => {
    hidden += (line.match(HIDDEN) ?? []).length;
    // No sense needs hundreds of spaces in a row; patterns that look for the end of a line would try each of them.
    return line
      .replaceAll(HIDDEN, '')
      .replaceAll(SPACES, ' ')
      .replaceAll(/[ \t]{200,}/gu, ' ');
  });
  if (hidden > 0) notes.push(`${plural(hidden, 'sign')} that nobody can see taken out.`);
  return { lines: clean, raw: lines, encoding, repairedFrom: from, notes };
}

function decode(bytes: Uint8Array): { text: string; encoding: string } {
  const unicode = utf16(bytes);
  if (unicode !== null) return { text: new TextDecoder(unicode).decode(bytes), encoding: unicode };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' };
  }
}

/** A byte order mark, or zeros in every second byte of the beginning. */
function utf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const head = bytes.subarray(0, 512);
  if (head.length < 4 || head.length % 2 !== 0) return null;
  let [even, odd] = [0, 0];
  head.forEach((byte, index) => {
    if (byte !== 0) return;
    if (index % 2 === 0) even += 1;
    else odd += 1;
  });
  const half = head.length / 2;
  if (odd > half * 0.8 && even === 0) return 'utf-16le';
  if (even > half * 0.8 && odd === 0) return 'utf-16be';
  return null;
}
