import type { LimitRule } from './block-kit-data.ts';
import { asList, isObject } from './json.ts';

/** One thing that is wrong. `error` is set when the row names an error code of its own. */
export type Problem = { readonly pointer: string; readonly text: string; readonly error: string | null };

/** What has been seen so far in one message or view, for rules that look wider than one object. */
export type Surface = {
  readonly kind: 'message' | 'modal' | 'home';
  readonly problems: Problem[];
  readonly blockIds: Set<string>;
  /** Emptied at the start of each block. */
  readonly actionIds: Set<string>;
  readonly counts: Map<string, number>;
};

type Place = { readonly value: unknown; readonly pointer: string; readonly parent: unknown; readonly key: string };

/** Follows a path of the rules (`text.text`, `fields[].text`, `rows[]`, `.`, `blocks[type=table]`). */
export function placesAt(root: unknown, path: string, pointer: string): Place[] {
  let places: Place[] = [{ value: root, pointer, parent: undefined, key: '' }];
  if (path === '.') return places;
  for (const part of path.split('.')) {
    const [, key = '', mark = ''] = /^(\w+)(\[.*\])?$/u.exec(part) ?? [];
    places = places.flatMap((place): Place[] => {
      if (!isObject(place.value)) return [];
      const value: unknown = place.value[key];
      const at = `${place.pointer}/${key}`;
      if (mark === '') return [{ value, pointer: at, parent: place.value, key }];
      const type = /^\[type=(\w+)\]$/u.exec(mark)?.[1];
      const items = asList(value);
      if (type)
        return [
          {
            value: items.filter((item) => isObject(item) && item.type === type),
            pointer: at,
            parent: place.value,
            key,
          },
        ];
      return items.map((item, index) => ({ value: item, pointer: `${at}/${index}`, parent: value, key }));
    });
  }
  return places;
}

/**
 * Length as Slack stores it, the strict reading: a bare `&` grows to `&amp;`, and in plain_text `<` and `>` grow too.
 */
function storedLength(text: string, parent: unknown): number {
  if (!isObject(parent) || !('type' in parent)) return text.length;
  const plain = parent.type === 'plain_text' ? (text.match(/[<>]/gu)?.length ?? 0) : 0;
  const bare = text.match(/&(?!amp;|lt;|gt;)/gu)?.length ?? 0;
  return text.length + plain * 3 + bare * 4;
}

type Check = (rule: LimitRule, place: Place, surface: Surface) => string | null;

function present(object: unknown, keys: readonly string[]): number {
  return isObject(object) ? keys.filter((key) => object[key] !== undefined && object[key] !== null).length : 0;
}

function repeats(seen: Set<string>, value: unknown, text: string): string | null {
  if (typeof value !== 'string') return null;
  if (seen.has(value)) return text;
  seen.add(value);
  return null;
}

function countOver(surface: Surface, rule: LimitRule, limit: number): boolean {
  const seen = (surface.counts.get(rule.at + limit) ?? 0) + 1;
  surface.counts.set(rule.at + limit, seen);
  return seen > limit;
}

/** One function for each key of a row; a row may have several. */
const CHECKS: Readonly<Partial<Record<keyof LimitRule, Check>>> = {
  required: (rule, { value, key }) => (rule.required && value === undefined ? `missing required field: ${key}` : null),
  min_chars: ({ min_chars = 0 }, { value }) =>
    typeof value === 'string' && value.length < min_chars ? `must be more than ${min_chars - 1} characters` : null,
  max_chars: ({ max_chars = 0 }, { value, parent }) =>
    typeof value === 'string' && storedLength(value, parent) > max_chars
      ? `must be less than ${max_chars + 1} characters`
      : null,
  min_items: ({ min_items = 0 }, { value }) =>
    Array.isArray(value) && value.length < min_items ? `no fewer than ${min_items} items allowed` : null,
  max_items: ({ max_items = 0 }, { value }) =>
    Array.isArray(value) && value.length > max_items ? `no more than ${max_items} items allowed` : null,
  min: ({ min = 0 }, { value }) => (typeof value === 'number' && value < min ? `must be no less than ${min}` : null),
  max: ({ max = 0 }, { value }) => (typeof value === 'number' && value > max ? `must be no more than ${max}` : null),
  max_bytes: ({ max_bytes = 0 }, { value }) =>
    Buffer.byteLength(JSON.stringify(value) ?? '') > max_bytes ? `must be no more than ${max_bytes} bytes` : null,
  text_type: ({ text_type }, { parent }) =>
    isObject(parent) && parent.type !== undefined && parent.type !== text_type ? `must be ${text_type}` : null,
  enum: (rule, { value }) => {
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return values.every((item) => rule.enum?.includes(String(item))) ? null : 'must be a valid enum value';
  },
  enum_types: (rule, { value }) =>
    asList(value).every((item) => isObject(item) && rule.enum_types?.includes(String(item.type)))
      ? null
      : 'unsupported type',
  exactly_one_of: ({ exactly_one_of = [] }, { value }) =>
    value === undefined || present(value, exactly_one_of) === 1
      ? null
      : `exactly one of ${exactly_one_of.join(', ')} is required`,
  at_least_one_of: ({ at_least_one_of = [] }, { value }) =>
    present(value, at_least_one_of) > 0 ? null : `at least one of ${at_least_one_of.join(', ')} is required`,
  order: ({ order = [] }, { value }) => {
    const numbers = isObject(value)
      ? order
          .map((key) => value[key])
          .filter((item) => item !== undefined)
          .map(Number)
      : [];
    return numbers.every((item, index) => index === 0 || (numbers[index - 1] ?? item) <= item)
      ? null
      : `${order.join(' must not exceed ')}`;
  },
  pattern: (_rule, { value }) =>
    typeof value === 'string' && !/^([01]\d|2[0-3]):[0-5]\d$/u.test(value) ? 'must have the form HH:mm' : null,
  unique_in: (rule, { value }, surface) => {
    if (rule.unique_in === 'block') return repeats(surface.actionIds, value, 'action_id already exists in this block');
    if (rule.unique_in === 'message or view') return repeats(surface.blockIds, value, 'block_id already exists');
    return null;
  },
  max_per_message: (rule, _place, surface) =>
    countOver(surface, rule, rule.max_per_message ?? 0) ? `no more than ${rule.max_per_message} in a message` : null,
  max_true_per_view: (rule, { value }, surface) =>
    value === true && countOver(surface, rule, rule.max_true_per_view ?? 0)
      ? 'only one element may have the focus'
      : null,
};

/** Checks `root` against rows and adds what is wrong to `surface.problems`. */
export function applyRules(
  rules: readonly LimitRule[],
  target: { root: unknown; pointer: string },
  surface: Surface,
): void {
  for (const rule of rules) {
    for (const place of placesAt(target.root, rule.at, target.pointer)) {
      for (const key of Object.keys(rule) as (keyof LimitRule)[]) {
        const text = CHECKS[key]?.(rule, place, surface);
        if (text) surface.problems.push({ pointer: place.pointer, text, error: rule.error ?? null });
      }
    }
  }
}
