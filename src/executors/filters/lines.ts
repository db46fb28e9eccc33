import { count, invalid, type LineFilter, readOptions, refuseFiles } from './options.ts';

/** `head -n 5`, `head -5`, `head -n -5` (all but the last five). */
export function head(args: readonly string[]): LineFilter {
  const { values, operands } = readOptions('head', args, { flags: 'q', valued: 'n', long: { lines: 'n' } });
  refuseFiles('head', operands);
  const text = values.get('n')?.at(-1) ?? '10';
  const lines = count('head', text.replace(/^-/u, ''));
  return (given) => (text.startsWith('-') ? given.slice(0, Math.max(0, given.length - lines)) : given.slice(0, lines));
}

/** `tail -n 5`, `tail -5`, `tail -n +5` (from the fifth on). */
export function tail(args: readonly string[]): LineFilter {
  const { values, operands } = readOptions('tail', args, { flags: 'q', valued: 'n', long: { lines: 'n' } });
  refuseFiles('tail', operands);
  const text = values.get('n')?.at(-1) ?? '10';
  const lines = count('tail', text.replace(/^[+-]/u, ''));
  return (given) =>
    text.startsWith('+') ? given.slice(Math.max(0, lines - 1)) : lines === 0 ? [] : given.slice(-lines);
}

/** `sort -n -r -u -h -f -k N -t SEPARATOR`: by code points, which no locale of a machine changes. */
export function sort(args: readonly string[]): LineFilter {
  const { flags, values, operands } = readOptions('sort', args, {
    flags: 'nrufhbs',
    valued: 'kt',
    long: {
      'numeric-sort': 'n',
      reverse: 'r',
      unique: 'u',
      'ignore-case': 'f',
      'human-numeric-sort': 'h',
      key: 'k',
      'field-separator': 't',
    },
  });
  refuseFiles('sort', operands);
  const key = /^(?<field>\d{1,4})(?:\.\d+)?(?<flags>[nrfhb]*)(?:,\d{1,4}(?<more>[nrfhb]*))?$/u.exec(
    values.get('k')?.[0] ?? '1',
  )?.groups;
  if (!key || (values.get('k')?.length ?? 0) > 1)
    throw invalid('`sort -k` takes one field here, such as -k2 or -k 2n: correct it.');
  const own = `${key.flags ?? ''}${key.more ?? ''}`;
  const on = (flag: string) => flags.has(flag) || own.includes(flag);
  const separator = values.get('t')?.at(-1);
  const field = Number(key.field);
  const keyOf = (line: string): string => {
    const parts = separator === undefined ? line.trim().split(/\s+/u) : line.split(separator);
    const text = values.has('k')
      ? parts.slice(field - 1, values.get('k')?.[0]?.includes(',') ? field : undefined).join(separator ?? ' ')
      : line;
    return on('f') ? text.toUpperCase() : text;
  };
  const compare = (a: string, b: string): number => {
    const [x, y] = [keyOf(a), keyOf(b)];
    const byKey = on('n') || on('h') ? numeric(x, on('h')) - numeric(y, on('h')) : codePoints(x, y);
    return byKey * (on('r') ? -1 : 1);
  };
  return (lines) => {
    const sorted = [...lines].sort(
      (a, b) => compare(a, b) || (flags.has('s') || flags.has('u') ? 0 : codePoints(a, b) * (flags.has('r') ? -1 : 1)),
    );
    return flags.has('u')
      ? sorted.filter((line, index) => index === 0 || compare(sorted[index - 1] ?? '', line) !== 0)
      : sorted;
  };
}

/** `uniq -c -d -u -i`: of lines that follow each other. */
export function uniq(args: readonly string[]): LineFilter {
  const { flags, operands } = readOptions('uniq', args, {
    flags: 'cdui',
    long: { count: 'c', repeated: 'd', unique: 'u', 'ignore-case': 'i' },
  });
  refuseFiles('uniq', operands);
  return (lines) => {
    const groups: { line: string; times: number }[] = [];
    for (const line of lines) {
      const last = groups.at(-1);
      const same = last && (flags.has('i') ? last.line.toLowerCase() === line.toLowerCase() : last.line === line);
      if (same) last.times += 1;
      else groups.push({ line, times: 1 });
    }
    return groups
      .filter(({ times }) => (!flags.has('d') || times > 1) && (!flags.has('u') || times === 1))
      .map(({ line, times }) => (flags.has('c') ? `${String(times).padStart(7)} ${line}` : line));
  };
}

/** `wc -l -w -c -m`: without options all three of lines, words and bytes. */
export function wc(args: readonly string[]): LineFilter {
  const { flags, operands } = readOptions('wc', args, {
    flags: 'lwcm',
    long: { lines: 'l', words: 'w', bytes: 'c', chars: 'm' },
  });
  refuseFiles('wc', operands);
  const wanted = flags.size === 0 ? new Set(['l', 'w', 'c']) : flags;
  return (lines) => {
    const text = lines.map((line) => `${line}\n`).join('');
    const figures = {
      l: lines.length,
      w: text.split(/\s+/u).filter(Boolean).length,
      m: [...text].length,
      c: Buffer.byteLength(text),
    };
    const shown = (['l', 'w', 'm', 'c'] as const)
      .filter((letter) => wanted.has(letter))
      .map((letter) => String(figures[letter]));
    return [shown.length === 1 ? (shown[0] ?? '') : shown.map((figure) => figure.padStart(7)).join(' ')];
  };
}

/** `cut -d SEPARATOR -f 1,3-5` or `cut -c 1-20`. */
export function cut(args: readonly string[]): LineFilter {
  const { flags, values, operands } = readOptions('cut', args, {
    flags: 's',
    valued: 'dfcb',
    long: { delimiter: 'd', fields: 'f', characters: 'c' },
  });
  refuseFiles('cut', operands);
  const [fields, characters] = [values.get('f')?.at(-1), values.get('c')?.at(-1) ?? values.get('b')?.at(-1)];
  if ((fields === undefined) === (characters === undefined))
    throw invalid('`cut` needs -f with fields or -c with characters: write one.');
  const chosen = ranges(fields ?? characters ?? '');
  const separator = values.get('d')?.at(-1) ?? '\t';
  if ([...separator].length !== 1) throw invalid('The separator of `cut` is one character: correct -d.');
  return (lines) =>
    lines.flatMap((line) => {
      if (fields === undefined) return [[...line].filter((_char, index) => chosen(index + 1)).join('')];
      if (!line.includes(separator)) return flags.has('s') ? [] : [line];
      return [
        line
          .split(separator)
          .filter((_field, index) => chosen(index + 1))
          .join(separator),
      ];
    });
}

/** `tr -d CHARACTERS`, `tr -s CHARACTERS`, `tr FROM TO` with single characters, ranges and the classes of lower and upper case. */
export function tr(args: readonly string[]): LineFilter {
  const { flags, operands } = readOptions('tr', args, { flags: 'ds' });
  const [from, to] = operands;
  const takes = flags.size === 0 ? 2 : 1;
  if (from === undefined || operands.length !== takes)
    throw invalid(`\`tr\` needs ${takes === 2 ? 'two lists' : 'one list'} of characters here: correct it.`);
  const source = characters(from);
  if (flags.has('d'))
    return (lines) => lines.map((line) => [...line].filter((char) => !source.includes(char)).join(''));
  if (flags.has('s'))
    return (lines) =>
      lines.map((line) =>
        [...line].filter((char, index, all) => !(source.includes(char) && all[index - 1] === char)).join(''),
      );
  const target = characters(to ?? '');
  const map = new Map(source.map((char, index) => [char, target[index] ?? target.at(-1) ?? char]));
  return (lines) =>
    lines.map((line) => [...line].map((char) => map.get(char) ?? char).join('')).flatMap((line) => line.split('\n'));
}

function characters(list: string): string[] {
  const classes: Readonly<Record<string, string>> = {
    '[:lower:]': 'a-z',
    '[:upper:]': 'A-Z',
    '[:digit:]': '0-9',
    '[:space:]': ' \\t',
  };
  const text = list
    .replace(/\[:[a-z]+:\]/gu, (name) => classes[name] ?? name)
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t');
  return [...text.matchAll(/(?<first>[\s\S])-(?<last>[\s\S])|(?<one>[\s\S])/gu)].flatMap(({ groups }) => {
    if (groups?.one !== undefined) return [groups.one];
    const [first, last] = [groups?.first?.codePointAt(0) ?? 0, groups?.last?.codePointAt(0) ?? 0];
    if (last < first || last - first > 256) throw invalid('A range of `tr` runs backwards or too far: correct it.');
    return Array.from({ length: last - first + 1 }, (_item, index) => String.fromCodePoint(first + index));
  });
}

function ranges(text: string): (place: number) => boolean {
  const parts = text.split(',').map((part) => /^(?<from>\d{0,6})(?<dash>-)?(?<to>\d{0,6})$/u.exec(part)?.groups);
  if (parts.some((part) => !part || ((part.from ?? '') === '' && (part.to ?? '') === '')))
    throw invalid('`cut` takes numbers and ranges such as 1,3-5: correct it.');
  return (place) =>
    parts.some((part) => {
      const from = Number(part?.from || 1);
      const to = part?.dash === undefined ? from : Number(part.to || Number.MAX_SAFE_INTEGER);
      return place >= from && place <= to;
    });
}

function numeric(text: string, human: boolean): number {
  const match = /^\s*(?<number>-?(?:\d+(?:\.\d*)?|\.\d+))(?<unit>[kKMGTPE])?/u.exec(text)?.groups;
  const power = human && match?.unit ? 'KMGTPE'.indexOf(match.unit.toUpperCase()) + 1 : 0;
  return Number(match?.number ?? 0) * 1024 ** power;
}

function codePoints(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
