import { isOn, optionOf } from '../../../analysis/kubectl-arguments.ts';
import type { Json } from '../../../lib/canonical-json.ts';
import { apiVersion, objectName, typeName } from '../../kube/known-types.ts';
import { at, type KubeObject, listAt, numberAt, textAt, visibleObject } from '../../kube/kube-object.ts';
import type { KubeRefusal } from '../../kube/kube-refusal.ts';
import { type Command, type CommandContext, namespaceOf } from '../command.ts';
import { parsePath } from '../json-path.ts';
import { objectPrinter } from '../print-objects.ts';
import { alignColumns } from '../print-table.ts';
import { compareValues } from '../sort-values.ts';
import { type Fetched, fetchObjects, fetchSelections, type OnMissing } from './fetch-objects.ts';

const AS_TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
/** Larger sets of objects stay out of the value, which is stored: `rows` and `count` remain. */
const MAX_VALUE_BYTES = 1_000_000;

type Row = { readonly cells: readonly Json[]; readonly object: KubeObject };
type Table = { readonly fetched: Fetched; readonly columns: readonly Column[]; readonly rows: readonly Row[] };
type Column = { readonly title: string; readonly wide: boolean };

/** `get`: tables as the API server prints them, or objects in a format. Value: `{items, count, names, columns, rows}`. */
export const get: Command = async (context) => {
  const output = optionOf(context.call, 'output');
  const printer = objectPrinter(output, isOn(context.call, 'no-headers'));
  const missing: KubeRefusal[] = [];
  const onMissing: OnMissing = (refusal) => missing.push(refusal);
  const value =
    printer === null && output !== 'name'
      ? await table(context, onMissing)
      : await objects(context, { output, printer, onMissing });
  const [first] = missing;
  if (first && !isOn(context.call, 'ignore-not-found')) throw first;
  return value;
};

async function objects(
  context: CommandContext,
  {
    output,
    printer,
    onMissing,
  }: { output: string | undefined; printer: ReturnType<typeof objectPrinter>; onMissing: OnMissing },
): Promise<Readonly<Record<string, Json>>> {
  const found = sortedBy(
    context,
    (await fetchObjects(context, onMissing)).map(({ type, object }) => ({ type, object: visibleObject(object) })),
    ({ object }) => object,
  );
  const items = found.map(({ object }) => object);
  if (output === 'name') context.print(found.map(({ type, object }) => objectName(type, nameOf(object))).join('\n'));
  else if (printer && (items.length > 0 || !isOneName(context))) {
    const single = items.length === 1 && isOneName(context);
    const list = { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } } as unknown as KubeObject;
    context.print(printer(single && items[0] ? items[0] : list));
  }
  return { ...resultOf(context, items), columns: [], rows: [] };
}

function isOneName(context: CommandContext): boolean {
  const { operands } = context.call;
  return operands.length === 1
    ? (operands[0]?.includes('/') ?? false)
    : operands.length === 2 && !operands[0]?.includes('/');
}

async function table(context: CommandContext, onMissing: OnMissing): Promise<Readonly<Record<string, Json>>> {
  const fetched = (await fetchSelections(context, AS_TABLE, onMissing)).filter(
    ({ named, pages }) => !named || pages.length > 0,
  );
  const tables = mergeNamed(fetched).map((one) => tableOf(context, one));
  const filled = tables.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0 && fetched.length > 0) context.print(nothing(context, fetched));
  const withKind =
    isOn(context.call, 'show-kind') || new Set(tables.map(({ fetched: { type } }) => typeName(type))).size > 1;
  filled.forEach((one, at) => {
    if (at > 0) context.print('');
    for (const line of linesOf(context, one, withKind)) context.print(line);
  });
  const items = filled.flatMap(({ rows }) => rows.map(({ object }) => visibleObject(object)));
  const rows = filled.flatMap(({ columns, rows: of }) =>
    of.map(({ cells }) => Object.fromEntries(columns.map(({ title }, at) => [keyOf(title), cells[at] ?? null]))),
  );
  const columns = [...new Set(filled.flatMap((one) => one.columns.map(({ title }) => keyOf(title))))];
  return { ...resultOf(context, items), columns, rows };
}

function nothing(context: CommandContext, fetched: readonly Fetched[]): string {
  const spread = isOn(context.call, 'all-namespaces') || fetched.every(({ type }) => !type.namespaced);
  return spread ? 'No resources found' : `No resources found in ${namespaceOf(context)} namespace.`;
}

/** `pod/a pod/b` makes one table. */
function mergeNamed(fetched: readonly Fetched[]): Fetched[] {
  const merged: Fetched[] = [];
  for (const one of fetched) {
    const last = merged.at(-1);
    if (last?.named && one.named && last.type === one.type)
      merged[merged.length - 1] = { ...last, pages: [...last.pages, ...one.pages] };
    else merged.push(one);
  }
  return merged;
}

function tableOf(context: CommandContext, fetched: Fetched): Table {
  const kind = { apiVersion: apiVersion(fetched.type), kind: fetched.type.kind };
  const definitions = listAt(fetched.pages[0], 'columnDefinitions');
  if (fetched.pages.some((page) => page.kind !== 'Table')) return plainTable(fetched, kind);
  const columns = definitions.map((column) => ({
    title: textAt(column, 'name'),
    wide: numberAt(column, 'priority') > 0,
  }));
  const rows = fetched.pages.flatMap((page) =>
    listAt(page, 'rows').map((row) => ({
      cells: listAt(row, 'cells') as readonly Json[],
      object: { ...kind, ...((at(row, 'object') ?? {}) as KubeObject) },
    })),
  );
  return { fetched, columns, rows: sortedBy(context, rows, ({ object }) => object) };
}

/** A server that knows no tables. */
function plainTable(fetched: Fetched, kind: { apiVersion: string; kind: string }): Table {
  const all = fetched.pages.flatMap((page) => (Array.isArray(page.items) ? (page.items as KubeObject[]) : [page]));
  const rows = all.map((object) => ({ cells: [nameOf(object)], object: { ...kind, ...object } }));
  return { fetched, columns: [{ title: 'Name', wide: false }], rows };
}

function linesOf(context: CommandContext, one: Table, withKind: boolean): string[] {
  const { call } = context;
  const wide = optionOf(call, 'output') === 'wide';
  const shown = one.columns.flatMap((column, at) => (column.wide && !wide ? [] : [{ ...column, at }]));
  const nameAt = one.columns.findIndex(({ title }) => title.toLowerCase() === 'name');
  const spread = isOn(call, 'all-namespaces') && one.fetched.type.namespaced;
  const labels = (call.options.get('label-columns') ?? []).flatMap((text) => text.split(','));
  const header = [
    ...(spread ? ['NAMESPACE'] : []),
    ...shown.map(({ title }) => title.toUpperCase()),
    ...labels.map((label) => (label.split('/').at(-1) ?? '').toUpperCase()),
    ...(isOn(call, 'show-labels') ? ['LABELS'] : []),
  ];
  const lines = one.rows.map(({ cells, object }) => [
    ...(spread ? [object.metadata?.namespace ?? ''] : []),
    ...shown.map(({ at }) => {
      const text = cellText(cells[at]);
      return withKind && at === nameAt ? `${typeName(one.fetched.type)}/${text}` : text;
    }),
    ...labels.map((label) => object.metadata?.labels?.[label] ?? ''),
    ...(isOn(call, 'show-labels') ? [labelText(object)] : []),
  ]);
  return alignColumns(isOn(call, 'no-headers') ? lines : [header, ...lines]);
}

/** The first line of a cell, as kubectl cuts it. */
function cellText(cell: Json | undefined): string {
  if (cell === null || cell === undefined) return '';
  const text = typeof cell === 'string' ? cell : JSON.stringify(cell);
  const end = text.search(/[\n\r\f]/u);
  return end < 0 ? text : `${text.slice(0, end)}...`;
}

function labelText(object: KubeObject): string {
  const labels = Object.entries(object.metadata?.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return labels.length === 0 ? '<none>' : labels.map(([key, value]) => `${key}=${value}`).join(',');
}

function sortedBy<T>(context: CommandContext, list: readonly T[], objectOf: (item: T) => KubeObject): T[] {
  const path = optionOf(context.call, 'sort-by');
  if (path === undefined) return [...list];
  const read = parsePath(path);
  return [...list].sort((a, b) => compareValues(read(objectOf(a))[0], read(objectOf(b))[0]));
}

function resultOf(context: CommandContext, items: readonly KubeObject[]): Record<string, Json> {
  const value = { count: items.length, names: items.map(nameOf) };
  const list = items as unknown as readonly Json[];
  if (JSON.stringify(list).length <= MAX_VALUE_BYTES) return { ...value, items: list };
  context.warn('The objects are too many to keep for expressions: use count, names and rows, or narrow the command.');
  return value;
}

function nameOf(object: KubeObject): string {
  return object.metadata?.name ?? '';
}

/** `NOMINATED NODE` is `nominated_node`, `PORT(S)` is `ports`. */
function keyOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[()]/gu, '')
    .replace(/[^a-z0-9]+/gu, '_')
    .replace(/^_+|_+$/gu, '');
}
