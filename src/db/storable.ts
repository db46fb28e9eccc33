/** PostgreSQL stores neither NUL nor half a surrogate pair, and an answer may hold both: they become U+FFFD. */
export function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/\u0000|\p{Surrogate}/gu, '\ufffd');
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [String(storable(key)), storable(item)]));
}
