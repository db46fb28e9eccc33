import { UserError } from '../../lib/errors.ts';

/** Types of records that can be asked for. */
export const RECORD_TYPES = ['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/** What a probe does. None of them sends anything but what its protocol needs to say hello. */
export type Probe =
  /** `below` is a name in front of the target's host (`_dmarc`); `type` null asks for addresses. */
  | { readonly kind: 'dns'; readonly type: RecordType | null; readonly below: string | null }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'tls'; readonly port: number }
  | { readonly kind: 'ping'; readonly count: number };

const FORMS = 'write `dns`, `dns MX`, `dns TXT _dmarc`, `tcp 443`, `tls 443` or `ping 3`';
const MAX_PINGS = 20;

/**
 * Reads the bound words of a probe. `places` tells the source of each word, so that a value that does not fit is refused by name.
 * Throws UserError `statement_invalid` or `value_refused`.
 */
export function readProbe(words: readonly string[], fromValue: (index: number) => string | null): Probe {
  const refuse = (index: number, what: string): never => {
    const name = fromValue(index);
    if (name !== null) throw new UserError('value_refused', `The value of ${name} is not ${what}: correct it.`);
    throw new UserError('statement_invalid', `\`${words[index] ?? ''}\` is not ${what}: ${FORMS}.`);
  };
  const [kind, first, second, ...rest] = words;
  if (rest.length > 0 || (kind !== 'dns' && second !== undefined))
    throw new UserError('statement_invalid', `This probe says too much: ${FORMS}.`);
  const whole = (index: number, most: number, what: string): number => {
    const text = words[index] ?? '';
    const number = /^\d{1,5}$/u.test(text) ? Number(text) : 0;
    return number >= 1 && number <= most ? number : refuse(index, what);
  };
  switch (kind) {
    case 'dns':
      return {
        kind,
        type:
          first === undefined
            ? null
            : (recordType(first) ?? refuse(1, `a type of record (${RECORD_TYPES.join(', ')})`)),
        below:
          second === undefined || isBelow(second) ? (second ?? null) : refuse(2, 'a name of letters, digits, - and _'),
      };
    case 'tcp':
    case 'tls':
      if (first === undefined) throw new UserError('statement_invalid', `The port is missing: write \`${kind} 443\`.`);
      return { kind, port: whole(1, 65_535, 'a port between 1 and 65535') };
    case 'ping':
      return { kind, count: first === undefined ? 3 : whole(1, MAX_PINGS, `a count between 1 and ${MAX_PINGS}`) };
    default:
      return refuse(0, 'a probe');
  }
}

function recordType(text: string): RecordType | undefined {
  return RECORD_TYPES.find((type) => type === text.toUpperCase());
}

/** Labels as DNS has them, service labels with `_` included; no dot at the end, which would leave the target's domain. */
function isBelow(text: string): boolean {
  return (
    text.length <= 200 &&
    /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/u.test(
      text,
    )
  );
}
