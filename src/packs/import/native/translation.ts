import type { Language } from '../../../domain/runbook.ts';
import type { Placeholder } from './marks.ts';

/** One call of a program, every word literal; marks stand where placeholders were. */
export type Invocation = {
  /** Name of the program without its folder. */
  readonly name: string;
  readonly args: readonly string[];
  /** True when a word holds a sign that would match names of files; only some programs can be meant literally then. */
  readonly patterns: boolean;
  readonly environment: ReadonlyMap<string, string>;
  /** What a here-document gives it to read; null without one. */
  readonly input: string | null;
  readonly placeholders: readonly Placeholder[];
  /** User of `sudo -u`, null without one. */
  readonly user: string | null;
};

/** The same in the language of an executor; `text` has `${name}` placeholders. */
export type Translation = {
  readonly language: Language;
  readonly text: string;
  readonly targetKind: string;
  readonly targetOptions: Readonly<Record<string, unknown>>;
  readonly notes: readonly string[];
  /** True where a filter would read something else than behind the program: the executor prints less, more or in another form. */
  readonly printsOtherwise?: boolean;
};

/** A target's id from what it is: kebab-case, a letter first, 63 characters at most. */
export function targetKind(...parts: readonly string[]): string {
  const kind = parts
    .join('-')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, '-')
    .replaceAll(/^[^a-z]+|-+$/gu, '')
    .slice(0, 63)
    .replace(/-+$/u, '');
  return kind === '' ? 'target' : kind;
}
