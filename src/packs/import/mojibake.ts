/** Single-byte encodings that UTF-8 is read as by mistake, in the order in which equal results are named. */
const ENCODINGS = ['windows-1252', 'macintosh', 'windows-1254', 'windows-1250', 'windows-1251'] as const;

/** Text with its repair; `encoding` is null when nothing was wrong or when the fault could not be told for certain. */
export type Repair = { readonly text: string; readonly encoding: string | null; readonly runs: number };

const RUN = /[^\u0000-\u007f]+/gu;

/**
 * Puts right UTF-8 that was read as a single-byte encoding (`Ã¨` for `è`). Each run of non-ASCII characters that turns into
 * plausible UTF-8 is replaced. Nothing is touched unless one encoding explains most of the runs, and better than the others.
 */
export function repairMojibake(text: string): Repair {
  let best: { encoding: string; text: string; runs: number } | null = null;
  let rivals = 0;
  const all = (text.match(RUN) ?? []).length;
  if (all === 0) return { text, encoding: null, runs: 0 };
  for (const encoding of ENCODINGS) {
    const bytes = bytesOf(encoding);
    let [runs, strong] = [0, 0];
    const repaired = text.replaceAll(RUN, (run) => {
      const better = repairRun(run, bytes);
      if (better === null) return run;
      runs += 1;
      // Two accented letters side by side can be meant; three bytes that form one sign cannot.
      if (better.length < [...run].length - 1) strong += 1;
      return better;
    });
    if (runs === 0 || (strong === 0 && runs < 2) || runs * 2 < all) continue;
    if (best === null || runs > best.runs) [best, rivals] = [{ encoding, text: repaired, runs }, 0];
    else if (runs === best.runs && repaired !== best.text) rivals += 1;
  }
  if (best === null || rivals > 0) return { text, encoding: null, runs: 0 };
  return best;
}

const TABLES = new Map<string, ReadonlyMap<string, number>>();

/** Character to byte, for the upper half of an encoding. */
function bytesOf(encoding: string): ReadonlyMap<string, number> {
  const known = TABLES.get(encoding);
  if (known) return known;
  const decoder = new TextDecoder(encoding);
  const table = new Map<string, number>();
  for (let byte = 0x80; byte < 0x100; byte += 1) table.set(decoder.decode(Uint8Array.of(byte)), byte);
  TABLES.set(encoding, table);
  return table;
}

function repairRun(run: string, bytes: ReadonlyMap<string, number>): string | null {
  const raw: number[] = [];
  for (const character of run) {
    const byte = bytes.get(character);
    if (byte === undefined) return null;
    raw.push(byte);
  }
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(raw));
    return PLAUSIBLE.test(decoded) ? decoded : null;
  } catch {
    return null;
  }
}

/** Letters of European languages, punctuation, arrows, signs, emoji: what people write in runbooks. */
const PLAUSIBLE =
  /^(?:[\u00a0-\u024f\u0370-\u03ff\u0400-\u04ff\u1e00-\u1eff\u2000-\u206f\u20a0-\u20bf\u2100-\u27bf\u2900-\u297f\u2b00-\u2bff\u3000-\u30ff\u4e00-\u9fff]|\ufe0f|[\u{1f000}-\u{1faff}])+$/u;
