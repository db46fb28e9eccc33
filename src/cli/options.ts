/** The arguments of a verb, apart: what stands alone, and its options with their values (empty for a flag). */
export type ReadOptions = {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
};

/**
 * Reads `--name=value`, `--name value` and flags in any order. A sentence about the first thing that is wrong, when something
 * is. `verb`: what the sentence calls it.
 */
export function readOptions(
  args: readonly string[],
  known: { readonly verb: string; readonly valued: readonly string[]; readonly flags: readonly string[] },
): ReadOptions | string {
  const options = new Map<string, string>();
  const words: string[] = [];
  let waiting: string | null = null;
  for (const arg of args) {
    const [name = '', value] = arg.split(/=(.*)/su, 2);
    if (waiting !== null) {
      options.set(waiting, arg);
      waiting = null;
    } else if (!arg.startsWith('--')) words.push(arg);
    else if (known.flags.includes(arg)) options.set(arg, '');
    else if (known.valued.includes(name) && value !== undefined) options.set(name, value);
    else if (known.valued.includes(name)) waiting = name;
    else return `warroom ${known.verb} has no option ${name}: see \`warroom help ${known.verb}\`.`;
  }
  return waiting === null ? { words, options } : `${waiting} needs a value behind it.`;
}
