import { isOn, optionOf } from '../../../analysis/kubectl-arguments.ts';
import type { Json } from '../../../lib/canonical-json.ts';
import { UserError } from '../../../lib/errors.ts';
import { knownType } from '../../kube/known-types.ts';
import { at, type KubeObject, listAt, textAt } from '../../kube/kube-object.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import type { KubeResource } from '../../kube/kube-request.ts';
import { type Command, type CommandContext, namespaceFor, selectorQuery } from '../command.ts';
import { alignColumns } from '../print-table.ts';
import { quantity } from '../sort-values.ts';
import { listObjects } from './fetch-objects.ts';

type Usage = {
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
  readonly cpu: number;
  readonly memory: number;
};

const MI = 2 ** 20;

/** `top pods`. Value: `{rows, count}`; a row is `{namespace, name, container, cpu_millicores, memory_bytes}`. */
export const topPods: Command = async (context) => {
  const { call } = context;
  const perContainer = isOn(call, 'containers');
  const found = await metrics(context, knownType('pods', 'metrics.k8s.io'));
  const usages = found.flatMap((pod): Usage[] => {
    const { name = '', namespace = '' } = pod.metadata ?? {};
    const parts = listAt(pod, 'containers').map((one) => ({ ...usageOf(one), container: textAt(one, 'name') }));
    if (perContainer) return parts.map((part) => ({ namespace, name, ...part }));
    const sum = (key: 'cpu' | 'memory') => parts.reduce((total, part) => total + part[key], 0);
    return [{ namespace, name, container: '', cpu: sum('cpu'), memory: sum('memory') }];
  });
  const rows = sorted(context, usages);
  const spread = isOn(call, 'all-namespaces');
  const header = [
    ...(spread ? ['NAMESPACE'] : []),
    ...(perContainer ? ['POD', 'NAME'] : ['NAME']),
    'CPU(cores)',
    'MEMORY(bytes)',
  ];
  const lines = rows.map((row) => [
    ...(spread ? [row.namespace] : []),
    row.name,
    ...(perContainer ? [row.container] : []),
    ...amounts(row),
  ]);
  if (isOn(call, 'sum')) {
    const total = rows.reduce((sum, row) => ({ cpu: sum.cpu + row.cpu, memory: sum.memory + row.memory }), {
      cpu: 0,
      memory: 0,
    });
    const blank = header.length - 2;
    lines.push(
      [...Array.from({ length: blank }, () => ''), '________', '________'],
      [...Array.from({ length: blank }, () => ''), ...amounts(total)],
    );
  }
  context.print(alignColumns(isOn(call, 'no-headers') ? lines : [header, ...lines]).join('\n'));
  return { rows: rows.map(rowValue), count: rows.length };
};

/** `top nodes`. Value: `{rows, count}`; a row is `{name, cpu_millicores, cpu_percent, memory_bytes, memory_percent}`. */
export const topNodes: Command = async (context) => {
  const { call } = context;
  const found = await metrics(context, knownType('nodes', 'metrics.k8s.io'));
  const nodes = await listObjects(context, knownType('nodes', ''), { namespace: null, query: selectorQuery(context) });
  const sizes = new Map(
    nodes.map((node) => [
      node.metadata?.name ?? '',
      {
        cpu: quantity(at(node, 'status', 'allocatable', 'cpu')) ?? 0,
        memory: quantity(at(node, 'status', 'allocatable', 'memory')) ?? 0,
      },
    ]),
  );
  const usages = found.map((node) => ({
    namespace: '',
    name: node.metadata?.name ?? '',
    container: '',
    ...usageOf(node),
  }));
  const rows = sorted(context, usages).map((usage) => {
    const size = sizes.get(usage.name) ?? { cpu: 0, memory: 0 };
    const share = (part: number, whole: number) => (whole === 0 ? 0 : Math.trunc((part / whole) * 100));
    return { ...usage, cpuShare: share(usage.cpu, size.cpu), memoryShare: share(usage.memory, size.memory) };
  });
  const lines = rows.map((row) => {
    const [cpu = '', memory = ''] = amounts(row);
    return [row.name, cpu, `${row.cpuShare}%`, memory, `${row.memoryShare}%`];
  });
  if (call.operands.length === 0) {
    // a node that tells nothing may be the one that is down
    const told = new Set(rows.map(({ name }) => name));
    for (const name of [...sizes.keys()].filter((node) => !told.has(node)))
      lines.push([name, ...Array<string>(4).fill('<unknown>')]);
  }
  const header = ['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)'];
  context.print(alignColumns(isOn(call, 'no-headers') ? lines : [header, ...lines]).join('\n'));
  const value = rows.map((row): Json => {
    const { name, cpu_millicores, memory_bytes } = rowValue(row);
    return {
      name: name ?? '',
      cpu_millicores: cpu_millicores ?? 0,
      cpu_percent: row.cpuShare,
      memory_bytes: memory_bytes ?? 0,
      memory_percent: row.memoryShare,
    };
  });
  return { rows: value, count: rows.length };
};

async function metrics(context: CommandContext, type: KubeResource): Promise<KubeObject[]> {
  const [name] = context.call.operands;
  const namespace = namespaceFor(context, type);
  try {
    if (name !== undefined) return [await context.session.ask({ method: 'GET', resource: type, namespace, name })];
    return await listObjects(context, type, { namespace, query: selectorQuery(context) });
  } catch (error) {
    if (error instanceof KubeRefusal && error.status === 404 && name === undefined)
      throw new UserError('metrics_missing', 'This cluster serves no metrics: install metrics-server.');
    throw error;
  }
}

function usageOf(object: unknown): { cpu: number; memory: number } {
  return { cpu: quantity(at(object, 'usage', 'cpu')) ?? 0, memory: quantity(at(object, 'usage', 'memory')) ?? 0 };
}

function sorted(context: CommandContext, usages: readonly Usage[]): Usage[] {
  const by = optionOf(context.call, 'sort-by');
  if (by !== undefined && by !== 'cpu' && by !== 'memory')
    throw new UserError('statement_invalid', '--sort-by is cpu or memory here.');
  const key = (usage: Usage) => `${usage.namespace}/${usage.name}/${usage.container}`;
  return [...usages].sort((a, b) => (by === undefined ? (key(a) < key(b) ? -1 : 1) : b[by] - a[by]));
}

function amounts(usage: { cpu: number; memory: number }): string[] {
  return [`${millicores(usage.cpu)}m`, `${Math.trunc(usage.memory / MI)}Mi`];
}

/** Whole ones, upwards; the metrics count in billionths, below which a sum of fractions is noise. */
function millicores(cores: number): number {
  return Math.ceil(Math.round(cores * 1e9) / 1e6);
}

function rowValue(usage: Usage): Record<string, string | number> {
  return {
    namespace: usage.namespace,
    name: usage.name,
    container: usage.container,
    cpu_millicores: millicores(usage.cpu),
    memory_bytes: Math.trunc(usage.memory),
  };
}
