const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^(?:s|sec|secs|seconds?|second[oi])$/iu, 's'],
  [/^(?:m|min|mins|minutes?|minut[oi])$/iu, 'm'],
  [/^(?:h|hr|hrs|hours?|or[ae])$/iu, 'h'],
  [/^(?:d|days?|giorn[oi])$/iu, 'd'],
  [/^(?:w|weeks?|settiman[ae])$/iu, 'w'],
];

/** Word boundaries of both languages; `5 min`, `2h`, `1 settimana`, `24 ore`. */
export const SPOKEN = String.raw`(\d+)\s*-?\s*(seconds?|secs?|second[oi]|minutes?|mins?|minut[oi]|hours?|hrs?|or[ae]|days?|giorn[oi]|weeks?|settiman[ae]|s|m|h|d|w)\b`;

/** A time as people write it in a table (`< 15 minutes`, `1 ora`, `Immediate`) as settings write it (`15m`, `1h`, `0s`); null when it is none. */
export function spokenDuration(text: string): string | null {
  const plain = text.replaceAll(/[*_`]/gu, '').trim();
  if (/^(?:immediate(?:ly)?|immediat[oa]|instant|subito|at once)$/iu.test(plain)) return '0s';
  const found = new RegExp(`^(?:<=?|≤|>|within|under|up to|max|entro|in|~)?\\s*${SPOKEN}\\.?$`, 'iu').exec(plain);
  return found === null ? null : written(found[1] ?? '', found[2] ?? '');
}

/** The first time that stands anywhere in a text. */
export function findDuration(text: string): string | null {
  const found = new RegExp(SPOKEN, 'iu').exec(text);
  return found === null ? null : written(found[1] ?? '', found[2] ?? '');
}

function written(amount: string, unit: string): string | null {
  const short = UNITS.find(([pattern]) => pattern.test(unit))?.[1];
  return short === undefined ? null : `${Number(amount)}${short}`;
}
