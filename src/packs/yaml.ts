import { LineCounter, type ParsedNode, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Problem, suggest } from './problems.ts';
import type { RuleName } from './rules.ts';
import { keysAt } from './schema-keys.ts';

/** YAML that was read and checked, with the place of every value for later messages. */
export type YamlResult<T> = {
  readonly value: T | null;
  readonly problems: readonly Problem[];
  /** Line and column of a value, or of the nearest thing around it that exists. */
  readonly at: (path: readonly PropertyKey[]) => { line: number; column: number };
};

/** Where the text stands in its file: front matter begins on line 2. */
export type YamlOrigin = { readonly file: string; readonly firstLine: number; readonly rule: RuleName };

/** Reads YAML 1.2 (no custom tags, few aliases, no duplicate keys) and checks it against a strict schema. */
export function readYaml<S extends z.ZodType>(text: string, schema: S, origin: YamlOrigin): YamlResult<z.output<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, schema: 'core', uniqueKeys: true, logLevel: 'silent' });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line) + origin.firstLine - 1, column: Math.max(1, col) };
  };
  const at = (path: readonly PropertyKey[]) => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true) as ParsedNode | undefined;
      if (node?.range) return place(node.range[0]);
    }
    return { line: origin.firstLine, column: 1 };
  };
  const problem = (message: string, fix: string, where: { line: number; column: number }): Problem => ({
    rule: origin.rule,
    file: origin.file,
    severity: 'error',
    message,
    fix,
    ...where,
  });

  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const problems = faults.map((fault) =>
      problem(
        `this is not valid YAML: ${(fault.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/u, '')}`,
        '',
        place(fault.pos[0]),
      ),
    );
    return { value: null, problems, at };
  }
  let data: unknown;
  try {
    data = document.toJS({ maxAliasCount: 20 });
  } catch {
    return { value: null, problems: [problem('the YAML has too many aliases', 'Write the values out.', at([]))], at };
  }
  const checked = schema.safeParse(data ?? {});
  if (checked.success) return { value: checked.data, problems: [], at };
  const problems = checked.error.issues.flatMap((issue) => {
    const name = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path);
      return issue.keys.map((key) =>
        problem(
          `"${key}" is not known${name && ` in "${name}"`}`,
          suggest(key, known),
          keyAt(document, issue.path, key, place) ?? at(issue.path),
        ),
      );
    }
    const missing = issue.code === 'invalid_type' && valueAt(data, issue.path) === undefined;
    const message = missing ? `"${name}" is missing` : `"${name}" is not right: ${issue.message}`;
    return [problem(name === '' ? issue.message : message, missing ? `Add "${name}:".` : '', at(issue.path))];
  });
  return { value: null, problems, at };
}

function keyAt(
  document: ReturnType<typeof parseDocument>,
  path: readonly PropertyKey[],
  key: string,
  place: (offset: number) => { line: number; column: number },
) {
  const map = (path.length === 0 ? document.contents : document.getIn(path, true)) as {
    items?: { key: { value?: unknown; range?: [number] } }[];
  } | null;
  const range = map?.items?.find((pair) => pair.key.value === key)?.key.range;
  return range ? place(range[0]) : null;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], data);
}
