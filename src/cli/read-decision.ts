import { type ReadOptions, readOptions } from './options.ts';
import { isMemberId } from './person.ts';

/** Which request, and whose decision. */
export type ReadDecision = Pick<ReadOptions, 'options'> & { readonly approval: number; readonly person: string };

/** Reads the arguments of `warroom approve` and `warroom deny`, or says what is wrong with them. */
export function readDecision(args: readonly string[], known: Parameters<typeof readOptions>[1]): ReadDecision | string {
  const read = readOptions(args, known);
  if (typeof read === 'string') return read;
  const [number = '', ...more] = read.words;
  if (!/^[1-9]\d{0,14}$/u.test(number) || more.length > 0)
    return `Say which request: \`warroom ${known.verb} 12 --as=U012ABCDEF\`; \`warroom approvals\` lists what waits.`;
  const person = read.options.get('--as') ?? '';
  if (!isMemberId(person)) return 'Say who decides: --as with their Slack member id, such as --as=U012ABCDEF.';
  return { approval: Number(number), person, options: read.options };
}
