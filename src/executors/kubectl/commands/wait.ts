import { optionOf } from '../../../analysis/kubectl-arguments.ts';
import { UserError } from '../../../lib/errors.ts';
import { objectName } from '../../kube/known-types.ts';
import { type KubeObject, listAt, textAt } from '../../kube/kube-object.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import { type Command, type CommandContext, CommandFailure, durationOption } from '../command.ts';
import { parsePath, printValue } from '../json-path.ts';
import { changedValue, type ObjectPlace, placesOf, readObject } from './change-objects.ts';

const LOOK_EVERY_MS = 1_000;
/** As long as kubectl waits by itself. */
const PATIENCE_MS = 30_000;

/** `wait --for=condition=Ready|delete|jsonpath={…}=value`. Value: `{names, count, complete}`. */
export const wait: Command = async (context) => {
  const wanted = optionOf(context.call, 'for');
  if (wanted === undefined)
    throw new UserError('statement_invalid', 'Say what to wait for with --for=condition=Ready.');
  const holds = conditionOf(wanted);
  const places = await placesOf(context);
  const { clock, signal } = context.session;
  const limit = durationOption(context, 'timeout') ?? PATIENCE_MS;
  const startedMs = clock.monotonicMs();
  for (const place of places) {
    while (!holds(await liveOrGone(context, place))) {
      if (clock.monotonicMs() - startedMs >= limit) {
        throw new CommandFailure(
          `${objectName(place.type, place.name)} did not meet ${wanted} within ${Math.round(limit / 1000)} s: describe it.`,
          { ...changedValue(places), complete: false },
        );
      }
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
    context.print(`${objectName(place.type, place.name)} ${wanted === 'delete' ? 'deleted' : 'condition met'}`);
  }
  return { ...changedValue(places), complete: true };
};

async function liveOrGone(context: CommandContext, place: ObjectPlace): Promise<KubeObject | null> {
  try {
    return await readObject(context, place);
  } catch (error) {
    if (error instanceof KubeRefusal && error.status === 404) return null;
    throw error;
  }
}

function conditionOf(wanted: string): (object: KubeObject | null) => boolean {
  if (wanted === 'delete') return (object) => object === null;
  const condition = /^condition=([A-Za-z][\w./-]*)(?:=(\w+))?$/u.exec(wanted);
  if (condition) {
    const [type, status] = [(condition[1] ?? '').toLowerCase(), (condition[2] ?? 'True').toLowerCase()];
    return (object) =>
      listAt(object, 'status', 'conditions').some(
        (one) => textAt(one, 'type').toLowerCase() === type && textAt(one, 'status').toLowerCase() === status,
      );
  }
  const path = /^jsonpath='?(\{.+\})'?=(.+)$/u.exec(wanted);
  if (!path)
    throw new UserError(
      'statement_invalid',
      `--for=${wanted.slice(0, 60)} is not known: use condition=…, delete or jsonpath={…}=….`,
    );
  const read = parsePath(path[1] ?? '');
  return (object) => object !== null && read(object).map(printValue).join(' ') === path[2];
}
