import { z } from 'zod';
import type { Json } from '../../lib/canonical-json.ts';
import { humanBytes, renderColumns } from './columns.ts';
import { type Container, containerPath, filterQuery, readFilters } from './containers.ts';
import { EngineError } from './engine.ts';
import { wholeNumber } from './times.ts';
import { type Outcome, optionOf, type VerbUse } from './verb.ts';

const state = z.looseObject({
  Name: z.string().default(''),
  State: z.looseObject({ Status: z.string().nullish(), ExitCode: z.number().nullish() }).nullish(),
});

/**
 * Restarts, stops, starts or kills containers one after the other, and tells how each stands afterwards: rows `{name, state, done}`. The
 * first one that fails ends it, and those that were not touched are named.
 */
export async function act(
  use: VerbUse,
  verb: 'restart' | 'stop' | 'start' | 'kill',
  containers: readonly Container[],
): Promise<Outcome> {
  const { command } = use;
  const time = optionOf(command, 'time') ?? optionOf(command, 'timeout');
  const signal = optionOf(command, 'signal');
  const query = {
    ...(time === null ? {} : { t: String(wholeNumber(time, 'number of seconds', 3_600)) }),
    ...(signal === null ? {} : { signal }),
  };
  const rows: Json[] = [];
  for (const [index, container] of containers.entries()) {
    try {
      await use.engine.json({ method: 'POST', path: containerPath(container.id, verb), query });
    } catch (error) {
      if (!(error instanceof EngineError) || error.status === null) throw error;
      const rest = containers.slice(index + 1).map(({ name }) => name);
      const untouched = rest.length === 0 ? '' : `; not touched: ${rest.join(', ')}`;
      return {
        ...render(rows),
        failure: `The engine did not ${verb} ${container.name} (${error.message})${untouched}: look at its state first.`,
      };
    }
    rows.push(await standing(use, container, verb));
  }
  return render(rows);
}

/** The work is done: an engine that then fails to say how things stand takes nothing of that back. */
async function standing(use: VerbUse, container: Container, verb: string): Promise<Json> {
  const done = { name: container.name, done: verb };
  try {
    const found = state.parse(await use.engine.json({ method: 'GET', path: containerPath(container.id, 'json') }));
    return { ...done, state: found.State?.Status ?? 'unknown' };
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return { ...done, state: 'removed' };
    return { ...done, state: 'unknown' };
  }
}

function render(rows: readonly Json[]): Outcome {
  const cells = (rows as readonly { name: string; done: string; state: string }[]).map((row) => [
    row.name,
    row.done,
    row.state,
  ]);
  return { rows, stdout: rows.length === 0 ? '' : renderColumns(['NAME', 'DONE', 'NOW'], cells) };
}

const pruned = z.looseObject({
  ContainersDeleted: z.array(z.string()).nullish(),
  ImagesDeleted: z.array(z.unknown()).nullish(),
  NetworksDeleted: z.array(z.string()).nullish(),
  VolumesDeleted: z.array(z.string()).nullish(),
  CachesDeleted: z.array(z.string()).nullish(),
  SpaceReclaimed: z.number().nullish(),
});

/** `docker … prune`: rows `{what, deleted, reclaimed}`, bytes. */
export async function prune(use: VerbUse): Promise<Outcome> {
  const { command } = use;
  const all = command.options.has('all');
  const group = command.verb.split(' ')[0];
  const given = readFilters(command.options.get('filter') ?? []);
  const dangling = { dangling: [all ? 'false' : 'true'] };
  const steps: readonly { path: string; filters?: Readonly<Record<string, string[]>> }[] =
    group === 'system'
      ? [
          { path: '/containers/prune' },
          { path: '/networks/prune' },
          ...(command.options.has('volumes') ? [{ path: '/volumes/prune' }] : []),
          { path: '/images/prune', filters: dangling },
          { path: '/build/prune' },
        ]
      : group === 'image'
        ? [{ path: '/images/prune', filters: dangling }]
        : group === 'volume'
          ? [{ path: '/volumes/prune', filters: all ? { all: ['true'] } : {} }]
          : [{ path: group === 'builder' ? '/build/prune' : `/${group ?? ''}s/prune` }];
  const rows: { what: string; deleted: number; reclaimed: number }[] = [];
  for (const step of steps) {
    const query = {
      ...filterQuery({ ...step.filters, ...given }),
      ...(step.path === '/build/prune' && all ? { all: 'true' } : {}),
    };
    try {
      rows.push(prunedRow(step.path, await use.engine.json({ method: 'POST', path: step.path, query })));
    } catch (error) {
      // an engine without a builder has nothing to prune there
      if (group === 'system' && step.path === '/build/prune' && error instanceof EngineError && error.status === 404)
        continue;
      throw error;
    }
  }
  const cells = rows.map((row) => [row.what, String(row.deleted), humanBytes(row.reclaimed)]);
  const total = rows.reduce((sum, row) => sum + row.reclaimed, 0);
  return {
    rows,
    stdout: `${renderColumns(['WHAT', 'DELETED', 'RECLAIMED'], cells)}\nTotal reclaimed space: ${humanBytes(total)}`,
  };
}

function prunedRow(path: string, answer: Json): { what: string; deleted: number; reclaimed: number } {
  const found = pruned.parse(answer ?? {});
  const lists = [
    found.ContainersDeleted,
    found.ImagesDeleted,
    found.NetworksDeleted,
    found.VolumesDeleted,
    found.CachesDeleted,
  ];
  return {
    what: path.split('/')[1] ?? '',
    deleted: lists.reduce((sum, list) => sum + (list?.length ?? 0), 0),
    reclaimed: found.SpaceReclaimed ?? 0,
  };
}
