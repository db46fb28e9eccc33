/** The words of one command and what stands among them. Words come first to last, the program first. */

/** True when a short option (also in a cluster such as `-tfn`) or one of the long options is given. */
export function hasOption(words: readonly string[], short: string, ...long: readonly string[]): boolean {
  const cluster = short === '' ? null : new RegExp(`^-[A-Za-z0-9]*[${short}]`, 'u');
  return words.some(
    (word) =>
      (cluster !== null && !word.startsWith('--') && cluster.test(word)) ||
      long.some((option) => word === option || (word.startsWith(`${option}=`) && !/=(?:false|0)$/u.test(word))),
  );
}

/** True for exactly one of these words, or one of them with a value behind `=`. */
export function hasWord(words: readonly string[], ...wanted: readonly string[]): boolean {
  return words.some((word) => wanted.some((option) => word === option || word.startsWith(`${option}=`)));
}

/** What stands behind a word; null when it is not there. */
export function after(words: readonly string[], word: string): readonly string[] | null {
  const at = words.indexOf(word);
  return at < 1 ? null : words.slice(at + 1);
}

/** Words that are no options; the values of options that take one (`valued`) are left out too. */
export function operands(words: readonly string[], valued: RegExp): string[] {
  const found: string[] = [];
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (valued.test(word)) at += 1;
    else if (!word.startsWith('-')) found.push(word);
  }
  return found;
}
