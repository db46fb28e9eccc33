/** A name with its fields: `steps.breaker.value` is `['steps', 'breaker', 'value']`. */
export type NamePath = readonly string[];

/** What can be said about an expression from its syntax tree alone. */
export type ExpressionTree = {
  readonly paths: readonly NamePath[];
  readonly functions: readonly string[];
  readonly nestedMacros: number;
  readonly byId: ReadonlyMap<bigint, Node>;
};

/** The part of the library's syntax tree that is read here. */
export type Node = {
  readonly id?: bigint;
  readonly exprKind: { readonly case?: string | undefined; readonly value?: unknown };
};
type Select = { readonly operand?: Node; readonly field: string };
type Call = { readonly target?: Node; readonly function: string; readonly args: readonly Node[] };
type Comprehension = {
  readonly iterVar: string;
  readonly iterVar2: string;
  readonly accuVar: string;
  readonly iterRange?: Node;
  readonly accuInit?: Node;
  readonly loopCondition?: Node;
  readonly loopStep?: Node;
  readonly result?: Node;
};
type Entry = {
  readonly keyKind: { readonly case?: string | undefined; readonly value?: unknown };
  readonly value?: Node;
};

// Names of types are identifiers to CEL, but nobody has to supply them.
const TYPE_NAMES = new Set(['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint']);

/** Collects names, functions and the depth of nested macros of a parsed expression. */
export function readTree(parsed: { readonly expr: unknown }): ExpressionTree {
  const paths = new Map<string, NamePath>();
  const functions = new Set<string>();
  const byId = new Map<bigint, Node>();
  let nestedMacros = 0;

  const visit = (node: Node | undefined, bound: ReadonlySet<string>, depth: number): void => {
    if (node === undefined) return;
    if (node.id !== undefined) byId.set(node.id, node);
    const path = pathOf(node);
    if (path) {
      const root = path[0] ?? '';
      if (!bound.has(root) && !(path.length === 1 && TYPE_NAMES.has(root))) paths.set(JSON.stringify(path), path);
      for (let inner: Node | undefined = operandOf(node); inner; inner = operandOf(inner)) {
        if (inner.id !== undefined) byId.set(inner.id, inner);
      }
      return;
    }
    if (node.exprKind.case === 'callExpr') functions.add((node.exprKind.value as Call).function);
    if (node.exprKind.case !== 'comprehensionExpr') {
      for (const child of childrenOf(node)) visit(child, bound, depth);
      return;
    }
    nestedMacros = Math.max(nestedMacros, depth + 1);
    const loop = node.exprKind.value as Comprehension;
    const inside = new Set([...bound, loop.iterVar, loop.iterVar2, loop.accuVar]);
    visit(loop.iterRange, bound, depth);
    visit(loop.accuInit, bound, depth);
    for (const child of [loop.loopCondition, loop.loopStep, loop.result]) visit(child, inside, depth + 1);
  };
  visit(parsed.expr as Node, new Set(), 0);
  return { paths: [...paths.values()], functions: [...functions], nestedMacros, byId };
}

/** The text of a name or an operation of names, for error messages; null for anything longer. */
export function textOf(node: Node | undefined): string | null {
  if (node === undefined) return null;
  const path = pathOf(node);
  if (path) return path.join('.');
  if (node.exprKind.case === 'selectExpr') {
    const select = node.exprKind.value as Select;
    const operand = textOf(select.operand);
    return operand === null ? null : `${operand}.${select.field}`;
  }
  if (node.exprKind.case !== 'callExpr') return null;
  const call = node.exprKind.value as Call;
  const [left, right] = call.args.map((arg) => textOf(arg) ?? constantText(arg));
  if (left == null || right == null) return null;
  if (call.function === '_[_]') return `${left}[${right}]`;
  const operator = /^_(\W+)_$/u.exec(call.function)?.[1];
  return operator === undefined ? null : `${left} ${operator} ${right}`;
}

function pathOf(node: Node): string[] | null {
  if (node.exprKind.case === 'identExpr') return [(node.exprKind.value as { name: string }).name];
  const operand = operandOf(node);
  const field = fieldOf(node);
  if (operand === undefined || field === null) return null;
  const path = pathOf(operand);
  return path && [...path, field];
}

function operandOf(node: Node): Node | undefined {
  if (node.exprKind.case === 'selectExpr') return (node.exprKind.value as Select).operand;
  const call = node.exprKind.case === 'callExpr' ? (node.exprKind.value as Call) : null;
  return call?.function === '_[_]' ? call.args[0] : undefined;
}

// `steps["breaker"]` names the same thing as `steps.breaker`.
function fieldOf(node: Node): string | null {
  if (node.exprKind.case === 'selectExpr') return (node.exprKind.value as Select).field;
  const index = (node.exprKind.value as Call).args?.[1];
  const constant = index?.exprKind.case === 'constExpr' ? (index.exprKind.value as Constant).constantKind : null;
  return constant?.case === 'stringValue' ? String(constant.value) : null;
}

type Constant = { readonly constantKind: { readonly case?: string | undefined; readonly value?: unknown } };

function constantText(node: Node): string | null {
  if (node.exprKind.case !== 'constExpr') return null;
  const { case: kind, value } = (node.exprKind.value as Constant).constantKind;
  return kind === 'stringValue' ? `'${String(value)}'` : kind === 'nullValue' ? 'null' : String(value);
}

function childrenOf(node: Node): (Node | undefined)[] {
  switch (node.exprKind.case) {
    case 'selectExpr':
      return [(node.exprKind.value as Select).operand];
    case 'callExpr': {
      const call = node.exprKind.value as Call;
      return [call.target, ...call.args];
    }
    case 'listExpr':
      return [...(node.exprKind.value as { elements: readonly Node[] }).elements];
    case 'structExpr':
      return (node.exprKind.value as { entries: readonly Entry[] }).entries.flatMap((entry) => [
        entry.keyKind.case === 'mapKey' ? (entry.keyKind.value as Node) : undefined,
        entry.value,
      ]);
    default:
      return [];
  }
}
