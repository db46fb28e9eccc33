import { isDeepStrictEqual } from 'node:util';
import { optionOf } from '../../../analysis/kubectl-arguments.ts';
import type { Json } from '../../../lib/canonical-json.ts';
import { UserError } from '../../../lib/errors.ts';
import { knownType, objectName } from '../../kube/known-types.ts';
import { at, type KubeObject, textAt, visibleObject } from '../../kube/kube-object.ts';
import { type Command, type CommandContext, CommandFailure, namespaceFor, selectionsOf } from '../command.ts';
import { templateLines } from '../describe/pod-template.ts';
import { alignColumns } from '../print-table.ts';
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
import { listObjects, selectorText } from './fetch-objects.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const CAUSE = 'kubernetes.io/change-cause';
const CONTROLLERS_OWN = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deployment.kubernetes.io/revision',
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]);
/** tabwriter of `rollout history` (k8s.io/kubectl/pkg/polymorphichelpers/history.go). */
const HISTORY_WIDTHS = { least: 0, padding: 2 };
const WORKLOADS = new Set(['deployments', 'statefulsets', 'daemonsets']);

type Revision = { readonly number: number; readonly cause: string; readonly object: KubeObject };

/**
 * `rollout history` of one workload, or of all of a type. Value: `{revisions: [{name, revision, cause}], count}`, with `--revision` also
 * `{template}`.
 */
export const rolloutHistory: Command = async (context) => {
  const wanted = optionOf(context.call, 'revision') ?? '0';
  const places = await historyPlaces(context);
  const all: Json[] = [];
  for (const place of places) {
    requireWorkload(place);
    const revisions = await revisionsOf(context, place);
    all.push(...revisions.map(({ number, cause }): Json => ({ name: place.name, revision: number, cause })));
    if (wanted !== '0' && places.length === 1) {
      const revision = find(revisions, Number(wanted));
      const whole = withCause(templateOf(place, revision, { withHash: true }), revision.cause);
      const template = visibleObject(whole as unknown as KubeObject) as unknown as Json;
      const name = objectName(place.type, place.name);
      context.print([`${name} with revision #${wanted}`, ...templateLines(template), ''].join('\n'));
      return { count: all.length, revisions: all, template };
    }
    const lines = revisions.map(({ number, cause }) => [String(number), cause === '' ? '<none>' : cause]);
    const body =
      lines.length === 0
        ? ['No rollout history found.']
        : [...alignHistory([['REVISION', 'CHANGE-CAUSE'], ...lines]), ''];
    context.print([`${objectName(place.type, place.name)} `, ...body].join('\n'));
  }
  return { count: all.length, revisions: all };
};

/** kubectl shows the cause of a change among the annotations of its template. */
function withCause(template: Json, cause: string): Json {
  if (cause === '') return template;
  const annotations = (at(template, 'metadata', 'annotations') ?? {}) as Record<string, Json>;
  const metadata = (at(template, 'metadata') ?? {}) as Record<string, Json>;
  return {
    ...(template as Record<string, Json>),
    metadata: { ...metadata, annotations: { ...annotations, [CAUSE]: cause } },
  };
}

async function historyPlaces(context: CommandContext): Promise<ObjectPlace[]> {
  const [first, ...others] = await selectionsOf(context.session, context.call.operands);
  if (first === undefined || others.length > 0 || first.names !== null) return [await oneWorkload(context)];
  const { type } = first;
  const namespace = namespaceFor(context, type);
  const found = await listObjects(context, type, { namespace, query: [] });
  return found.map(({ metadata }) => ({ type, namespace, name: metadata?.name ?? '' }));
}

function alignHistory(lines: string[][]): string[] {
  return alignColumns(lines, HISTORY_WIDTHS);
}

/** `rollout undo`: back to the revision before, or to `--to-revision`. Value: `{names, count, revision}`. */
export const rolloutUndo: Command = async (context) => {
  const place = await oneWorkload(context);
  const revisions = await revisionsOf(context, place);
  const wanted = Number(optionOf(context.call, 'to-revision') ?? 0);
  const target = wanted === 0 ? revisions.at(-2) : find(revisions, wanted);
  if (target === undefined)
    throw new CommandFailure(
      `${objectName(place.type, place.name)} has no revision before this one: there is nothing to go back to.`,
    );
  if (place.type.plural === 'deployments') {
    const live = await readObject(context, place);
    if (at(live, 'spec', 'paused') === true)
      throw new CommandFailure(`${objectName(place.type, place.name)} is paused: run rollout resume first.`);
    const template = templateOf(place, target);
    if (isDeepStrictEqual(template, at(live, 'spec', 'template'))) {
      printDone(context, place, `skipped rollback (current template already matches revision ${target.number})`);
      return { ...changedValue([]), revision: target.number };
    }
    const body: Json = [
      { op: 'replace', path: '/spec/template', value: template },
      { op: 'add', path: '/metadata/annotations', value: restoredAnnotations(live, target.object) },
    ];
    await patchObject(context, place, { body, contentType: JSON_PATCH });
  } else {
    const body = (at(target.object, 'data') ?? {}) as Json;
    await patchObject(context, place, { body, contentType: STRATEGIC_PATCH });
  }
  printDone(context, place, 'rolled back');
  return { ...changedValue([place]), revision: target.number };
};

/** The annotations of the revision (its change cause), and those of the deployment that its controller keeps. As kubectl does. */
function restoredAnnotations(live: KubeObject, revision: KubeObject): Record<string, string> {
  const of = (object: KubeObject, kept: boolean) =>
    Object.entries(object.metadata?.annotations ?? {}).filter(([key]) => CONTROLLERS_OWN.has(key) === kept);
  return Object.fromEntries([...of(live, true), ...of(revision, false)]);
}

/** `rollout restart`: new pods, one after the other. Value: `{names, count}`. */
export const rolloutRestart: Command = async (context) => {
  const places = await placesOf(context);
  const at = context.session.clock
    .now()
    .toISOString()
    .replace(/\.\d+Z$/u, 'Z');
  for (const place of places) {
    requireWorkload(place);
    const body = { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at } } } } };
    await patchObject(context, place, { body, contentType: STRATEGIC_PATCH });
    printDone(context, place, 'restarted');
  }
  return changedValue(places);
};

/** `rollout pause` and `rollout resume` of a deployment. Value: `{names, count}`. */
export const rolloutPause: Command = async (context) => await setPaused(context, true);
export const rolloutResume: Command = async (context) => await setPaused(context, false);

async function setPaused(context: CommandContext, paused: boolean): Promise<{ names: string[]; count: number }> {
  const place = await oneWorkload(context);
  if (place.type.plural !== 'deployments')
    throw new UserError('statement_invalid', 'Only the rollout of a deployment can be paused.');
  const isPaused = at(await readObject(context, place), 'spec', 'paused') === true;
  if (isPaused === paused)
    throw new CommandFailure(
      `${objectName(place.type, place.name)} is ${paused ? 'already' : 'not'} paused: nothing was changed.`,
    );
  await patchObject(context, place, { body: { spec: { paused: paused ? true : null } }, contentType: MERGE_PATCH });
  printDone(context, place, paused ? 'paused' : 'resumed');
  return changedValue([place]);
}

async function oneWorkload(context: CommandContext): Promise<ObjectPlace> {
  const [place, ...others] = await placesOf(context);
  if (place === undefined || others.length > 0)
    throw new UserError('statement_invalid', `${context.call.verb} takes one workload: name it.`);
  requireWorkload(place);
  return place;
}

function requireWorkload(place: ObjectPlace): void {
  if (WORKLOADS.has(place.type.plural)) return;
  throw new UserError(
    'statement_invalid',
    `${place.type.plural} have no rollout: name a deployment, statefulset or daemonset.`,
  );
}

/** What the workload's controller keeps of its past, oldest first. */
async function revisionsOf(context: CommandContext, place: ObjectPlace): Promise<Revision[]> {
  const live = await readObject(context, place);
  const deployment = place.type.plural === 'deployments';
  const type = knownType(deployment ? 'replicasets' : 'controllerrevisions', 'apps');
  const selector = selectorText(at(live, 'spec', 'selector'));
  const query: [string, string][] = selector === '' ? [] : [['labelSelector', selector]];
  const all = await listObjects(context, type, { namespace: place.namespace, query });
  const own = all.filter((object) =>
    object.metadata?.ownerReferences?.some((owner) => owner.uid === live.metadata?.uid && owner.controller === true),
  );
  return own
    .map((object) => ({
      number: Number(deployment ? object.metadata?.annotations?.[REVISION] : (at(object, 'revision') ?? 0)),
      cause: textAt(object, 'metadata', 'annotations', CAUSE),
      object,
    }))
    .filter(({ number }) => number > 0)
    .sort((a, b) => a.number - b.number);
}

function find(revisions: readonly Revision[], wanted: number): Revision {
  const found = revisions.find(({ number }) => number === wanted);
  if (found) return found;
  const known = revisions.map(({ number }) => number).join(', ');
  throw new CommandFailure(`There is no revision ${wanted}: choose one of ${known || 'none'}.`);
}

/** The pod template of a revision, without the label that belongs to its replica set alone. */
function templateOf(place: ObjectPlace, revision: Revision, { withHash = false } = {}): Json {
  const path = place.type.plural === 'deployments' ? ['spec', 'template'] : ['data', 'spec', 'template'];
  const template = structuredClone(at(revision.object, ...path) ?? {}) as {
    metadata?: { labels?: Record<string, string> };
  };
  if (!withHash) delete template.metadata?.labels?.['pod-template-hash'];
  return template as Json;
}
