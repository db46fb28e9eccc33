import { ALLOWED, type LimitRule, rulesFor, SHAPES } from '../../src/sandbox/block-kit-data.ts';

export type Obj = { [key: string]: unknown };
export type Group = 'blocks' | 'elements' | 'composition';

const COMPOSITION_SHAPE: Readonly<Record<string, string>> = { text_object: 'plain_text' };

/** The least that Slack takes of one type. */
export function minimal(group: Group | 'inline', type: string): Obj {
  const shape = SHAPES[group][COMPOSITION_SHAPE[type] ?? type] ?? {};
  const node: Obj = {};
  for (const [name, kind] of Object.entries(shape)) {
    if (name === 'type') node.type = COMPOSITION_SHAPE[type] ?? type;
    else if (!name.endsWith('?')) node[name] = ofKind(kind);
  }
  if (group === 'inline') return node;
  for (const rule of rulesFor(group, type)) {
    const wanted = rule.exactly_one_of ?? rule.at_least_one_of;
    const [first] = wanted ?? [];
    if (rule.at === '.' && first && !wanted?.some((key) => node[key] !== undefined))
      node[first] = ofKind(kindOf(group, type, first));
  }
  return node;
}

/** The kind of a field of a type. */
export function kindOf(group: Group, type: string, field: string): string {
  const shape = SHAPES[group][COMPOSITION_SHAPE[type] ?? type] ?? {};
  const kind = shape[field] ?? shape[`${field}?`];
  if (!kind) throw new Error(`${group}.${type} has no field ${field}`);
  return kind;
}

/** A value of a kind. */
export function ofKind(kind: string): unknown {
  if (kind.endsWith('[]')) return [ofKind(kind.slice(0, -2))];
  const [word = '', detail = ''] = kind.split(':');
  const simple: Obj = {
    string: 'x',
    boolean: true,
    integer: 1,
    number: 1,
    object: {},
    plain: { type: 'plain_text', text: 'x' },
    mrkdwn: { type: 'mrkdwn', text: 'x' },
    text: { type: 'mrkdwn', text: 'x' },
  };
  if (word in simple) return simple[word];
  if (word === 'element') return minimal('elements', detail);
  if (word === 'rich') return minimal('composition', detail);
  if (word === 'block') return minimal('blocks', detail || 'divider');
  if (word !== 'in') return minimal('composition', word);
  const type = ALLOWED[detail]?.[0] ?? '';
  if (detail.endsWith('.inline')) return minimal('inline', type);
  if (detail === 'rich_text_preformatted.elements') return minimal('inline', type);
  if (SHAPES.elements[type]) return minimal('elements', type);
  return SHAPES.composition[type] ? minimal('composition', type) : minimal('blocks', type);
}

/** A copy of `node` with `value` at a path of the rules; what lies on the way is made. */
export function withValue(group: Group, type: string, path: string, value: unknown): Obj {
  const node = structuredClone(minimal(group, type));
  const parts = path.split('.');
  let inner: Obj = node;
  parts.forEach((part, index) => {
    const key = part.replace(/\[\]$/u, '');
    if (inner[key] === undefined && index === 0) inner[key] = structuredClone(ofKind(kindOf(group, type, key)));
    const last = index === parts.length - 1;
    if (part.endsWith('[]')) {
      const items = inner[key] as unknown[];
      if (last) items[0] = value;
      else inner = items[0] as Obj;
    } else if (last) {
      if (value === undefined) delete inner[key];
      else inner[key] = value;
    } else inner = inner[key] as Obj;
  });
  return node;
}

/** The value at a path of the minimal node, made when it is not there. */
export function valueAt(group: Group, type: string, path: string): unknown {
  let inner: unknown = minimal(group, type);
  path.split('.').forEach((part, index) => {
    const key = part.replace(/\[\]$/u, '');
    const made = (inner as Obj)[key] ?? (index === 0 ? ofKind(kindOf(group, type, key)) : 'x');
    inner = part.endsWith('[]') ? (made as unknown[])[0] : made;
  });
  return inner;
}

export type Case = { readonly name: string; readonly node: Obj; readonly ok: boolean };

/** For one row: nodes just inside and just outside of each of its limits. */
export function casesFor(group: Group, type: string, rule: LimitRule): Case[] {
  const set = (value: unknown) => withValue(group, type, rule.at, value);
  const name = `${group}.${type} ${rule.at}`;
  const cases: Case[] = [];
  const add = (what: string, node: Obj, ok: boolean) => cases.push({ name: `${name} ${what}`, node, ok });
  const list = (count: number) => {
    const item = (valueAt(group, type, rule.at) as unknown[])[0];
    return Array.from({ length: count }, () => structuredClone(item));
  };
  if (rule.max_chars !== undefined) {
    add(`${rule.max_chars} characters`, set('x'.repeat(rule.max_chars)), true);
    add(`${rule.max_chars + 1} characters`, set('x'.repeat(rule.max_chars + 1)), false);
  }
  if (rule.min_chars !== undefined) add('empty', set(''), false);
  if (rule.max_items !== undefined) {
    add(`${rule.max_items} items`, exclusive(group, type, rule.at, set(list(rule.max_items))), true);
    add(`${rule.max_items + 1} items`, exclusive(group, type, rule.at, set(list(rule.max_items + 1))), false);
  }
  if (rule.min_items !== undefined) add('no items', set([]), false);
  if (rule.min !== undefined) add(`below ${rule.min}`, set(rule.min - 1), false);
  if (rule.max !== undefined) {
    add(`${rule.max}`, set(rule.max), true);
    add(`above ${rule.max}`, set(rule.max + 1), false);
  }
  if (rule.required) add('missing', set(undefined), false);
  if (rule.enum) {
    const isList = Array.isArray(valueAt(group, type, rule.at));
    for (const value of rule.enum) add(`= ${value}`, set(isList ? [value] : value), true);
    add('= nonsense', set(isList ? ['nonsense'] : 'nonsense'), false);
  }
  if (rule.enum_types) add('of a wrong type', set([{ type: 'nonsense' }]), false);
  if (rule.text_type)
    add('as mrkdwn', withValue(group, type, rule.at.replace(/\.text$/u, ''), { type: 'mrkdwn', text: 'x' }), false);
  if (rule.pattern) {
    add('09:30', set('09:30'), true);
    add('9:30', set('9:30'), false);
  }
  if (rule.order) {
    const [low = '', high = ''] = rule.order;
    add('in order', { ...minimal(group, type), [low]: '1', [high]: '2' }, true);
    add('out of order', { ...minimal(group, type), [low]: '2', [high]: '1' }, false);
  }
  cases.push(...choiceCases(group, type, rule, name));
  return cases;
}

/** Of two fields that exclude each other the other one goes. */
function exclusive(group: Group, type: string, at: string, node: Obj): Obj {
  const rule = rulesFor(group, type).find((row) => row.at === '.' && row.exactly_one_of?.includes(at));
  for (const key of rule?.exactly_one_of ?? []) if (key !== at) delete node[key];
  return node;
}

function choiceCases(group: Group, type: string, rule: LimitRule, name: string): Case[] {
  const keys = rule.exactly_one_of ?? rule.at_least_one_of;
  if (!keys) return [];
  const at = rule.at === '.' ? null : rule.at;
  const base = at ? (valueAt(group, type, at) as Obj) : minimal(group, type);
  const host = (inner: Obj) => {
    if (!at) return inner;
    const node = withValue(group, type, at, inner);
    delete node.image_url;
    return node;
  };
  const fieldKind = (key: string) => (at ? 'string' : kindOf(group, type, key));
  const only = (...chosen: string[]) => {
    const node = { ...base };
    for (const key of keys) delete node[key];
    for (const key of chosen) node[key] = ofKind(fieldKind(key));
    return host(node);
  };
  const each = keys.map((key): Case => ({ name: `${name} with ${key}`, node: only(key), ok: true }));
  const none: Case = { name: `${name} with none of ${keys.join(', ')}`, node: only(), ok: false };
  const both: Case[] = rule.exactly_one_of
    ? [{ name: `${name} with all of ${keys.join(', ')}`, node: only(...keys), ok: false }]
    : [];
  return [...each, none, ...both];
}
