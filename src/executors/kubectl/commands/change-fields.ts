import { isOn, optionOf } from '../../../analysis/kubectl-arguments.ts';
import type { Json } from '../../../lib/canonical-json.ts';
import { UserError } from '../../../lib/errors.ts';
import { objectName } from '../../kube/known-types.ts';
import { at, listAt, textAt } from '../../kube/kube-object.ts';
import { type Command, type CommandContext, CommandFailure } from '../command.ts';
import {
  changedValue,
  JSON_PATCH,
  MERGE_PATCH,
  type ObjectPlace,
  patchObject,
  placesOf,
  printDone,
  readObject,
  STRATEGIC_PATCH,
} from './change-objects.ts';

const PATCH_TYPES: Readonly<Record<string, string>> = {
  strategic: STRATEGIC_PATCH,
  merge: MERGE_PATCH,
  json: JSON_PATCH,
};

/** `patch`. Value: `{names, count}`. */
export const patch: Command = async (context) => {
  const { patch: body } = context;
  if (body === null) throw new UserError('statement_invalid', 'Say what changes with -p.');
  const [place, ...others] = await placesOf(context);
  if (place === undefined || others.length > 0)
    throw new UserError('statement_invalid', 'patch changes one object: name it.');
  const before = (await readObject(context, place)).metadata?.resourceVersion;
  const kind = optionOf(context.call, 'type') ?? 'strategic';
  const after = await patchObject(context, place, { body, contentType: PATCH_TYPES[kind] ?? STRATEGIC_PATCH });
  printDone(context, place, after.metadata?.resourceVersion === before ? 'patched (no change)' : 'patched');
  return changedValue([place]);
};

/** `label` and `annotate`: `key=value` sets, `key-` takes away; what is there already needs --overwrite. Value: `{names, count}`. */
export const label: Command = async (context) => await setMetadata(context, 'labels', 'labeled');
export const annotate: Command = async (context) => await setMetadata(context, 'annotations', 'annotated');

async function setMetadata(context: CommandContext, field: 'labels' | 'annotations', done: string) {
  const { operands } = context.call;
  const { objects, changes } = splitChanges(operands);
  const places = await placesOf(context, objects);
  for (const place of places) {
    const live = await readObject(context, place);
    const now = live.metadata?.[field] ?? {};
    for (const [key, value] of Object.entries(changes)) {
      const old = now[key];
      if (value !== null && old !== undefined && old !== value && !isOn(context.call, 'overwrite')) {
        throw new CommandFailure(
          `${objectName(place.type, place.name)} has ${key}=${old} already: add --overwrite to replace it.`,
        );
      }
    }
    await patchObject(context, place, { body: { metadata: { [field]: changes } }, contentType: MERGE_PATCH });
    printDone(context, place, field === 'labels' ? whatLabelDid(now, changes) : done);
  }
  return changedValue(places);
}

/** As kubectl says it; of annotations it says `annotated` whatever happened. */
function whatLabelDid(now: Readonly<Record<string, string>>, changes: Readonly<Record<string, string | null>>): string {
  const different = Object.entries(changes).filter(([key, value]) => (now[key] ?? null) !== value);
  if (different.length === 0) return 'not labeled';
  return different.every(([, value]) => value === null) ? 'unlabeled' : 'labeled';
}

/** Objects stand first, then `key=value` and `key-`. */
function splitChanges(operands: readonly string[]): { objects: string[]; changes: Record<string, string | null> } {
  const isChange = (word: string) => /^[^=]+=/u.test(word) || /^[A-Za-z0-9./_-]+-$/u.test(word);
  const first = operands.findIndex((word, index) => index > 0 && isChange(word));
  if (first < 0) throw new UserError('statement_invalid', 'Say what is set: KEY=VALUE, or KEY- to take it away.');
  const changes: Record<string, string | null> = {};
  for (const word of operands.slice(first)) {
    if (!isChange(word)) throw new UserError('statement_invalid', `\`${word.slice(0, 60)}\` is not KEY=VALUE or KEY-.`);
    const equals = word.indexOf('=');
    if (equals < 0) changes[word.slice(0, -1)] = null;
    else changes[word.slice(0, equals)] = word.slice(equals + 1);
  }
  return { objects: operands.slice(0, first), changes };
}

/** `set image deployment/web app=shop/web:4`. Value: `{names, count}`. */
export const setImage: Command = async (context) => {
  const { objects, changes } = splitChanges(context.call.operands);
  return await changeContainers(context, objects, 'image updated', (name) => {
    const image = changes[name] ?? changes['*'];
    return image == null ? null : { image };
  });
};

/** `set resources deployment/web -c app --limits=cpu=1`. Value: `{names, count}`. */
export const setResources: Command = async (context) => {
  const [limits, requests] = ['limits', 'requests'].map((name) => amounts(optionOf(context.call, name)));
  if (!limits && !requests)
    throw new UserError(
      'statement_invalid',
      'Say what is set with --limits or --requests, such as cpu=500m,memory=1Gi.',
    );
  const chosen = chosenContainers(context);
  return await changeContainers(context, context.call.operands, 'resource requirements updated', (name) =>
    chosen(name) ? { resources: { ...(limits ? { limits } : {}), ...(requests ? { requests } : {}) } } : null,
  );
};

/** `set env deployment/web KEY=VALUE OTHER-`. Value: `{names, count}`. */
export const setEnv: Command = async (context) => {
  const { objects, changes } = splitChanges(context.call.operands);
  const chosen = chosenContainers(context);
  return await changeContainers(context, objects, 'env updated', (name, container) => {
    if (!chosen(name)) return null;
    const fromElsewhere = new Set(
      listAt(container, 'env').flatMap((one) => (at(one, 'valueFrom') === undefined ? [] : [textAt(one, 'name')])),
    );
    const env = Object.entries(changes).map(([key, value]): Json => {
      if (value === null) return { name: key, $patch: 'delete' };
      return { name: key, value, ...(fromElsewhere.has(key) ? { valueFrom: null } : {}) };
    });
    return { env };
  });
};

function amounts(text: string | undefined): Record<string, string> | null {
  if (text === undefined) return null;
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [name = '', value = ''] = part.split('=');
      if (name === '' || value === '')
        throw new UserError('statement_invalid', `\`${part}\` is not an amount such as cpu=500m: correct it.`);
      return [name, value];
    }),
  );
}

function chosenContainers(context: CommandContext): (name: string) => boolean {
  const names = optionOf(context.call, 'containers');
  if (names === undefined || names === '*') return () => true;
  return (name) => names.split(',').includes(name);
}

/** Patches the containers for which `change` gives something. They are named in the live object, so that no typo adds one. */
async function changeContainers(
  context: CommandContext,
  operands: readonly string[],
  done: string,
  change: (name: string, container: unknown) => Json | null,
): Promise<{ names: string[]; count: number }> {
  const places = await placesOf(context, operands);
  for (const place of places) {
    const path = podSpecPath(place);
    const live = await readObject(context, place);
    const lists = Object.fromEntries(
      ['containers', 'initContainers'].flatMap((list) => {
        const changed = listAt(live, ...path, list).flatMap((container): Json[] => {
          const name = textAt(container, 'name');
          const fields = change(name, container);
          return fields === null ? [] : [{ name, ...(fields as Record<string, Json>) }];
        });
        return changed.length === 0 ? [] : [[list, changed]];
      }),
    );
    if (Object.keys(lists).length === 0) {
      const known = listAt(live, ...path, 'containers').map((container) => textAt(container, 'name'));
      throw new CommandFailure(
        `${objectName(place.type, place.name)} has no such container: its containers are ${known.join(', ') || 'none'}.`,
      );
    }
    const body = path.reduceRight<Json>((inner, key) => ({ [key]: inner }), lists as Json);
    const before = live.metadata?.resourceVersion;
    const after = await patchObject(context, place, { body, contentType: STRATEGIC_PATCH });
    if (after.metadata?.resourceVersion !== before || at(after, 'metadata') === undefined)
      printDone(context, place, done);
  }
  return changedValue(places);
}

function podSpecPath(place: ObjectPlace): string[] {
  if (place.type.plural === 'pods') return ['spec'];
  if (place.type.plural === 'cronjobs') return ['spec', 'jobTemplate', 'spec', 'template', 'spec'];
  if (
    ['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'replicationcontrollers', 'jobs'].includes(
      place.type.plural,
    )
  )
    return ['spec', 'template', 'spec'];
  throw new UserError('statement_invalid', `${place.type.plural} have no containers: name a workload.`);
}
