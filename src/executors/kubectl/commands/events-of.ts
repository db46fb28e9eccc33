import type { Json } from '../../../lib/canonical-json.ts';
import { knownType } from '../../kube/known-types.ts';
import { type KubeObject, numberAt, textAt } from '../../kube/kube-object.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import type { CommandContext } from '../command.ts';
import { ageSince } from '../print-table.ts';
import { listObjects } from './fetch-objects.ts';

/** The events of one object, oldest first; empty with a warning when the credential may not list events. */
export async function eventsOf(context: CommandContext, object: KubeObject): Promise<KubeObject[]> {
  const { name = '', namespace, uid } = object.metadata ?? {};
  const fields = [
    `involvedObject.name=${name}`,
    ...(namespace === undefined ? [] : [`involvedObject.namespace=${namespace}`]),
    ...(uid === undefined ? [] : [`involvedObject.uid=${uid}`]),
  ];
  try {
    const where = namespace ?? 'default';
    const found = await listObjects(context, knownType('events', ''), {
      namespace: where,
      query: [['fieldSelector', fields.join(',')]],
    });
    return byTime(found);
  } catch (error) {
    if (!(error instanceof KubeRefusal)) throw error;
    context.warn(`The events are not shown: ${error.message.replace(/[.\s]+$/u, '')}.`);
    return [];
  }
}

/** Oldest first. */
export function byTime(events: readonly KubeObject[]): KubeObject[] {
  return [...events].sort((a, b) => Date.parse(lastSeen(a)) - Date.parse(lastSeen(b)));
}

/** When an event was seen last. Newer sources fill a series or eventTime only. */
export function lastSeen(event: KubeObject): string {
  return (
    textAt(event, 'series', 'lastObservedTime') ||
    textAt(event, 'lastTimestamp') ||
    textAt(event, 'eventTime') ||
    (event.metadata?.creationTimestamp ?? '')
  );
}

/** What `expect` sees of an event. */
export function eventValue(event: KubeObject): Json {
  return {
    type: textAt(event, 'type'),
    reason: textAt(event, 'reason'),
    message: textAt(event, 'message'),
    object: `${textAt(event, 'involvedObject', 'kind').toLowerCase()}/${textAt(event, 'involvedObject', 'name')}`,
    count: Math.max(1, numberAt(event, 'series', 'count') || numberAt(event, 'count')),
    last_seen: lastSeen(event),
  };
}

/** The `Events:` block of describe, before its columns are set. */
export function eventRows(events: readonly KubeObject[], now: Date): string[] {
  if (events.length === 0) return ['Events:\t<none>'];
  const rows = events.map((event) => {
    const count = numberAt(event, 'count');
    const age = ageSince(lastSeen(event), now);
    const first = textAt(event, 'firstTimestamp');
    const when = count > 1 && first !== '' ? `${age} (x${count} over ${ageSince(first, now)})` : age;
    const from = textAt(event, 'source', 'component') || textAt(event, 'reportingComponent');
    return [textAt(event, 'type'), textAt(event, 'reason'), when, from, textAt(event, 'message').trim()];
  });
  const header = [
    ['Type', 'Reason', 'Age', 'From', 'Message'],
    ['----', '------', '----', '----', '-------'],
  ];
  return [
    'Events:',
    ...[...header, ...rows].map((cells) => `  ${cells.map((cell) => cell.replace(/\s+/gu, ' ')).join('\t')}`),
  ];
}
