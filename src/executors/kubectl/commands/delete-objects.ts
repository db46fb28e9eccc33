import { isOn, optionOf } from '../../../analysis/kubectl-arguments.ts';
import type { Json } from '../../../lib/canonical-json.ts';
import { UserError } from '../../../lib/errors.ts';
import { objectName, typeName } from '../../kube/known-types.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import { holdsSecrets } from '../../kube/kube-request.ts';
import { type Command, type CommandContext, CommandFailure, durationOption } from '../command.ts';
import { changedValue, dryRunQuery, type ObjectPlace, placesOf, readObject } from './change-objects.ts';
import { documentPlaces } from './documents-of.ts';

const LOOK_EVERY_MS = 500;
const CASCADES: Readonly<Record<string, string>> = {
  background: 'Background',
  foreground: 'Foreground',
  orphan: 'Orphan',
};

/** `delete`: by name, selector, --all or documents; waits until they are gone. Value: `{names, count, gone}`. */
export const deleteObjects: Command = async (context) => {
  const fromDocuments = context.call.options.has('filename');
  if (!fromDocuments && context.call.operands.length === 0)
    throw new UserError('statement_invalid', 'Say what is deleted: a type and a name.');
  const places = fromDocuments ? (await documentPlaces(context)).map(({ place }) => place) : await placesOf(context);
  const deleted: { place: ObjectPlace; uid: string | undefined }[] = [];
  for (const place of places) {
    const uid = await deleteOne(context, place);
    if (uid !== null) deleted.push({ place, uid });
  }
  if (places.length === 0) context.print('No resources found');
  const value = changedValue(deleted.map(({ place }) => place));
  const dry = dryRunQuery(context).length > 0 || context.session.mode === 'preview';
  if (dry || optionOf(context.call, 'wait') === 'false') return { ...value, gone: false };
  await waitUntilGone(context, deleted, value);
  return { ...value, gone: true };
};

/** Sends one DELETE; null when the object was not there and that is fine. */
async function deleteOne(context: CommandContext, place: ObjectPlace): Promise<string | undefined | null> {
  const { call, session } = context;
  const grace = isOn(call, 'force') ? '0' : isOn(call, 'now') ? '1' : optionOf(call, 'grace-period');
  const body: Json = {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: CASCADES[optionOf(call, 'cascade') ?? 'background'] ?? 'Background',
    ...(grace === undefined || grace === '-1' ? {} : { gracePeriodSeconds: Number(grace) }),
  };
  try {
    const before = holdsSecrets(place.type) ? undefined : (await readObject(context, place)).metadata?.uid;
    await session.ask({
      method: 'DELETE',
      resource: place.type,
      namespace: place.namespace,
      name: place.name,
      query: dryRunQuery(context),
      body,
    });
    const forced = isOn(call, 'force') ? 'force deleted' : 'deleted';
    const dry = optionOf(call, 'dry-run') === 'server' ? ' (server dry run)' : '';
    context.print(`${typeName(place.type)} "${place.name}" ${forced}${dry}`);
    return before;
  } catch (error) {
    if (error instanceof KubeRefusal && error.status === 404 && isOn(call, 'ignore-not-found')) return null;
    throw error;
  }
}

async function waitUntilGone(
  context: CommandContext,
  deleted: readonly { place: ObjectPlace; uid: string | undefined }[],
  value: Readonly<Record<string, Json>>,
): Promise<void> {
  const { clock, signal } = context.session;
  const limit = durationOption(context, 'timeout');
  const startedMs = clock.monotonicMs();
  for (const { place, uid } of deleted) {
    while (uid !== undefined && (await isThere(context, place, uid))) {
      if (limit !== null && clock.monotonicMs() - startedMs >= limit) {
        throw new CommandFailure(
          `${objectName(place.type, place.name)} is marked for deletion but not gone yet: look at its finalizers.`,
          { ...value, gone: false },
        );
      }
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  }
}

async function isThere(context: CommandContext, place: ObjectPlace, uid: string): Promise<boolean> {
  try {
    return (await readObject(context, place)).metadata?.uid === uid;
  } catch (error) {
    // Who may delete is not always allowed to look: then the confirmed deletion has to do.
    if (error instanceof KubeRefusal && [403, 404].includes(error.status)) return false;
    throw error;
  }
}
