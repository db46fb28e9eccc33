import { NAMED_SHAPES, UNMISTAKABLE_SHAPES } from '../../lib/token-shapes.ts';

/** A stretch of a line that looks like a credential; `start` is its 0-based offset. */
export type FoundSecret = { readonly start: number; readonly what: string };

/** What people write in the place of a secret. */
const PLACEHOLDER =
  /^(?:[$<{%([*.…]|env:|file:|your|my[-_]|x{3,}|example|changeme|change[-_][a-z]|placeholder|dummy|redacted|hidden|none$|null$|true$|false$|required$|optional$|(?:pass(?:word|wd)?|secret|token|user)s?$)|[<>${}]/iu;
const LONG_RUN = /(?<![A-Za-z0-9+/_=.-])[A-Za-z0-9+_-]{24,200}={0,2}(?![A-Za-z0-9+/_.-])/gu;
const HEX_RUN = /(?<![\w-])[0-9a-f]{32,128}(?![\w-])/giu;
const PRIVATE_KEY = /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----/u;

/** Bits for each character that random text of letters and digits exceeds at this length; words stay below. */
const RANDOM_BITS = 3.7;
/** Share of neighbours of different kinds (upper, lower, digit): random text has about 0.6, names in camel case below 0.25. */
const RANDOM_CHANGES = 0.35;

/** What looks like a credential in one line: shapes of known tokens, private keys, values behind `password=`, and long random text. */
export function findSecrets(line: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  const add = (start: number, what: string) => {
    if (!found.some((other) => Math.abs(other.start - start) < 8)) found.push({ start, what });
  };
  const key = PRIVATE_KEY.exec(line);
  if (key) add(key.index, 'a private key');
  for (const shape of UNMISTAKABLE_SHAPES) {
    for (const match of line.matchAll(shape)) {
      const token = match.groups?.token ?? match[0];
      if (!PLACEHOLDER.test(token)) add(match.index + match[0].lastIndexOf(token), 'a token');
    }
  }
  for (const shape of NAMED_SHAPES) {
    for (const match of line.matchAll(shape)) {
      const token = match.groups?.token ?? match[0];
      const isAddress = match[0].includes('://');
      const isAssigned = /pass(?:word|wd)?=/iu.test(match[0]);
      if (PLACEHOLDER.test(token) || !(isAddress || isAssigned || isMixed(token))) continue;
      add(match.index + match[0].lastIndexOf(token), isAddress ? 'the password of an address' : 'a password or key');
    }
  }
  for (const match of line.matchAll(LONG_RUN)) if (isRandom(match[0])) add(match.index, 'a key or token');
  if (/key|token|secret|passw|auth/iu.test(line) && !/sha|commit|digest|md5|image|hash|checksum|0x/iu.test(line))
    for (const match of line.matchAll(HEX_RUN)) add(match.index, 'a key or token');
  return found.sort((a, b) => a.start - b.start);
}

/** Letters and digits together: names of things in prose have one or the other. */
function isMixed(token: string): boolean {
  return token.length >= 8 && /\d/u.test(token) && /[A-Za-z]/u.test(token) && !/[/\\:]/u.test(token);
}

function isRandom(run: string): boolean {
  // Words that are joined by dashes change kinds at every joint; a token has long stretches without one.
  const token = run.split(/[-_=]/u).reduce((longest, part) => (part.length > longest.length ? part : longest), '');
  if (token.length < 16 || !/[a-z]/u.test(token) || !/[A-Z]/u.test(token) || !/\d/u.test(token)) return false;
  const kinds = [...token].map((sign) => (/[a-z]/u.test(sign) ? 0 : /[A-Z]/u.test(sign) ? 1 : 2));
  const changes = kinds.filter((kind, at) => at > 0 && kind !== kinds[at - 1]).length;
  return entropy(token) >= RANDOM_BITS && changes / token.length >= RANDOM_CHANGES;
}

/** Shannon entropy, in bits for each character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const sign of text) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}
