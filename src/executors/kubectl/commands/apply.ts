import { isOn, optionOf } from '../../../analysis/kubectl-arguments.ts';
import type { Json } from '../../../lib/canonical-json.ts';
import { UserError } from '../../../lib/errors.ts';
import { knownType, objectName } from '../../kube/known-types.ts';
import { at, type KubeObject } from '../../kube/kube-object.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import type { Command, CommandContext } from '../command.ts';
import { CommandFailure } from '../command.ts';
import { lineDifference } from '../line-difference.ts';
import { settled } from '../preview.ts';
import { yamlText } from '../print-objects.ts';
import { changedValue, dryRunQuery, type ObjectPlace, printDone, readObject } from './change-objects.ts';
import { type DocumentPlace, documentPlaces } from './documents-of.ts';

const APPLY_PATCH = 'application/apply-patch+yaml';
const OWNER = 'warroom';

/** `apply`, server-side always. Value: `{names, count}`. */
export const apply: Command = async (context) => {
  if (optionOf(context.call, 'server-side') === 'false')
    throw new UserError('statement_invalid', 'apply is server-side here: leave --server-side=false out.');
  const documents = await documentPlaces(context);
  for (const document of documents) {
    await applyOne(context, document, dryRunQuery(context));
    printDone(context, document.place, 'serverside-applied');
  }
  return changedValue(documents.map(({ place }) => place));
};

/** `diff`: what `apply` would change, by the server's own dry run. Value: `{differs, count, names}`. */
export const diff: Command = async (context) => {
  const documents = await documentPlaces(context);
  const changed: ObjectPlace[] = [];
  for (const document of documents) {
    const { place } = document;
    const live = await liveObject(context, place);
    const next = await applyOne(context, document, [['dryRun', 'All']]);
    const difference = lineDifference(live === null ? '' : yamlText(settled(live)), yamlText(settled(next)));
    if (difference === '') continue;
    changed.push(place);
    context.print(`${objectName(place.type, place.name)}${live === null ? ' (new)' : ''}\n${difference}`);
  }
  if (changed.length === 0) context.print('Nothing differs.');
  return { ...changedValue(changed), differs: changed.length > 0 };
};

async function applyOne(
  context: CommandContext,
  { place, document }: DocumentPlace,
  dryRun: readonly [string, string][],
): Promise<KubeObject> {
  const force: [string, string][] = isOn(context.call, 'force-conflicts') ? [['force', 'true']] : [];
  const manager = optionOf(context.call, 'field-manager') ?? OWNER;
  return await context.session.ask({
    method: 'PATCH',
    resource: place.type,
    namespace: place.namespace,
    name: place.name,
    query: [['fieldManager', manager], ...force, ...dryRun],
    body: document,
    contentType: APPLY_PATCH,
  });
}

async function liveObject(context: CommandContext, place: ObjectPlace): Promise<KubeObject | null> {
  try {
    return await readObject(context, place);
  } catch (error) {
    if (error instanceof KubeRefusal && error.status === 404) return null;
    throw error;
  }
}

/** `create namespace`. Value: `{names, count}`. */
export const createNamespace: Command = async (context) => {
  const name = context.call.operands[0] ?? '';
  const place = { type: knownType('namespaces', ''), namespace: null, name };
  await create(context, place, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return changedValue([place]);
};

/** `create job NAME --from=cronjob/x`: runs a cron job now. Value: `{names, count}`. */
export const createJob: Command = async (context) => {
  const name = context.call.operands[0] ?? '';
  const [word, source, ...more] = (optionOf(context.call, 'from') ?? '').split('/');
  if (!/^(?:cronjobs?|cj)(?:\.batch)?$/u.test(word ?? '') || !source || more.length > 0)
    throw new UserError('statement_invalid', 'A job is made from a cron job: write --from=cronjob/NAME.');
  const namespace = optionOf(context.call, 'namespace') ?? context.session.place.namespace;
  const cron = await readObject(context, { type: knownType('cronjobs'), namespace, name: source });
  const spec = at(cron, 'spec', 'jobTemplate', 'spec') as Json | undefined;
  if (spec === undefined) throw new CommandFailure(`cronjob.batch/${source} has no template of a job: look at it.`);
  const annotations = { 'cronjob.kubernetes.io/instantiate': 'manual' };
  const place = { type: knownType('jobs'), namespace, name };
  await create(context, place, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, annotations }, spec });
  return changedValue([place]);
};

async function create(context: CommandContext, place: ObjectPlace, body: Json): Promise<void> {
  await context.session.ask({
    method: 'POST',
    resource: place.type,
    namespace: place.namespace,
    query: [['fieldManager', OWNER], ...dryRunQuery(context)],
    body,
  });
  printDone(context, place, 'created');
}
