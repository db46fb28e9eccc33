import type { CustomTypesConfig } from 'pg';
import type { Json } from '../../lib/canonical-json.ts';

/** Type numbers of PostgreSQL's own catalogue (pg_type.oid), which never change. */
const BOOL = 16;
const NUMBERS = new Set([20, 21, 23, 26, 700, 701, 1700]);
const JSON_TYPES = new Set([114, 3802]);

/**
 * Reads column values as JSON: numbers where JavaScript holds them exactly (so that `row_count < 100` means what it says), JSON as
 * it is, everything else as PostgreSQL prints it.
 */
export const pgValues: CustomTypesConfig = {
  getTypeParser: (type: number) => {
    if (type === BOOL) return (text: string) => text === 't';
    if (NUMBERS.has(type)) return exactNumber;
    if (JSON_TYPES.has(type)) return parseJson;
    return (text: string) => text;
  },
} as CustomTypesConfig;

/** The number, or the text where the number would be another one (17 digits, NaN, Infinity). */
function exactNumber(text: string): number | string {
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  if (Number.isInteger(number)) return Number.isSafeInteger(number) ? number : text;
  return text.replace(/[-.]/gu, '').replace(/^0+/u, '').length <= 15 ? number : text;
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
