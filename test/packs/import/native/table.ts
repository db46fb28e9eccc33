import { readFileSync } from 'node:fs';

/** A command with what it has to become. */
export type Case = {
  readonly command: string;
  readonly language: string;
  /** Null: the text as it stands in the source. */
  readonly text: string | null;
  /** `name:type` of each parameter. */
  readonly params: readonly string[];
  readonly line: number;
};

/**
 * Reads a table of commands: a command, below it `  → language`, its text where that is another one, and ` ‖ name:type …`. ␤ is a line
 * break, ⍽ an empty text. Commands stand in files, so that no shell ever sees them.
 */
export function readCases(file: string): Case[] {
  const lines = readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8').split('\n');
  return lines.flatMap((line, at): Case[] => {
    const expected = /^ {2}→ (\w+)(?: (.*?))?(?: ‖ (.*))?$/u.exec(line);
    if (expected === null) return [];
    const [, language = '', text, params = ''] = expected;
    return [
      {
        command: (lines[at - 1] ?? '').replaceAll('␤', '\n'),
        language,
        text: text === undefined || text === '' ? null : text.replaceAll('␤', '\n'),
        params: params.split(/\s+/u).filter((param) => param !== ''),
        line: at,
      },
    ];
  });
}
