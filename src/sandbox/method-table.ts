import table from './data/slack-methods.json' with { type: 'json' };

/** What the reference says about one Web API method. */
export type MethodFacts = {
  readonly tier: string;
  /** Any one of them opens the method for some kind of conversation. */
  readonly scopes: readonly string[];
  readonly token: 'bot' | 'app';
  /** Argument name (with `?` when optional) to type. */
  readonly args: Readonly<Record<string, string>>;
  readonly errors: readonly string[];
};

const TABLE = table as unknown as {
  readonly common_errors: readonly string[];
  readonly tiers_per_minute: Readonly<Record<string, number>>;
  readonly methods: Readonly<Record<string, MethodFacts>>;
};

/** Names of all methods that the reference describes. */
export const METHOD_NAMES: readonly string[] = Object.keys(TABLE.methods);

/** Errors that every method can answer. */
export const COMMON_ERRORS: readonly string[] = TABLE.common_errors;

/** The facts of a method; undefined when the reference does not describe it. */
export function findMethod(name: string): MethodFacts | undefined {
  return Object.hasOwn(TABLE.methods, name) ? TABLE.methods[name] : undefined;
}

/** Calls a minute for a tier; undefined for `special`. */
export function callsPerMinute(tier: string): number | undefined {
  return TABLE.tiers_per_minute[tier];
}
