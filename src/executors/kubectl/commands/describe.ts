import { optionOf } from '../../../analysis/kubectl-arguments.ts';
import type { Json } from '../../../lib/canonical-json.ts';
import { apiVersion, knownType } from '../../kube/known-types.ts';
import { at, type KubeObject, visibleObject } from '../../kube/kube-object.ts';
import type { KubeResource } from '../../kube/kube-request.ts';
import { type Command, type CommandContext, namespaceOf } from '../command.ts';
import { nodeRows } from '../describe/describe-node.ts';
import { podRows } from '../describe/describe-pod.ts';
import { deploymentRows } from '../describe/describe-workload.ts';
import { tabbed } from '../describe/tabbed.ts';
import { eventRows, eventsOf, eventValue } from './events-of.ts';
import { fetchObjects, listObjects, selectorText } from './fetch-objects.ts';

const MAX_DESCRIBED = 50;

/** `describe`: pods, deployments and nodes as kubectl does; of other types every field in words, as kubectl describes what it does not know; with the events. Value: `{items, count, names, events}`. */
export const describe: Command = async (context) => {
  const all = await fetchObjects(context);
  const found = all.slice(0, MAX_DESCRIBED);
  if (all.length > found.length)
    context.warn(`Only ${MAX_DESCRIBED} of ${all.length} objects are described: name one, or narrow the selector.`);
  if (found.length === 0) context.print(`No resources found in ${namespaceOf(context)} namespace.`);
  const told: Json[] = [];
  const items = found.map(({ object }) => visibleObject(object));
  for (const [at, { type }] of found.entries()) {
    const object = items[at] ?? {};
    if (at > 0) context.print('\n');
    const own = optionOf(context.call, 'show-events') === 'false' ? null : await eventsOf(context, object);
    told.push(...(own ?? []).map(eventValue));
    const now = context.session.clock.now();
    const events = own === null ? [] : eventRows(own, now);
    const rows = await rowsOf(context, { type, object, now });
    context.print(
      (rows ? tabbed([...rows, ...events]) : [...describeLines(type, object), ...tabbed(events)]).join('\n'),
    );
  }
  return {
    items: items as unknown as readonly Json[],
    count: items.length,
    names: items.map((object) => object.metadata?.name ?? ''),
    events: told,
  };
};

/** What people look at most in an incident is described as they know it; null for all other types. */
async function rowsOf(
  context: CommandContext,
  { type, object, now }: { type: KubeResource; object: KubeObject; now: Date },
): Promise<string[] | null> {
  const name = `${type.group}/${type.plural}`;
  if (name === '/pods') return podRows(object, now);
  if (name === '/nodes') return nodeRows(object);
  if (name !== 'apps/deployments') return null;
  const selector = selectorText(at(object, 'spec', 'selector'));
  const found = await listObjects(context, knownType('replicasets', 'apps'), {
    namespace: object.metadata?.namespace ?? null,
    query: selector === '' ? [] : [['labelSelector', selector]],
  });
  const own = found.filter(({ metadata }) =>
    metadata?.ownerReferences?.some(({ uid }) => uid === object.metadata?.uid),
  );
  return deploymentRows(object, own.map(visibleObject));
}

function describeLines(type: KubeResource, object: KubeObject): string[] {
  const { metadata = {} } = object;
  const head: [string, string[]][] = [
    ['Name', [metadata.name ?? '']],
    ...(type.namespaced ? [['Namespace', [metadata.namespace ?? '']] as [string, string[]]] : []),
    ['Labels', pairs(metadata.labels, '=')],
    ['Annotations', pairs(metadata.annotations, ': ')],
  ];
  const kind: [string, string[]][] = [
    ['API Version', [apiVersion(type)]],
    ['Kind', [type.kind]],
  ];
  const { metadata: _, kind: _kind, apiVersion: _version, ...rest } = object;
  return [...headLines([...head, ...kind]), ...fieldLines({ metadata: { ...other(metadata) }, ...rest }, '')];
}

/** What describe has said of the metadata already is not said again. */
function other(metadata: NonNullable<KubeObject['metadata']>): Record<string, unknown> {
  const { name: _n, namespace: _ns, labels: _l, annotations: _a, managedFields: _m, ...rest } = metadata;
  return rest;
}

function pairs(map: Readonly<Record<string, string>> | undefined, between: string): string[] {
  const entries = Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? ['<none>'] : entries.map(([key, value]) => `${key}${between}${value.trim()}`);
}

/** `Name:  x`, further values below the first one. */
function headLines(fields: readonly (readonly [string, readonly string[]])[]): string[] {
  const width = Math.max(...fields.map(([label]) => label.length)) + 3;
  return fields.flatMap(([label, values]) =>
    values.map((value, at) => `${(at === 0 ? `${label}:` : '').padEnd(width)}${value}`.trimEnd()),
  );
}

/** Any fields as the describer of unknown types prints them: keys in words, in order, indented. */
function fieldLines(fields: Readonly<Record<string, unknown>>, indent: string): string[] {
  const entries = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const scalars = entries.filter(([, value]) => typeof value !== 'object');
  const width = Math.max(0, ...scalars.map(([key]) => inWords(key).length)) + 3;
  return entries.flatMap(([key, value]) => {
    const label = `${indent}${inWords(key)}:`;
    if (typeof value !== 'object') return textLines(label.padEnd(indent.length + width), String(value));
    if (!Array.isArray(value)) return [label, ...fieldLines(value as Record<string, unknown>, `${indent}  `)];
    return [
      label,
      ...(value as unknown[]).flatMap((item) =>
        item !== null && typeof item === 'object'
          ? fieldLines(item as Record<string, unknown>, `${indent}  `)
          : [`${indent}  ${String(item)}`],
      ),
    ];
  });
}

function textLines(label: string, text: string): string[] {
  const [first = '', ...more] = text.split('\n');
  return [`${label}${first}`.trimEnd(), ...more.map((line) => ' '.repeat(label.length) + line)];
}

/** `creationTimestamp` is `Creation Timestamp`; names with dots or slashes stay as they are. */
function inWords(key: string): string {
  if (!/^[a-z][A-Za-z0-9]*$/u.test(key)) return key;
  const words = key.replace(/([a-z0-9])([A-Z])/gu, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/gu, '$1 $2');
  return words
    .split(' ')
    .map((word) =>
      ['uid', 'ip', 'api', 'url', 'id'].includes(word.toLowerCase())
        ? word.toUpperCase()
        : word.charAt(0).toUpperCase() + word.slice(1),
    )
    .join(' ');
}
