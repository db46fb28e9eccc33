/**
 * True for an awk program that neither writes nor runs anything: without `system`, `getline`, `@`, and with `>` and `|` only before
 * the first `print` (comparisons in conditions), since after one they send output to a file or a program.
 */
export function awkReads(program: string): boolean {
  if (/system|getline|@|\\\n|\|&|close|ENVIRON\s*\[.*=[^=]/u.test(program)) return false;
  const print = program.indexOf('print');
  if (print < 0) return !/(?<!\|)\|(?!\|)/u.test(withoutPatterns(program));
  const [before, after] = [program.slice(0, print), withoutPatterns(program.slice(print))];
  return !/[>|]/u.test(after) && !/(?<!\|)\|(?!\|)/u.test(withoutPatterns(before));
}

/** Takes out patterns that plainly are patterns: after `~`, or at the beginning of a rule. */
function withoutPatterns(text: string): string {
  return text.replace(/(?<=~\s*|^\s*|&&\s*|\|\|\s*|\(\s*|!\s*)\/[^/\n\\{};"]*\//gu, '//');
}

/**
 * True for a sed script of the commands that show, delete or replace within the stream. Whatever is not of this small grammar
 * (`w`, `e`, `r`, their flags of `s`, files, labels) may write or run something.
 */
export function sedReads(script: string): boolean {
  let rest = script;
  while (rest.length > 0) {
    const next = /^(?:[\s;{}]+)/u.exec(rest)?.[0] ?? sedCommand(rest);
    if (next === null) return false;
    rest = rest.slice(next.length);
  }
  return true;
}

const ADDRESS = String.raw`(?:\d+(?:~\d+)?|\$|/(?:[^/\\\n]|\\[^\n])*/I?)`;
const SED_COMMANDS = [
  new RegExp(
    String.raw`^(?:${ADDRESS}(?:\s*,\s*(?:${ADDRESS}|[+~]\d+))?)?\s*!?\s*(?:[pdgGhHxnNPD=l]|[qQ]\s*\d*)\s*(?=[;}\n]|$)`,
    'u',
  ),
  new RegExp(String.raw`^(?:${ADDRESS}(?:\s*,\s*(?:${ADDRESS}|[+~]\d+))?)\s*!?\s*(?=\{)`, 'u'),
  new RegExp(
    String.raw`^(?:${ADDRESS}(?:\s*,\s*(?:${ADDRESS}|[+~]\d+))?)?\s*!?\s*[sy](?<sign>[^\w\s\\;{}])(?:(?!\k<sign>)[^\\\n]|\\[^\n])*\k<sign>(?:(?!\k<sign>)[^\\\n]|\\[^\n])*\k<sign>[gpiI\d]*\s*(?=[;}\n]|$)`,
    'u',
  ),
];

function sedCommand(rest: string): string | null {
  for (const pattern of SED_COMMANDS) {
    const found = pattern.exec(rest)?.[0];
    // Some seds let a bracket protect the sign that ends the pattern, others do not: both must read the same.
    if (found !== undefined && found !== '' && !/\[[^\]]*[^\w\s\][^$.*-]/u.test(found)) return found;
  }
  return null;
}
