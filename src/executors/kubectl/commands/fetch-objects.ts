import { UserError } from '../../../lib/errors.ts';
import { apiVersion } from '../../kube/known-types.ts';
import { itemsOf, type KubeObject } from '../../kube/kube-object.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import type { KubeResource } from '../../kube/kube-request.ts';
import { type CommandContext, namespaceFor, type Selection, selectionsOf, selectorQuery } from '../command.ts';

const PAGE = 500;
/** More objects than this are not fetched: nobody reads them in a chat. */
const MAX_OBJECTS = 5_000;

export type Fetched = {
  readonly type: KubeResource;
  /** Whether the objects were named, not listed. */
  readonly named: boolean;
  readonly pages: readonly KubeObject[];
};

/** What becomes of a name that the server does not have, where others were asked for as well; without it the whole command fails. */
export type OnMissing = (refusal: KubeRefusal) => void;

/** The objects that the operands name, page by page, as the server gives them for that Accept header. */
export async function fetchSelections(
  context: CommandContext,
  accept?: string,
  onMissing?: OnMissing,
): Promise<Fetched[]> {
  const selections = await selectionsOf(context.session, context.call.operands);
  const query = selectorQuery(context);
  if (query.length > 0 && selections.some(({ names }) => names !== null))
    throw new UserError('statement_invalid', 'A name and a selector do not go together: leave one of them out.');
  const all: Fetched[] = [];
  for (const selection of selections) all.push(await fetchSelection(context, selection, { accept, onMissing }));
  return all;
}

async function fetchSelection(
  context: CommandContext,
  selection: Selection,
  { accept, onMissing }: { accept: string | undefined; onMissing: OnMissing | undefined },
): Promise<Fetched> {
  const { type, names } = selection;
  const namespace = namespaceFor(context, type);
  const form = accept === undefined ? {} : { accept };
  const include: [string, string][] = accept?.includes('as=Table') ? [['includeObject', 'Object']] : [];
  if (names !== null) {
    if (type.namespaced && namespace === null)
      throw new UserError('statement_invalid', 'An object is not named across all namespaces: say which with -n.');
    const subresource = context.call.options.get('subresource')?.[0] as 'status' | 'scale' | undefined;
    const part = subresource === undefined ? {} : { subresource };
    const pages: KubeObject[] = [];
    for (const name of names) {
      const request = { method: 'GET', resource: type, namespace, name, query: include, ...part, ...form } as const;
      try {
        pages.push(await context.session.ask(request));
      } catch (error) {
        if (onMissing === undefined || !(error instanceof KubeRefusal) || error.status !== 404) throw error;
        onMissing(error);
      }
    }
    return { type, named: true, pages };
  }
  const query: [string, string][] = [...selectorQuery(context), ...include, ['limit', String(PAGE)]];
  const pages = await listPages(context, { type, namespace, query, form });
  return { type, named: false, pages };
}

async function listPages(
  context: CommandContext,
  list: {
    type: KubeResource;
    namespace: string | null;
    query: readonly [string, string][];
    form: { accept?: string };
  },
): Promise<KubeObject[]> {
  const pages: KubeObject[] = [];
  let next = '';
  for (;;) {
    const page = await context.session.ask({
      method: 'GET',
      resource: list.type,
      namespace: list.namespace,
      query: next === '' ? list.query : [...list.query, ['continue', next]],
      ...list.form,
    });
    pages.push(page);
    next = page.metadata?.continue ?? '';
    if (next === '') return pages;
    if (pages.length * PAGE >= MAX_OBJECTS) {
      context.warn(
        `There are more than ${MAX_OBJECTS} ${list.type.plural}; the rest was not fetched: narrow it with -l or -n.`,
      );
      return pages;
    }
  }
}

/** The objects themselves, with the kind that lists leave out. */
export async function fetchObjects(
  context: CommandContext,
  onMissing?: OnMissing,
): Promise<{ type: KubeResource; object: KubeObject }[]> {
  const fetched = await fetchSelections(context, undefined, onMissing);
  return fetched.flatMap(({ type, named, pages }) => {
    const kind = { apiVersion: apiVersion(type), kind: type.kind };
    const objects = named ? pages.map((page) => ({ ...kind, ...page })) : pages.flatMap((page) => itemsOf(page, kind));
    return objects.map((object) => ({ type, object }));
  });
}

/** All objects of one type in a namespace that match a selector. */
export async function listObjects(
  context: CommandContext,
  type: KubeResource,
  where: { namespace: string | null; query: readonly [string, string][] },
): Promise<KubeObject[]> {
  const pages = await listPages(context, { type, ...where, form: {} });
  return pages.flatMap((page) => itemsOf(page, { apiVersion: apiVersion(type), kind: type.kind }));
}

/** `app=web,tier=front` of a selector object (matchLabels, matchExpressions or a plain map). Empty when it selects nothing. */
export function selectorText(selector: unknown): string {
  const record = (selector ?? {}) as Record<string, unknown>;
  const plain = 'matchLabels' in record || 'matchExpressions' in record ? (record.matchLabels ?? {}) : record;
  const equal = Object.entries(plain as Record<string, string>).map(([key, value]) => `${key}=${value}`);
  const expressions = (record.matchExpressions ?? []) as { key: string; operator: string; values?: string[] }[];
  const others = expressions.map(({ key, operator, values }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${(values ?? []).join(',')})`;
  });
  return [...equal, ...others].join(',');
}
