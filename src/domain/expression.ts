import { CelScalar, celEnv, celFunc, isCelError, isCelList, isCelMap, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import type { Json } from '../lib/canonical-json.ts';
import { messageOf } from '../lib/errors.ts';
import { type NamePath, readTree, textOf } from './expression-tree.ts';

/** An expression (CEL) that was parsed; `paths` are the names it reads, without variables of its own macros. */
export type Expression = {
  readonly text: string;
  readonly paths: readonly NamePath[];
  /** How deeply `exists`, `all`, `map` and `filter` are nested. */
  readonly nestedMacros: number;
  readonly run: (vars: Record<string, unknown>) => unknown;
  readonly subexpression: (id: bigint) => string | null;
};

/** Why a text is no expression; `column` is 1-based within the text. */
export type ExpressionError = { readonly error: string; readonly column: number };

/** What an evaluation gives. An error is one sentence that names what was missing or did not fit. */
export type Evaluation =
  | { readonly status: 'value'; readonly value: Json }
  | { readonly status: 'error'; readonly message: string };

const MAX_LENGTH = 2_000;
// Each nesting level multiplies the work by the length of a list, and a target's answer decides how long that is.
// An iteration takes 5 to 10 µs, so the budget keeps the worst case near a second.
const MAX_NESTED_MACROS = 2;
const MAX_ITERATIONS = 200_000;

const { INT, DOUBLE } = CelScalar;

// CEL has no arithmetic between int and double. JSON does not tell 200 from 200.0, so `duration_ms / 1000` would work
// or fail with the measured value; these overloads make mixed operands doubles and leave int with int alone.
const mixedArithmetic = (
  [
    ['_+_', (a: number, b: number) => a + b],
    ['_-_', (a: number, b: number) => a - b],
    ['_*_', (a: number, b: number) => a * b],
    ['_/_', (a: number, b: number) => a / b],
  ] as const
).flatMap(([name, apply]) => [
  celFunc(name, [INT, DOUBLE], DOUBLE, (a, b) => apply(Number(a), b)),
  celFunc(name, [DOUBLE, INT], DOUBLE, (a, b) => apply(a, Number(b))),
]);

// The library's own regular expressions are RE2 (linear time), so `matches` needs no protection of ours.
const environment = celEnv({ funcs: [...strings, ...mixedArithmetic] });

// A loader asks for the same text several times, and runs ask again for each result; planning takes a good part of a ms.
const compiled = new Map<string, Expression | ExpressionError>();
const COMPILED_KEPT = 2_000;

/**
 * Parses an expression; never throws. What can only fail on the values it will see is left to `evaluate`. The latest texts
 * are kept: an expression is a pure function of its text.
 */
export function compileExpression(text: string): Expression | ExpressionError {
  const known = compiled.get(text);
  if (known) return known;
  const made = compile(text);
  const [oldest] = compiled.keys();
  if (compiled.size >= COMPILED_KEPT && oldest !== undefined) compiled.delete(oldest);
  compiled.set(text, made);
  return made;
}

function compile(text: string): Expression | ExpressionError {
  if (text.trim() === '') return { error: 'the expression is empty', column: 1 };
  if (text.length > MAX_LENGTH) return { error: `the expression is longer than ${MAX_LENGTH} characters`, column: 1 };
  try {
    const parsed = parse(text);
    const tree = readTree(parsed);
    // Operators have names like `_&&_`, and some of them are not functions to the library.
    const unknown = tree.functions.find((call) => /^[a-z]/iu.test(call) && !environment.funcs.find(call));
    if (unknown) return { error: `there is no function "${unknown}"`, column: Math.max(1, text.indexOf(unknown) + 1) };
    if (tree.nestedMacros > MAX_NESTED_MACROS) {
      return { error: `at most ${MAX_NESTED_MACROS} of exists, all, map and filter may be nested`, column: 1 };
    }
    return {
      text,
      paths: tree.paths,
      nestedMacros: tree.nestedMacros,
      run: plan(environment, parsed) as Expression['run'],
      subexpression: (id) => textOf(tree.byId.get(id)),
    };
  } catch (error) {
    return syntaxError(error, text);
  }
}

/** Tells the two results of `compileExpression` apart. */
export function isExpressionError(result: Expression | ExpressionError): result is ExpressionError {
  return 'error' in result;
}

/** The names an expression reads, each as a path: `steps.breaker.value` is `['steps', 'breaker', 'value']`. */
export function namesOf(expression: Expression): readonly NamePath[] {
  return expression.paths;
}

/**
 * Evaluates over plain JSON values. Whole numbers count as int, others as double, and comparisons and arithmetic mix
 * them. Never throws: what is missing or does not fit comes back as `error` with a sentence.
 */
export function evaluate(expression: Expression, vars: Readonly<Record<string, unknown>>): Evaluation {
  try {
    // Without a prototype, or `toString` would be a variable of every expression.
    const bindings = Object.create(null) as Record<string, unknown>;
    const size = { longest: 0 };
    for (const [name, value] of Object.entries(vars)) bindings[name] = toCel(value, size);
    if (size.longest ** expression.nestedMacros > MAX_ITERATIONS) {
      const message = `"${expression.text}" would go through too much: a list here has ${size.longest} items`;
      return { status: 'error', message };
    }
    const result = expression.run(bindings);
    // The library returns errors as values; forgetting this line would make every error truthy.
    if (isCelError(result)) return { status: 'error', message: errorSentence(expression, result) };
    return { status: 'value', value: toJson(result) };
  } catch (error) {
    return { status: 'error', message: `"${expression.text}" could not be evaluated: ${messageOf(error)}` };
  }
}

function toCel(value: unknown, size: { longest: number }): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) {
    size.longest = Math.max(size.longest, value.length);
    return value.map((item) => toCel(item, size));
  }
  if (typeof value === 'object') {
    // A Map, because the library looks for protobuf messages in objects and finds prototypes.
    const entries = Object.entries(value);
    size.longest = Math.max(size.longest, entries.length);
    return new Map(entries.map(([key, item]) => [key, toCel(item, size)]));
  }
  return value;
}

function toJson(value: unknown): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (isCelList(value)) return [...value].map(toJson);
  if (isCelMap(value))
    return Object.fromEntries([...value.entries()].map(([key, item]) => [String(key), toJson(item)]));
  return String(value);
}

function errorSentence(expression: Expression, error: Error & { exprId: bigint | undefined }): string {
  const missing = /^field not found: (.*)$/u.exec(error.message)?.[1];
  const part = (error.exprId === undefined ? null : expression.subexpression(error.exprId)) ?? expression.text;
  if (missing !== undefined) return `"${part}" has no value: there is no "${missing}"`;
  if (error.message === 'unresolved attribute') return `"${part}" is not known here`;
  if (error.message.startsWith('index ')) return `"${part}" has no value: the list is too short`;
  const overload = /applied to '\((.*)\)'$/u.exec(error.message)?.[1];
  if (overload !== undefined) return `"${part}" does not work with ${overload.split(', ').join(' and ')}`;
  return `"${part}" could not be evaluated: ${error.message}`;
}

function syntaxError(error: unknown, text: string): ExpressionError {
  if (error instanceof RangeError) return { error: 'the expression is nested too deeply', column: 1 };
  const location = (error as { location?: { start?: { offset?: number } } }).location?.start?.offset;
  const message = messageOf(error).replace(/^<input>:\d+:\d+: /u, '');
  return { error: `the expression does not parse: ${message}`, column: Math.min(location ?? 0, text.length) + 1 };
}
