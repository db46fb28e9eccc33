/** One word or option of a call, in the order of the call. */
export type Item =
  | { readonly kind: 'operand'; readonly value: string }
  | { readonly kind: 'option'; readonly name: string; readonly value: string | null };

/** What a program's arguments are; `after` is what follows a lone `--`, null without one. */
export type Items = { readonly items: readonly Item[]; readonly after: readonly string[] | null };

/**
 * Which options a program takes: `-v --verbose` without, `-n: --namespace:` with a value, `--dry-run?` with one behind `=` only. With
 * `whole`, `-connect` is one option and not seven.
 */
export type OptionList = { readonly options: string; readonly whole?: boolean; readonly stopAtOperand?: boolean };

/** Reads arguments as getopt would. Null when an option is not listed or a value is missing: then the call is not understood. */
export function readItems(args: readonly string[], list: OptionList): Items | null {
  const names = new Set(list.options.split(/\s+/u));
  const items: Item[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] as string;
    if (word === '--') return { items, after: args.slice(at + 1) };
    if (!/^-./su.test(word)) {
      items.push({ kind: 'operand', value: word });
      if (list.stopAtOperand) return { items, after: args.slice(at + 1) };
      continue;
    }
    const found = readWord(word, names, list.whole === true);
    if (found === null) return null;
    const last = found.at(-1);
    if (last?.kind === 'option' && last.value === '') {
      at += 1;
      const value = args[at];
      if (value === undefined) return null;
      items.push(...found.slice(0, -1), { ...last, value });
    } else items.push(...found.map((item) => (item.value === '=' ? { ...item, value: '' } : item)));
  }
  return { items, after: null };
}

/** The options of one word; a value of '' is the next word, '=' is an empty value. */
function readWord(word: string, names: ReadonlySet<string>, whole: boolean): Item[] | null {
  if (word.startsWith('--') || whole) {
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    if (equals >= 0) {
      if (!names.has(`${name}:`) && !names.has(`${name}?`)) return null;
      return [{ kind: 'option', name, value: word.slice(equals + 1) || '=' }];
    }
    if (names.has(name) || names.has(`${name}?`)) return [{ kind: 'option', name, value: null }];
    return names.has(`${name}:`) ? [{ kind: 'option', name, value: '' }] : null;
  }
  const found: Item[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const name = `-${word[at]}`;
    if (names.has(`${name}:`))
      return [...found, { kind: 'option', name, value: word.slice(at + 1).replace(/^=/u, '') }];
    if (!names.has(name)) return null;
    found.push({ kind: 'option', name, value: null });
  }
  return found;
}

/** The last value of an option, under any of its names; undefined when it is not there, null when it has no value. */
export function lastValue(items: readonly Item[], ...names: readonly string[]): string | null | undefined {
  return items.findLast((item) => item.kind === 'option' && names.includes(item.name))?.value;
}

/** The operands in their order. */
export function operandsOf(items: readonly Item[]): string[] {
  return items.flatMap((item) => (item.kind === 'operand' ? [item.value] : []));
}

/** The call again as words, options with a long name as `--name=value`. */
export function wordsOf(items: readonly Item[]): string[] {
  return items.flatMap((item) => {
    if (item.kind === 'operand') return [item.value];
    if (item.value === null) return [item.name];
    return item.name.startsWith('--') ? [`${item.name}=${item.value}`] : [item.name, item.value];
  });
}
