import type { Json } from '../lib/canonical-json.ts';
import { compileExpression, isExpressionError } from './expression.ts';
import type { NamePath } from './expression-tree.ts';
import type { Runbook } from './runbook.ts';

type Value = Readonly<Record<string, Json>>;

/**
 * The part of what a step found that expressions of its runbook look at (`steps.<id>…` in `when`, `expect` and `capture`);
 * null when nothing does. Whatever is named by a path is kept whole below it, also when the path goes on into a list.
 */
export function neededValue(runbook: Runbook, step: string, value: Value): Value | null {
  const paths = expressionsOf(runbook).flatMap((text) => {
    const compiled = compileExpression(text);
    return isExpressionError(compiled) ? [] : compiled.paths;
  });
  const wanted = paths.flatMap((path): NamePath[] => {
    if (path[0] !== 'steps') return [];
    // `steps` by itself, or indexed by a value, may look at anything.
    if (path[1] === undefined) return [[]];
    return path[1] === step ? [path.slice(2)] : [];
  });
  if (wanted.length === 0) return null;
  const kept = prune(value, wanted);
  return isRecord(kept) ? kept : null;
}

function expressionsOf(runbook: Runbook): string[] {
  return runbook.steps.flatMap((step) =>
    step.kind === 'manual'
      ? []
      : [step.when, step.expect, ...step.captures.map(({ expression }) => expression)].filter((text) => text !== null),
  );
}

function prune(value: Json, wanted: readonly NamePath[]): Json {
  if (!isRecord(value) || wanted.some((path) => path.length === 0)) return value;
  const names = new Set(wanted.map(([name = '']) => name));
  const kept = Object.entries(value).filter(([key]) => names.has(key));
  return Object.fromEntries(
    kept.map(([key, item]) => [
      key,
      prune(
        item,
        wanted.filter(([name]) => name === key).map((path) => path.slice(1)),
      ),
    ]),
  );
}

function isRecord(value: Json): value is Value {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
