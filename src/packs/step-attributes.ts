import type { Effect } from '../domain/effect.ts';
import { compileExpression, isExpressionError } from '../domain/expression.ts';
import type { Capture, ExecutableStep } from '../domain/runbook.ts';
import { parseDuration } from '../lib/duration.ts';
import type { Attribute, AttributeList } from './attributes.ts';
import { type Problem, suggest } from './problems.ts';
import type { RuleName } from './rules.ts';

/** What the attributes of a fence say; references are not looked up here. `declared` is null without `effect=`. */
export type StepAttributes = Pick<
  ExecutableStep,
  | 'id'
  | 'target'
  | 'timeoutMs'
  | 'when'
  | 'expect'
  | 'verify'
  | 'retry'
  | 'poll'
  | 'sensitive'
  | 'captures'
  | 'revert'
  | 'quorum'
> & { readonly declared: Effect | null };

type Draft = { -readonly [K in keyof StepAttributes]: StepAttributes[K] };

/** Why a value cannot be used, with the column when it is not where the value starts. */
type Refusal = { readonly message: string; readonly fix: string; readonly column?: number };
type Reader = (value: string, draft: Draft, expressions: Readonly<Record<string, string>>) => Refusal | null;

const STEP_ID = /^[a-z][a-z0-9_]*$/u;
const EFFECTS: readonly Effect[] = ['read', 'change', 'destructive'];

const READERS: Readonly<Record<string, Reader>> = {
  target: (value, draft) => {
    draft.target = value;
    return value === '' ? { message: 'the target is empty', fix: 'Name a target of system.yml.' } : null;
  },
  effect: (value, draft) => {
    const effect = EFFECTS.find((candidate) => candidate === value);
    if (!effect) return { message: `"${value}" is not an effect`, fix: suggest(value, EFFECTS) };
    draft.declared = effect;
    return null;
  },
  timeout: (value, draft) => {
    const ms = parseDuration(value);
    if (ms === null || ms === 0) return { message: `"${value}" is not a duration`, fix: 'Write 30s or 5m.' };
    draft.timeoutMs = ms;
    return null;
  },
  when: (value, draft, expressions) => readExpression(value, expressions, (text) => (draft.when = text)),
  expect: (value, draft, expressions) => readExpression(value, expressions, (text) => (draft.expect = text)),
  capture: (value, draft, expressions) => {
    const name = /^\s*([a-z][a-z0-9_]*)\s*=(?!=)/u.exec(value);
    if (!name?.[1]) return { message: `"${value}" captures nothing`, fix: 'Write capture="name=expression".' };
    const captured = name[1];
    const refusal = readExpression(value.slice(name[0].length), expressions, (text) => {
      draft.captures = [...draft.captures, { name: captured, expression: text } satisfies Capture];
    });
    return refusal?.column === undefined ? refusal : { ...refusal, column: refusal.column + name[0].length };
  },
  verify: (value, draft) => readStepId(value, (id) => (draft.verify = id)),
  revert: (value, draft) => readStepId(value, (id) => (draft.revert = id)),
  retry: (value, draft) => readCount(value, 1, 10, (count) => (draft.retry = count)),
  quorum: (value, draft) => readCount(value, 2, 10, (count) => (draft.quorum = count)),
  poll: (value, draft) => {
    const [every, duration, ...rest] = value.split(' for ');
    const everyMs = parseDuration(every ?? '');
    const forMs = parseDuration(duration ?? '');
    if (everyMs === null || forMs === null || rest.length > 0 || everyMs < 1_000 || forMs < everyMs) {
      return { message: `"${value}" is not a way to wait`, fix: 'Write poll="30s for 15m", at least 1s apart.' };
    }
    draft.poll = { everyMs, forMs };
    return null;
  },
  sensitive: (value, draft) => {
    if (value !== 'true' && value !== 'false') return { message: `"${value}" is neither true nor false`, fix: '' };
    draft.sensitive = value === 'true';
    return null;
  },
};

const REPEATABLE = new Set(['capture']);
const FLAGS = new Set(['sensitive']);

/** The attributes that a fence may carry, for messages and documentation. */
export const ATTRIBUTE_NAMES: readonly string[] = Object.keys(READERS);

/** Reads a list into a step's fields; every fault is one problem at the place of its attribute. */
export function readStepAttributes(
  list: AttributeList,
  place: { readonly file: string; readonly line: number },
  expressions: Readonly<Record<string, string>>,
): { attributes: StepAttributes; problems: Problem[] } {
  const draft = emptyDraft(list.id);
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const report = (rule: RuleName, message: string, fix: string, column: number) =>
    problems.push({ rule, ...place, column, severity: 'error', message, fix });
  for (const attribute of list.attributes) {
    const { key, column } = attribute;
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined;
    if (!reader) {
      report('unknown-attribute', `"${key}" is not an attribute`, suggest(key, ATTRIBUTE_NAMES), column);
      continue;
    }
    if (seen.has(key) && !REPEATABLE.has(key))
      report('repeated-attribute', `"${key}" is given twice`, 'Keep one.', column);
    seen.add(key);
    const refusal = readValue(attribute, reader, draft, expressions);
    if (refusal)
      report('bad-attribute', `${key}: ${refusal.message}`, refusal.fix, refusal.column ?? attribute.valueColumn);
  }
  if (!seen.has('target')) {
    report('missing-target', 'the step has no target', 'Add target=name, a target of system.yml.', list.idColumn - 1);
  }
  return { attributes: draft, problems };
}

function readValue(
  attribute: Attribute,
  reader: Reader,
  draft: Draft,
  expressions: Readonly<Record<string, string>>,
): Refusal | null {
  const { key, value, column, valueColumn } = attribute;
  if (value === true && !FLAGS.has(key)) return { message: 'it has no value', fix: `Write ${key}=….`, column };
  const refusal = reader(value === true ? 'true' : value, draft, expressions);
  return refusal?.column === undefined ? refusal : { ...refusal, column: valueColumn + refusal.column - 1 };
}

function emptyDraft(id: string): Draft {
  return {
    id,
    target: '',
    declared: null,
    timeoutMs: null,
    when: null,
    expect: null,
    verify: null,
    retry: 0,
    poll: null,
    sensitive: false,
    captures: [],
    revert: null,
    quorum: null,
  };
}

/** The column of a refusal is relative to the value here; `readValue` makes it absolute. */
function readExpression(
  value: string,
  expressions: Readonly<Record<string, string>>,
  keep: (text: string) => unknown,
): Refusal | null {
  const named = Object.hasOwn(expressions, value.trim()) ? expressions[value.trim()] : undefined;
  const text = named ?? value;
  const compiled = compileExpression(text);
  if (isExpressionError(compiled)) return { message: compiled.error, fix: '', column: compiled.column };
  keep(text);
  return null;
}

function readStepId(value: string, keep: (id: string) => unknown): Refusal | null {
  if (!STEP_ID.test(value)) return { message: `"${value}" is not the id of a step`, fix: 'Write the id without "#".' };
  keep(value);
  return null;
}

function readCount(value: string, min: number, max: number, keep: (count: number) => unknown): Refusal | null {
  const count = /^\d{1,3}$/u.test(value) ? Number(value) : Number.NaN;
  if (!(count >= min && count <= max)) return { message: `"${value}" is not a number from ${min} to ${max}`, fix: '' };
  keep(count);
  return null;
}
