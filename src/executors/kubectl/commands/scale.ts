import { optionOf } from '../../../analysis/kubectl-arguments.ts';
import { UserError } from '../../../lib/errors.ts';
import { objectName } from '../../kube/known-types.ts';
import { numberAt } from '../../kube/kube-object.ts';
import { type Command, CommandFailure } from '../command.ts';
import { changedValue, MERGE_PATCH, patchObject, placesOf, printDone } from './change-objects.ts';

/** `scale` through the scale subresource. Value: `{names, count, replicas, previous}`. */
export const scale: Command = async (context) => {
  const wanted = optionOf(context.call, 'replicas');
  if (wanted === undefined) throw new UserError('statement_invalid', 'Say how many with --replicas=3.');
  const expected = optionOf(context.call, 'current-replicas');
  const places = await placesOf(context);
  let previous = 0;
  for (const place of places) {
    const { type: resource, namespace, name } = place;
    const now = await context.session.ask({ method: 'GET', resource, namespace, name, subresource: 'scale' });
    previous = numberAt(now, 'spec', 'replicas');
    if (expected !== undefined && Number(expected) !== previous) {
      throw new CommandFailure(
        `${objectName(resource, name)} has ${previous} replicas, not ${expected}, so it was not scaled: look again.`,
        { ...changedValue([]), replicas: previous, previous },
      );
    }
    const version = now.metadata?.resourceVersion;
    const precondition =
      expected === undefined || version === undefined ? {} : { metadata: { resourceVersion: version } };
    await patchObject(context, place, {
      body: { ...precondition, spec: { replicas: Number(wanted) } },
      contentType: MERGE_PATCH,
      subresource: 'scale',
    });
    printDone(context, place, 'scaled');
  }
  return { ...changedValue(places), replicas: Number(wanted), previous };
};
