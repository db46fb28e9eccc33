import limits from './data/block-kit-limits.json' with { type: 'json' };
import shapes from './data/block-kit-shapes.json' with { type: 'json' };

/** One row of the limits: a path and what must hold there. `how_to_read` in the data file explains the keys. */
export type LimitRule = {
  readonly at: string;
  readonly required?: boolean;
  readonly min_chars?: number;
  readonly max_chars?: number;
  readonly min_items?: number;
  readonly max_items?: number;
  readonly min?: number;
  readonly max?: number;
  readonly max_bytes?: number;
  readonly max_per_message?: number;
  readonly max_true_per_view?: number;
  readonly text_type?: string;
  readonly enum?: readonly string[];
  readonly enum_types?: readonly string[];
  readonly exactly_one_of?: readonly string[];
  readonly at_least_one_of?: readonly string[];
  readonly order?: readonly string[];
  readonly pattern?: string;
  readonly unique_in?: string;
  readonly required_if?: string;
  readonly required_with?: string;
  readonly excludes?: readonly string[];
  readonly in?: string;
  readonly error?: string;
};

type Include = { readonly include: string };
type RuleSet = Readonly<Record<string, readonly (LimitRule | Include)[]>>;

/** Field name (with `?` when optional) to kind. */
export type Shape = Readonly<Record<string, string>>;
type ShapeSet = Readonly<Record<string, Shape>>;

// The compiler's own type of a JSON file is a union of all rows; these are the shapes that the test of the data checks.
const LIMITS = limits as unknown as {
  message: readonly LimitRule[];
  view: { every_view: readonly LimitRule[]; modal: readonly LimitRule[]; home: readonly LimitRule[] };
  blocks: RuleSet;
  elements: RuleSet;
  composition: RuleSet;
  allowed: Readonly<Record<string, readonly string[]>>;
  other_fields: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

/** Rows about messages as a whole. */
export const MESSAGE_RULES = LIMITS.message;
/** Rows about views as a whole. */
export const VIEW_RULES = LIMITS.view;
/** Which types may stand in a place such as `actions.elements`. */
export const ALLOWED = LIMITS.allowed;

/** The field lists. */
export const SHAPES = shapes as unknown as {
  blocks: ShapeSet;
  elements: ShapeSet;
  composition: ShapeSet;
  inline: ShapeSet;
  view: ShapeSet;
  surfaces: { messages_only: readonly string[]; modal_only_elements: readonly string[] };
};

export type RuleGroup = 'blocks' | 'elements' | 'composition';

/** All rows for one type, with the rows of its group and what it includes. */
export function rulesFor(group: RuleGroup, type: string): readonly LimitRule[] {
  const set = LIMITS[group];
  const shared = group === 'blocks' ? set._every_block : undefined;
  const interactive = group === 'elements' && type !== 'image' ? set._every_interactive_element : undefined;
  const rows = [...(shared ?? []), ...(interactive ?? []), ...(set[type] ?? [])];
  return rows.flatMap((row) => ('include' in row ? ((set[row.include] ?? []) as readonly LimitRule[]) : [row]));
}

/** A number among the limits of fields that are not Block Kit, such as `channel_topic.max_chars`. Errors: not in the data. */
export function fieldLimit(field: string, key: string): number {
  const value = LIMITS.other_fields[field]?.[key];
  if (typeof value !== 'number') throw new RangeError(`block-kit-limits.json has no number ${field}.${key}`);
  return value;
}
