/** A small reader that looks further into the arguments of a program. Each is carried out in `src/analysis/shell`. */
export type Reader =
  | 'redis'
  | 'psql'
  | 'sed'
  | 'awk'
  | 'curl'
  | 'wget'
  | 'test'
  | 'kubernetes'
  | 'closed-input'
  | 'variables';

/**
 * When a program only reads. What is not listed here is a change: an option, a subcommand, an operand too many. The reviewer's
 * question for every entry: can any combination of what it allows alter anything, run another program or send what it reads?
 */
export type Program = {
  /**
   * Allowed options, separated by spaces; `:` takes a value, `?` may have one joined to it, `-#` is a
   * number, `*` stands for all of them.
   */
  readonly options: string;
  /** Options are whole words behind one dash (`-noout`), not letters that can be joined. */
  readonly wholeWords?: true;
  /** What follows the first operand belongs to it. */
  readonly stopAtOperand?: true;
  /** One of these options must be there. */
  readonly oneOf?: string;
  /** The most operands; no limit without it. */
  readonly operands?: number;
  /** The least operands. */
  readonly least?: number;
  /** What each operand must be; unknown operands do not fit. */
  readonly operand?: RegExp;
  /** What the value of an option must be; an unknown value does not fit. */
  readonly values?: Readonly<Record<string, RegExp>>;
  /**
   * Words that may begin with a dash once their variables have values: `none` (the default), `outside` when the variables come from
   * outside of the script, `any` when no option of this program does harm.
   */
  readonly unknown?: 'outside' | 'any';
  readonly verbs?: Readonly<Record<string, Program>>;
  /** May stand without a subcommand. */
  readonly bare?: true;
  readonly reader?: Reader;
};

/** Names of programs, separated by white space, with what they have in common. */
export function each(names: string, program: Program): Record<string, Program> {
  return Object.fromEntries(
    names
      .trim()
      .split(/\s+/u)
      .map((name) => [name, program]),
  );
}

/** Every argument is harmless: reviewed option by option. */
export const ANY: Program = { options: '*', unknown: 'any' };
/** Only these options. */
export const only = (options: string, more: Omit<Program, 'options'> = {}): Program => ({ options, ...more });
/** A program with subcommands; `options` are allowed before and after each of them. */
export const verbs = (
  options: string,
  table: Readonly<Record<string, Program>>,
  more: Partial<Program> = {},
): Program => ({
  options,
  verbs: table,
  ...more,
});
