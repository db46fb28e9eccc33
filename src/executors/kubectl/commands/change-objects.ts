import { isOn, optionOf } from '../../../analysis/kubectl-arguments.ts';
import { KUBECTL_COMMANDS } from '../../../analysis/kubectl-commands.ts';
import type { Json } from '../../../lib/canonical-json.ts';
import { UserError } from '../../../lib/errors.ts';
import { objectName } from '../../kube/known-types.ts';
import type { KubeObject } from '../../kube/kube-object.ts';
import type { KubeResource } from '../../kube/kube-request.ts';
import { type CommandContext, namespaceFor, type Selection, selectionsOf, selectorQuery } from '../command.ts';
import { listObjects } from './fetch-objects.ts';

/** One object that a command is about. */
export type ObjectPlace = { readonly type: KubeResource; readonly namespace: string | null; readonly name: string };

export const MERGE_PATCH = 'application/merge-patch+json';
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
export const JSON_PATCH = 'application/json-patch+json';

/** The objects that a changing command names, or that its selector finds now. Never a whole type by accident. */
export async function placesOf(context: CommandContext, operands = context.call.operands): Promise<ObjectPlace[]> {
  const selections = await selectionsOf(context.session, operands);
  const query = selectorQuery(context);
  const places: ObjectPlace[] = [];
  for (const selection of selections) places.push(...(await placesOfOne(context, selection, query)));
  return places;
}

async function placesOfOne(
  context: CommandContext,
  { type, names }: Selection,
  query: readonly [string, string][],
): Promise<ObjectPlace[]> {
  const namespace = namespaceFor(context, type);
  if (names !== null) {
    if (query.length > 0 || isOn(context.call, 'all'))
      throw new UserError('statement_invalid', 'A name and a selector do not go together: leave one of them out.');
    if (type.namespaced && namespace === null)
      throw new UserError('statement_invalid', 'An object is not named across all namespaces: say which with -n.');
    return names.map((name) => ({ type, namespace, name }));
  }
  if (query.length === 0 && !isOn(context.call, 'all'))
    throw new UserError('statement_invalid', `Name the ${type.plural}, ${waysToSelect(context.call.verb)}.`);
  const found = await listObjects(context, type, { namespace, query });
  return found.map((object) => ({
    type,
    namespace: type.namespaced ? (object.metadata?.namespace ?? namespace) : null,
    name: object.metadata?.name ?? '',
  }));
}

/** Only what that verb takes is proposed. */
function waysToSelect(verb: string): string {
  const options = KUBECTL_COMMANDS.get(verb)?.options ?? '';
  const all = /(?:^| )all(?: |$)/u.test(options);
  return `${options.includes('selector=') ? 'or select them with -l' : 'each by itself'}${all ? ', or write --all' : ''}`;
}

/** Sends a patch of one object and prints what happened as kubectl does. */
export async function patchObject(
  context: CommandContext,
  place: ObjectPlace,
  patch: { body: Json; contentType: string; subresource?: 'scale' | 'status'; query?: readonly [string, string][] },
): Promise<KubeObject> {
  const part = patch.subresource === undefined ? {} : { subresource: patch.subresource };
  return await context.session.ask({
    method: 'PATCH',
    resource: place.type,
    namespace: place.namespace,
    name: place.name,
    ...part,
    query: [...(patch.query ?? [['fieldManager', 'warroom']]), ...dryRunQuery(context)],
    body: patch.body,
    contentType: patch.contentType,
  });
}

/** The live object. */
export async function readObject(context: CommandContext, place: ObjectPlace): Promise<KubeObject> {
  return await context.session.ask({
    method: 'GET',
    resource: place.type,
    namespace: place.namespace,
    name: place.name,
  });
}

/** `dryRun=All` of --dry-run=server. */
export function dryRunQuery(context: CommandContext): [string, string][] {
  return optionOf(context.call, 'dry-run') === 'server' ? [['dryRun', 'All']] : [];
}

/** Prints `deployment.apps/web scaled`. */
export function printDone(context: CommandContext, place: ObjectPlace, what: string): void {
  const dry = optionOf(context.call, 'dry-run') === 'server' ? ' (server dry run)' : '';
  context.print(`${objectName(place.type, place.name)} ${what}${dry}`);
}

/** The value of a changing command: `{names, count}`. */
export function changedValue(places: readonly ObjectPlace[]): { names: string[]; count: number } {
  return { names: places.map(({ type, name }) => objectName(type, name)), count: places.length };
}
