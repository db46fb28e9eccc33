import { z } from 'zod';
import type { Json } from '../../lib/canonical-json.ts';
import { UserError } from '../../lib/errors.ts';
import { maskArguments, maskCommand } from '../mask-commands.ts';
import { humanBytes, oneLine, renderColumns } from './columns.ts';
import { type Container, containerPath, listContainers } from './containers.ts';
import { formatted } from './listings.ts';
import { maskInspection } from './mask.ts';
import { type Outcome, optionOf, type VerbUse } from './verb.ts';

/** `docker inspect` of containers: rows are what the engine says, with secrets masked. */
export async function inspect(use: VerbUse): Promise<Outcome> {
  const { command } = use;
  const type = optionOf(command, 'type') ?? 'container';
  if (type !== 'container')
    throw new UserError('statement_invalid', `Only containers are inspected, no ${type}: leave --type out.`);
  const rows: Json[] = [];
  for (const reference of command.operands) {
    const query = command.options.has('size') ? { size: 'true' } : {};
    rows.push(maskInspection(await use.engine.json({ method: 'GET', path: containerPath(reference, 'json'), query })));
  }
  const format = optionOf(command, 'format');
  return { rows, stdout: format === null ? JSON.stringify(rows, null, 2) : formatted(format, rows) };
}

/** `docker top`: rows by the titles that the engine gives, secrets in command lines masked. */
export async function top(use: VerbUse, containers: readonly Container[]): Promise<Outcome> {
  const rows: Json[] = [];
  const parts: string[] = [];
  for (const container of containers) {
    const answer = processes.parse(await use.engine.json({ method: 'GET', path: containerPath(container.id, 'top') }));
    const table = tidy(answer.Titles ?? [], answer.Processes ?? []);
    const lines = table.lines.map((line) => maskArguments(line).map(oneLine));
    rows.push(
      ...lines.map((line) => ({
        container: container.name,
        ...Object.fromEntries(table.titles.map((title, index) => [title.toLowerCase(), line[index] ?? ''])),
      })),
    );
    parts.push(`${containers.length > 1 ? `${container.name}\n` : ''}${renderColumns(table.titles, lines)}`);
  }
  return { rows, stdout: parts.join('\n\n') };
}

/** `docker stats`, one sample: rows `{name, cpu_percent, memory, memory_limit, memory_percent, received, sent, pids}`, bytes. */
export async function stats(use: VerbUse, containers: readonly { id: string; name: string }[]): Promise<Outcome> {
  const rows = await Promise.all(containers.map((container) => sample(use, container)));
  const format = optionOf(use.command, 'format');
  if (format !== null && format !== 'table') return { rows, stdout: formatted(format, rows.map(statsTemplate)) };
  const cells = rows.map((row) => [
    row.name,
    percent(row.cpu_percent),
    `${humanBytes(row.memory)} / ${humanBytes(row.memory_limit)}`,
    percent(row.memory_percent),
    `${humanBytes(row.received)} / ${humanBytes(row.sent)}`,
    String(row.pids),
  ]);
  return { rows, stdout: renderColumns(['NAME', 'CPU', 'MEMORY', 'MEM', 'NET I/O', 'PIDS'], cells) };
}

/** The containers that `docker stats` without names means. */
export async function runningContainers(use: VerbUse): Promise<{ id: string; name: string }[]> {
  const found = await listContainers(use.engine, use.command.options.has('all') ? { all: 'true' } : {});
  return found.map((item) => ({ id: item.Id, name: (item.Names?.[0] ?? item.Id).replace(/^\//u, '') }));
}

const processes = z.looseObject({
  Titles: z.array(z.string()).nullish(),
  Processes: z.array(z.array(z.string())).nullish(),
});
const number = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
const cpu = z.looseObject({
  cpu_usage: z.looseObject({ total_usage: number }).nullish(),
  system_cpu_usage: number,
  online_cpus: number,
});
const sampled = z.looseObject({
  cpu_stats: cpu.nullish(),
  precpu_stats: cpu.nullish(),
  memory_stats: z
    .looseObject({ usage: number, limit: number, stats: z.record(z.string(), z.number()).nullish() })
    .nullish(),
  networks: z.record(z.string(), z.looseObject({ rx_bytes: number, tx_bytes: number })).nullish(),
  pids_stats: z.looseObject({ current: number }).nullish(),
});

type Sample = {
  readonly name: string;
  readonly cpu_percent: number;
  readonly memory: number;
  readonly memory_limit: number;
  readonly memory_percent: number;
  readonly received: number;
  readonly sent: number;
  readonly pids: number;
};

/** The formulas are those of docker's client: CPU against the whole system times its processors, memory without the file cache. */
async function sample(use: VerbUse, container: { id: string; name: string }): Promise<Sample> {
  const answer = sampled.parse(
    await use.engine.json({ method: 'GET', path: containerPath(container.id, 'stats'), query: { stream: 'false' } }),
  );
  const spent = (answer.cpu_stats?.cpu_usage?.total_usage ?? 0) - (answer.precpu_stats?.cpu_usage?.total_usage ?? 0);
  const passed = (answer.cpu_stats?.system_cpu_usage ?? 0) - (answer.precpu_stats?.system_cpu_usage ?? 0);
  const caches = answer.memory_stats?.stats ?? {};
  const memory = Math.max(
    0,
    (answer.memory_stats?.usage ?? 0) - (caches.inactive_file ?? caches.total_inactive_file ?? 0),
  );
  const limit = answer.memory_stats?.limit ?? 0;
  const networks = Object.values(answer.networks ?? {});
  const rounded = (value: number) => Math.round(value * 100) / 100;
  return {
    name: container.name,
    cpu_percent:
      passed > 0 && spent > 0 ? rounded((spent / passed) * Math.max(1, answer.cpu_stats?.online_cpus ?? 1) * 100) : 0,
    memory,
    memory_limit: limit,
    memory_percent: limit > 0 ? rounded((memory / limit) * 100) : 0,
    received: networks.reduce((total, item) => total + item.rx_bytes, 0),
    sent: networks.reduce((total, item) => total + item.tx_bytes, 0),
    pids: answer.pids_stats?.current ?? 0,
  };
}

function statsTemplate(row: Sample): Json {
  return {
    Name: row.name,
    Container: row.name,
    CPUPerc: percent(row.cpu_percent),
    MemUsage: `${humanBytes(row.memory)} / ${humanBytes(row.memory_limit)}`,
    MemPerc: percent(row.memory_percent),
    NetIO: `${humanBytes(row.received)} / ${humanBytes(row.sent)}`,
    PIDs: row.pids,
  };
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

/** Podman gives whole lines in the place of fields: split them, the command last and whole. */
function tidy(
  titles: readonly string[],
  lines: readonly (readonly string[])[],
): { titles: string[]; lines: string[][] } {
  if (titles.length !== 1) return { titles: [...titles], lines: lines.map((line) => [...line]) };
  const names = (titles[0] ?? '').trim().split(/\s+/u);
  const split = (line: string): string[] => {
    const words = line.trim().split(/\s+/u);
    return [...words.slice(0, names.length - 1), words.slice(names.length - 1).join(' ')];
  };
  return { titles: names, lines: lines.map((line) => split(maskCommand(line.join(' ')))) };
}
