import { isOn, optionOf } from '../../../analysis/kubectl-arguments.ts';
import { UserError } from '../../../lib/errors.ts';
import { knownType } from '../../kube/known-types.ts';
import { type KubeObject, numberAt, textAt } from '../../kube/kube-object.ts';
import { type Command, namespaceOf } from '../command.ts';
import { objectPrinter } from '../print-objects.ts';
import { ageSince, alignColumns } from '../print-table.ts';
import { byTime, eventValue, lastSeen } from './events-of.ts';
import { listObjects } from './fetch-objects.ts';

/** `events`, oldest first. Value: `{events, count}`; an event is `{type, reason, message, object, count, last_seen}`. */
export const events: Command = async (context) => {
  const { call, session } = context;
  const spread = isOn(call, 'all-namespaces');
  const namespace = spread ? null : namespaceOf(context);
  const types = optionOf(call, 'types')?.split(',');
  const fields = await fieldsOf(optionOf(call, 'for'), async (word) => (await session.resolve(word))[0]?.kind ?? '');
  const found = await listObjects(context, knownType('events', ''), {
    namespace,
    query: fields === '' ? [] : [['fieldSelector', fields]],
  });
  const chosen = byTime(found).filter(
    (event) => types === undefined || types.some((type) => type.toLowerCase() === textAt(event, 'type').toLowerCase()),
  );
  const output = optionOf(call, 'output');
  const printer = objectPrinter(output, false);
  if (output === 'wide' || output === 'name')
    throw new UserError('statement_invalid', 'events are printed as a table, json or yaml.');
  if (printer !== null)
    context.print(printer({ apiVersion: 'v1', items: chosen, kind: 'List', metadata: { resourceVersion: '' } }));
  else if (chosen.length === 0)
    context.print(spread ? 'No events found.' : `No events found in ${namespaceOf(context)} namespace.`);
  else {
    const header = [...(spread ? ['NAMESPACE'] : []), 'LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE'];
    const rows = chosen.map((event) => [
      ...(spread ? [event.metadata?.namespace ?? ''] : []),
      ...cells(event, session.clock.now()),
    ]);
    context.print(alignColumns(isOn(call, 'no-headers') ? rows : [header, ...rows]).join('\n'));
  }
  return { events: chosen.map(eventValue), count: chosen.length };
};

async function fieldsOf(about: string | undefined, kindOf: (word: string) => Promise<string>): Promise<string> {
  if (about === undefined) return '';
  const [word = '', name = '', ...more] = about.split('/');
  if (name === '' || more.length > 0)
    throw new UserError('statement_invalid', `--for is written type/name, not \`${about.slice(0, 60)}\`.`);
  return `involvedObject.kind=${await kindOf(word)},involvedObject.name=${name}`;
}

function cells(event: KubeObject, now: Date): string[] {
  const count = numberAt(event, 'series', 'count') || numberAt(event, 'count');
  const age = ageSince(lastSeen(event), now);
  const first = textAt(event, 'firstTimestamp') || (event.metadata?.creationTimestamp ?? '');
  const seen = count > 1 ? `${age} (x${count} over ${ageSince(first, now)})` : age;
  const object = `${textAt(event, 'involvedObject', 'kind')}/${textAt(event, 'involvedObject', 'name')}`;
  return [seen, textAt(event, 'type'), textAt(event, 'reason'), object, textAt(event, 'message').trim()];
}
