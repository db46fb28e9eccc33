import type { Verb } from '../../src/cli/verb.ts';
import type { TestDatabase } from './database.ts';

/** What a verb said, and how it ended. */
export type Said = { readonly code: number; readonly out: string; readonly err: string };

/** Calls a verb in this process. The environment is that of the test: set it with `vi.stubEnv`. */
export async function callVerb(verb: Verb, ...args: string[]): Promise<Said> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await verb.run(args, {
    lines: null,
    write: (text) => void out.push(text),
    complain: (text) => void err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** DATABASE_URL of a test's database. */
export function databaseUrl({ connection: { host, user, database } }: TestDatabase): string {
  return `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}`;
}
