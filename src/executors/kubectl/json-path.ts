import { UserError } from '../../lib/errors.ts';
import { sortedKeys } from './sorted-keys.ts';

/** One step of a path. */
type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'all' }
  | { readonly kind: 'deep' }
  | { readonly kind: 'slice'; readonly from: number | null; readonly to: number | null; readonly by: number }
  | { readonly kind: 'indexes'; readonly at: readonly number[] }
  | { readonly kind: 'fields'; readonly names: readonly string[] }
  | {
      readonly kind: 'filter';
      readonly left: Operand;
      readonly operator: string | null;
      readonly right: Operand | null;
    };
type Operand = { readonly steps: readonly Step[] } | { readonly literal: string | number | boolean | null };
/** A part of a template. */
type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly paths: readonly (readonly Step[])[] }
  | { readonly kind: 'range'; readonly path: readonly Step[]; readonly body: readonly Node[] };

const MAX_RESULTS = 100_000;

/**
 * kubectl's JSONPath templates (`{range .items[*]}{.metadata.name}{"\n"}{end}`): fields, wildcards, indexes, slices, unions, filters, `..`.
 * A path alone needs no braces. Fields that are absent give nothing. Throws UserError `statement_invalid`.
 */
export function parseTemplate(source: string): (object: unknown) => string {
  const text = source.includes('{')
    ? source
    : `{${source.startsWith('.') || source.startsWith('$') || source.startsWith('[') ? '' : '.'}${source}}`;
  const reader = { text, at: 0 };
  const nodes = readNodes(reader, false);
  return (object) => render(nodes, object, object);
}

/** Everything at one path (`.status.phase`, `{.items[0].spec}`), for sorting, columns and waiting. */
export function parsePath(source: string): (object: unknown) => unknown[] {
  const inner = source
    .trim()
    .replace(/^\{(.*)\}$/su, '$1')
    .trim();
  const text = /^[.[$@]/u.test(inner) ? inner : `.${inner}`;
  const reader = { text, at: 0 };
  const steps = readSteps(reader);
  if (reader.at < text.length) throw wrong(source);
  return (object) => walk(steps, [object], object);
}

type Reader = { text: string; at: number };

function readNodes(reader: Reader, inRange: boolean): Node[] {
  const nodes: Node[] = [];
  while (reader.at < reader.text.length) {
    const open = reader.text.indexOf('{', reader.at);
    const until = open < 0 ? reader.text.length : open;
    if (until > reader.at) nodes.push({ kind: 'text', text: reader.text.slice(reader.at, until) });
    reader.at = until;
    if (open < 0) break;
    reader.at += 1;
    skipSpace(reader);
    if (reader.text.startsWith('end', reader.at)) {
      reader.at += 3;
      close(reader);
      if (!inRange) throw wrong(reader.text);
      return nodes;
    }
    nodes.push(readAction(reader));
  }
  if (inRange) throw new UserError('statement_invalid', 'A {range} of the JSONPath has no {end}: add it.');
  return nodes;
}

function readAction(reader: Reader): Node {
  if (/^range\s/u.test(reader.text.slice(reader.at, reader.at + 6))) {
    reader.at += 6;
    skipSpace(reader);
    const path = readSteps(reader);
    close(reader);
    return { kind: 'range', path, body: readNodes(reader, true) };
  }
  const char = reader.text[reader.at];
  if (char === '"' || char === "'") {
    const text = readString(reader);
    close(reader);
    return { kind: 'text', text };
  }
  const paths: Step[][] = [];
  while (reader.at < reader.text.length && reader.text[reader.at] !== '}') {
    paths.push(readSteps(reader));
    skipSpace(reader);
  }
  close(reader);
  return { kind: 'path', paths };
}

function close(reader: Reader): void {
  skipSpace(reader);
  if (reader.text[reader.at] !== '}') throw wrong(reader.text);
  reader.at += 1;
}

function skipSpace(reader: Reader): void {
  while (/\s/u.test(reader.text[reader.at] ?? '')) reader.at += 1;
}

function readString(reader: Reader): string {
  const quote = reader.text[reader.at] ?? '';
  const start = reader.at;
  let inner = '';
  for (reader.at += 1; reader.at < reader.text.length; reader.at += 1) {
    const char = reader.text[reader.at] ?? '';
    if (char === quote) {
      reader.at += 1;
      return inner;
    }
    if (char !== '\\') inner += char;
    else {
      reader.at += 1;
      const escaped = reader.text[reader.at] ?? '';
      inner += ({ n: '\n', t: '\t', r: '\r' } as Record<string, string>)[escaped] ?? escaped;
    }
  }
  throw wrong(reader.text.slice(start));
}

const FIELD = /^(?:[\p{L}\p{N}_\-/]|\\.)+/u;

function readSteps(reader: Reader): Step[] {
  const steps: Step[] = [];
  const start = reader.at;
  if (/[$@]/u.test(reader.text[reader.at] ?? '')) reader.at += 1;
  for (;;) {
    const rest = reader.text.slice(reader.at);
    if (rest.startsWith('..')) {
      steps.push({ kind: 'deep' });
      reader.at += 2;
      if (reader.text[reader.at] !== '[') readField(reader, steps);
    } else if (rest.startsWith('.')) {
      reader.at += 1;
      if (FIELD.test(reader.text.slice(reader.at)) || reader.text[reader.at] === '*') readField(reader, steps);
      else if (steps.length > 0) throw wrong(reader.text);
    } else if (rest.startsWith('[')) steps.push(readBracket(reader));
    else break;
  }
  if (reader.at === start) throw wrong(reader.text);
  return steps;
}

function readField(reader: Reader, steps: Step[]): void {
  if (reader.text[reader.at] === '*') {
    steps.push({ kind: 'all' });
    reader.at += 1;
    return;
  }
  const [name] = FIELD.exec(reader.text.slice(reader.at)) ?? [];
  if (name === undefined) throw wrong(reader.text);
  steps.push({ kind: 'field', name: name.replace(/\\(.)/gu, '$1') });
  reader.at += name.length;
}

function readBracket(reader: Reader): Step {
  const rest = reader.text.slice(reader.at);
  if (rest.startsWith('[?(')) return readFilter(reader);
  if (/^\[\s*['"]/u.test(rest)) {
    reader.at += 1;
    const names: string[] = [];
    do {
      if (reader.text[reader.at] === ',') reader.at += 1;
      skipSpace(reader);
      names.push(readString(reader));
      skipSpace(reader);
    } while (reader.text[reader.at] === ',');
    if (reader.text[reader.at] !== ']') throw wrong(reader.text);
    reader.at += 1;
    return { kind: 'fields', names };
  }
  const end = rest.indexOf(']');
  const inner = end < 0 ? '' : rest.slice(1, end).trim();
  reader.at += end + 1;
  if (inner === '*') return { kind: 'all' };
  const slice = /^(-?\d*):(-?\d*)(?::(\d+))?$/u.exec(inner);
  if (slice) {
    const number = (text: string | undefined) => (text === undefined || text === '' ? null : Number(text));
    return { kind: 'slice', from: number(slice[1]), to: number(slice[2]), by: Math.max(1, number(slice[3]) ?? 1) };
  }
  if (!/^-?\d+(?:\s*,\s*-?\d+)*$/u.test(inner)) throw wrong(reader.text);
  return { kind: 'indexes', at: inner.split(',').map(Number) };
}

function readFilter(reader: Reader): Step {
  reader.at += 3;
  const left = readOperand(reader);
  skipSpace(reader);
  const [operator] = /^(?:==|!=|<=|>=|<|>)/u.exec(reader.text.slice(reader.at)) ?? [];
  let right: Operand | null = null;
  if (operator !== undefined) {
    reader.at += operator.length;
    right = readOperand(reader);
    skipSpace(reader);
  }
  if (!reader.text.startsWith(')]', reader.at)) throw wrong(reader.text);
  reader.at += 2;
  return { kind: 'filter', left, operator: operator ?? null, right };
}

function readOperand(reader: Reader): Operand {
  skipSpace(reader);
  const char = reader.text[reader.at] ?? '';
  if (char === '"' || char === "'") return { literal: readString(reader) };
  const [plain] = /^(?:-?\d+(?:\.\d+)?|true|false|null)/u.exec(reader.text.slice(reader.at)) ?? [];
  if (plain !== undefined) {
    reader.at += plain.length;
    return { literal: JSON.parse(plain) as number | boolean | null };
  }
  return { steps: readSteps(reader) };
}

function render(nodes: readonly Node[], object: unknown, root: unknown): string {
  return nodes
    .map((node) => {
      if (node.kind === 'text') return node.text;
      if (node.kind === 'range')
        return walk(node.path, [object], root)
          .map((item) => render(node.body, item, root))
          .join('');
      return node.paths.map((path) => walk(path, [object], root).map(printValue).join(' ')).join(' ');
    })
    .join('');
}

/** A value as a template prints it: texts bare, the rest as JSON. */
export function printValue(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(sortedKeys(value));
}

function walk(steps: readonly Step[], start: readonly unknown[], root: unknown): unknown[] {
  let found: unknown[] = [...start];
  for (const step of steps) {
    found = found.flatMap((value) => take(step, value, root));
    if (found.length > MAX_RESULTS)
      throw new UserError('statement_invalid', `The JSONPath finds more than ${MAX_RESULTS} values: narrow it.`);
  }
  return found;
}

function take(step: Step, value: unknown, root: unknown): unknown[] {
  const list = Array.isArray(value) ? (value as unknown[]) : null;
  switch (step.kind) {
    case 'field':
      return own(value, step.name);
    case 'fields':
      return step.names.flatMap((name) => own(value, name));
    case 'all':
      return list ?? (value !== null && typeof value === 'object' ? Object.values(value) : []);
    case 'deep':
      return descendants(value);
    case 'indexes':
      return step.at.flatMap((at) => (list && at < list.length && at >= -list.length ? [list.at(at)] : []));
    case 'slice':
      return list?.slice(step.from ?? 0, step.to ?? list.length).filter((_, at) => at % step.by === 0) ?? [];
    default:
      return (list ?? []).filter((item) => matches(step, item, root));
  }
}

function own(value: unknown, name: string): unknown[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || !Object.hasOwn(value, name)) return [];
  return [(value as Record<string, unknown>)[name]];
}

function descendants(value: unknown): unknown[] {
  if (value === null || typeof value !== 'object') return [];
  return [value, ...Object.values(value).flatMap(descendants)];
}

function matches(step: Step & { kind: 'filter' }, item: unknown, root: unknown): boolean {
  const read = (operand: Operand): unknown[] =>
    'literal' in operand ? [operand.literal] : walk(operand.steps, [item], root);
  const [left] = read(step.left);
  if (step.operator === null || step.right === null) return left !== undefined;
  const [right] = read(step.right);
  if (left === undefined || right === undefined) return false;
  if (step.operator === '==') return left === right;
  if (step.operator === '!=') return left !== right;
  const [a, b] = typeof left === 'number' && typeof right === 'number' ? [left, right] : [String(left), String(right)];
  if (step.operator === '<') return a < b;
  if (step.operator === '>') return a > b;
  return step.operator === '<=' ? a <= b : a >= b;
}

function wrong(text: string): UserError {
  return new UserError('statement_invalid', `\`${text.slice(0, 80)}\` is no JSONPath that kubectl knows: correct it.`);
}
