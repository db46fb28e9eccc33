import { isOn, optionOf } from '../../../analysis/kubectl-arguments.ts';
import { UserError } from '../../../lib/errors.ts';
import { knownType } from '../../kube/known-types.ts';
import { type KubeObject, listAt, textAt } from '../../kube/kube-object.ts';
import { type Command, type CommandContext, durationOption, namespaceOf } from '../command.ts';
import { listObjects } from './fetch-objects.ts';
import { podsOf } from './pods-of.ts';

/** Asked of the server for each container, so that a chatty one cannot fill the memory. */
const MAX_LOG_BYTES = 4 * 1024 * 1024;
/** Lines of a log of which nobody said how much: what happened last is what an incident is about. */
const NEWEST = '10000';
const MAX_STREAMS = 20;
/** Lines that stay in the value for `expect`; the last ones. */
const MAX_VALUE_LINES = 1_000;
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** `logs`: of a pod, of the pods of a workload (the first one) or of a selector. Value: `{lines, count, text}`, the last 1000 lines. */
export const logs: Command = async (context) => {
  const streams = await streamsOf(context);
  const most = Number(optionOf(context.call, 'max-log-requests') ?? MAX_STREAMS);
  if (streams.length > Math.min(most, MAX_STREAMS)) {
    throw new UserError(
      'statement_invalid',
      `These are the logs of ${streams.length} containers, more than ${Math.min(most, MAX_STREAMS)}: narrow the selector or name a container.`,
    );
  }
  const prefixed = isOn(context.call, 'prefix');
  const parts: string[] = [];
  for (const { pod, container } of streams) {
    const text = await readLog(context, pod, container);
    const prefix = prefixed ? `[pod/${pod}/${container}] ` : '';
    const lines = text === '' ? [] : text.replace(/\n$/u, '').split('\n');
    parts.push(...lines.map((line) => `${prefix}${line}`));
    if (lines.length > 0) context.print(lines.map((line) => `${prefix}${line}`).join('\n'));
  }
  const kept = parts.slice(-MAX_VALUE_LINES);
  return { lines: kept, count: parts.length, text: kept.join('\n') };
};

async function readLog(context: CommandContext, pod: string, container: string): Promise<string> {
  const { call, session } = context;
  const selected = call.options.has('selector');
  const since = durationOption(context, 'since');
  const sinceTime = optionOf(call, 'since-time');
  const open = since === null && sinceTime === undefined && !call.options.has('limit-bytes');
  const tail = optionOf(call, 'tail') ?? (selected ? '10' : open ? NEWEST : undefined);
  const limit = Math.min(Number(optionOf(call, 'limit-bytes') ?? MAX_LOG_BYTES), MAX_LOG_BYTES);
  const query: [string, string][] = [['container', container]];
  if (isOn(call, 'previous')) query.push(['previous', 'true']);
  if (isOn(call, 'timestamps')) query.push(['timestamps', 'true']);
  if (tail !== undefined && tail !== '-1') query.push(['tailLines', tail]);
  if (since !== null) query.push(['sinceSeconds', String(Math.max(1, Math.ceil(since / 1000)))]);
  if (sinceTime !== undefined) query.push(['sinceTime', sinceTime]);
  query.push(['limitBytes', String(limit)]);
  const resource = knownType('pods', '');
  const text = await session.text({
    method: 'GET',
    resource,
    namespace: namespaceOf(context),
    name: pod,
    subresource: 'log',
    query,
  });
  if (tail === NEWEST && text.split('\n').length > Number(NEWEST))
    context.warn(
      `Only the newest ${NEWEST} lines of ${pod}/${container} were read: say how much with --tail or --since.`,
    );
  if (Buffer.byteLength(text) >= limit && !call.options.has('limit-bytes'))
    context.warn(
      `The log of ${pod}/${container} was cut after ${limit / 2 ** 20} MiB, its end is missing: ask for less with --tail or --since.`,
    );
  return text;
}

async function streamsOf(context: CommandContext): Promise<{ pod: string; container: string }[]> {
  const { call } = context;
  const [first, second] = call.operands;
  const selector = optionOf(call, 'selector');
  if ((first === undefined) === (selector === undefined))
    throw new UserError('statement_invalid', 'Name a pod or give a selector with -l, one of the two.');
  const namespace = namespaceOf(context);
  const pods = knownType('pods', '');
  const found =
    selector !== undefined
      ? await listObjects(context, pods, { namespace, query: [['labelSelector', selector]] })
      : [await onePod(context, first ?? '')];
  if (found.length === 0) context.print(`No resources found in ${namespace} namespace.`);
  return found.flatMap((pod) =>
    containersOf(context, pod, optionOf(call, 'container') ?? second).map((container) => ({
      pod: pod.metadata?.name ?? '',
      container,
    })),
  );
}

async function onePod(context: CommandContext, operand: string): Promise<KubeObject> {
  const { chosen, all } = await podsOf(context, operand);
  if (all > 1) context.warn(`Found ${all} pods, using pod/${chosen.metadata?.name}.`);
  return chosen;
}

function containersOf(context: CommandContext, pod: KubeObject, wanted: string | undefined): string[] {
  const names = listAt(pod, 'spec', 'containers').map((container) => textAt(container, 'name'));
  const early = listAt(pod, 'spec', 'initContainers').map((container) => textAt(container, 'name'));
  if (isOn(context.call, 'all-containers')) return [...early, ...names];
  if (wanted !== undefined) return [wanted];
  const preferred = pod.metadata?.annotations?.[DEFAULT_CONTAINER] ?? names[0] ?? '';
  if (names.length > 1) context.warn(`Defaulted container "${preferred}" out of: ${[...names, ...early].join(', ')}.`);
  return [preferred];
}
