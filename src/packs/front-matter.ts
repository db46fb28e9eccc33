import { RE2JS } from 're2js';
import { z } from 'zod';
import { compileExpression, isExpressionError } from '../domain/expression.ts';
import type { Param } from '../domain/runbook.ts';
import { parseDuration } from '../lib/duration.ts';
import { RESERVED_NAMES } from './result-fields.ts';

const text = z.string().trim().min(1, 'it is empty');

/** A duration as people write it (`90s`, `5m`, `1h30m`, `7d`), read as milliseconds. */
export const duration = z.string().transform((value, context) => {
  const ms = parseDuration(value);
  if (ms !== null) return ms;
  context.addIssue({ code: 'custom', message: `"${value}" is not a duration; write 90s, 5m, 1h30m or 7d` });
  return z.NEVER;
});

const param = z
  .strictObject({
    type: z.enum(['string', 'integer', 'number', 'boolean', 'choice', 'duration', 'k8s-name', 'secret']),
    description: text.optional(),
    default: z.union([z.string(), z.number(), z.boolean()]).optional(),
    pattern: text.optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    choices: z.array(text).min(1).optional(),
    required: z.boolean().optional(),
  })
  .superRefine((value, context) => {
    for (const message of paramProblems(value)) context.addIssue({ code: 'custom', message });
  });

const blastItem = z.record(z.string(), text).superRefine((item, context) => {
  const [level, ...more] = Object.keys(item);
  if (more.length === 0 && level !== undefined && ['ok', 'warn', 'critical'].includes(level)) return;
  context.addIssue({ code: 'custom', message: 'each item is one of "ok: …", "warn: …", "critical: …"' });
});

const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/u, 'use a-z, 0-9 and _, starting with a letter');

// `expect=status` must go on meaning the status, whatever is named in the front matter.
const expressionName = name.refine(
  (word) => !RESERVED_NAMES.includes(word),
  'the name is taken by a field of a result',
);

const expression = z.string().superRefine((value, context) => {
  const compiled = compileExpression(value);
  if (isExpressionError(compiled)) context.addIssue({ code: 'custom', message: compiled.error });
});

/** What may stand between the `---` lines of a runbook. Unknown keys are errors. */
export const frontMatterSchema = z.strictObject({
  $schema: z.string().optional(),
  id: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/u, 'use letters and digits joined by dashes, like RB-012'),
  title: text,
  status: z.enum(['ready', 'draft']).default('ready'),
  severity: text.optional(),
  alerts: z.array(text).default([]),
  rto: duration.optional(),
  timeout: duration.optional(),
  stakeholders: z.array(text).default([]),
  blast_radius: z.array(blastItem).default([]),
  params: z.record(name, param).default({}),
  expressions: z.record(expressionName, expression).default({}),
});
export type FrontMatter = z.output<typeof frontMatterSchema>;

/** The parameters of a front matter in the order of the file. */
export function readParams(front: FrontMatter): Param[] {
  return Object.entries(front.params).map(([paramName, value]) => ({
    name: paramName,
    type: value.type,
    description: value.description ?? null,
    default: value.default ?? null,
    pattern: value.pattern ?? null,
    min: value.min ?? null,
    max: value.max ?? null,
    choices: value.choices ?? [],
    required: value.required ?? value.default === undefined,
  }));
}

type RawParam = {
  readonly type: Param['type'];
  readonly default?: string | number | boolean | undefined;
  readonly pattern?: string | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly choices?: readonly string[] | undefined;
};

function paramProblems(value: RawParam): string[] {
  const problems: string[] = [];
  const numeric = value.type === 'integer' || value.type === 'number';
  if (value.pattern !== undefined) {
    if (value.type !== 'string') problems.push('"pattern" belongs to type string');
    if (compilePattern(value.pattern) === null) problems.push(`the pattern "${value.pattern}" is not an RE2 pattern`);
  }
  if (!numeric && (value.min !== undefined || value.max !== undefined))
    problems.push('"min" and "max" belong to numbers');
  if (value.min !== undefined && value.max !== undefined && value.min > value.max) problems.push('"min" exceeds "max"');
  if ((value.type === 'choice') !== (value.choices !== undefined))
    problems.push('"choices" and type choice go together');
  if (value.type === 'secret' && value.default !== undefined) problems.push('a secret has no default');
  else if (value.default !== undefined && !fits(value, value.default))
    problems.push('the default does not fit the type');
  return problems;
}

function fits(value: RawParam, given: string | number | boolean): boolean {
  switch (value.type) {
    case 'boolean':
      return typeof given === 'boolean';
    case 'integer':
    case 'number':
      if (typeof given !== 'number' || (value.type === 'integer' && !Number.isSafeInteger(given))) return false;
      return given >= (value.min ?? -Infinity) && given <= (value.max ?? Infinity);
    case 'choice':
      return typeof given === 'string' && (value.choices?.includes(given) ?? false);
    case 'duration':
      return typeof given === 'string' && parseDuration(given) !== null;
    case 'k8s-name':
      return typeof given === 'string' && /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/u.test(given);
    case 'string':
      return (
        typeof given === 'string' &&
        (value.pattern === undefined || (compilePattern(value.pattern)?.matches(given) ?? true))
      );
    case 'secret':
      return false;
    default:
      return value.type satisfies never;
  }
}

// RE2, because a pattern meets values from alerts: backtracking would be a way to stop the bot.
function compilePattern(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
}
