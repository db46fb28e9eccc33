import { z } from 'zod';
import type { Json } from '../../lib/canonical-json.ts';
import { maskCommand } from '../mask-commands.ts';
import { humanBytes, oneLine, renderColumns } from './columns.ts';
import {
  filterQuery,
  type Listed,
  listContainers,
  NUMBER_LABEL,
  nameOf,
  PROJECT_LABEL,
  readFilters,
  SERVICE_LABEL,
} from './containers.ts';
import { diskUsage } from './disk-usage.ts';
import { readTemplate, renderTemplate, templateTitles } from './go-template.ts';
import { maskInspection } from './mask.ts';
import { engineTime, wholeNumber } from './times.ts';
import { type Outcome, optionOf, type VerbUse } from './verb.ts';

/** `docker ps`: rows `{id, name, image, command, state, status, health, ports, created, project, service}`. */
export async function ps(use: VerbUse): Promise<Outcome> {
  const { command } = use;
  const latest = command.options.has('latest') ? '1' : optionOf(command, 'last');
  const query = {
    ...filterQuery(readFilters(command.options.get('filter') ?? [])),
    ...(command.options.has('all') ? { all: 'true' } : {}),
    ...(latest === null ? {} : { limit: String(wholeNumber(latest, 'count', 1_000)) }),
    ...(command.options.has('size') ? { size: 'true' } : {}),
  };
  return renderContainers(await listContainers(use.engine, query), use);
}

/** Containers as `ps` and `compose ps` show them. */
export function renderContainers(containers: readonly Listed[], use: VerbUse): Outcome {
  const { command } = use;
  const rows = containers.map(containerRow);
  if (command.options.has('quiet')) return { rows, stdout: containers.map(({ Id }) => Id.slice(0, 12)).join('\n') };
  const format = optionOf(command, 'format');
  if (format !== null && format !== 'table') {
    return {
      rows,
      stdout: formatted(
        format,
        containers.map((item, index) => templateRow(item, rows[index] ?? {})),
      ),
    };
  }
  const long = command.options.has('no-trunc');
  const head = ['NAME', 'STATUS', 'IMAGE', 'PORTS', 'ID', ...(long ? ['COMMAND'] : [])];
  const cells = rows.map((row) => [
    String(row.name),
    String(row.status),
    String(row.image),
    (row.ports as readonly string[]).join(', '),
    long ? String(row.id) : String(row.id).slice(0, 12),
    ...(long ? [String(row.command)] : []),
  ]);
  return {
    rows,
    stdout:
      rows.length === 0
        ? ''
        : renderColumns(
            head,
            cells.map((row) => row.map(oneLine)),
          ),
  };
}

/** Rows through a format, one line each. Throws UserError `statement_invalid`. */
export function formatted(format: string, rows: readonly Json[]): string {
  const template = readTemplate(format);
  const lines = rows.map((row) => renderTemplate(template, row));
  return [...(template.table ? [templateTitles(template)] : []), ...lines].join('\n');
}

/** `docker images`: rows `{id, tags, size, created}`. */
export async function images(use: VerbUse): Promise<Outcome> {
  const { command } = use;
  const [reference] = command.operands;
  const filters = readFilters(command.options.get('filter') ?? []);
  const query = {
    ...filterQuery(reference === undefined ? filters : { ...filters, reference: [reference] }),
    ...(command.options.has('all') ? { all: 'true' } : {}),
  };
  const found = z.array(image).parse(await use.engine.json({ method: 'GET', path: '/images/json', query }));
  const rows = found.map((item) => ({
    id: item.Id,
    tags: item.RepoTags ?? [],
    size: item.Size ?? 0,
    created: new Date((item.Created ?? 0) * 1_000).toISOString(),
  }));
  if (command.options.has('quiet')) return { rows, stdout: rows.map(({ id }) => shortId(id)).join('\n') };
  const format = optionOf(command, 'format');
  if (format !== null && format !== 'table')
    return {
      rows,
      stdout: formatted(
        format,
        rows.map((row) => ({
          ID: shortId(row.id),
          Repository: row.tags.join(', '),
          Tag: row.tags.join(', '),
          Size: humanBytes(row.size),
          CreatedAt: row.created,
        })),
      ),
    };
  const cells = rows.map((row) => [
    row.tags.join(', ') || '<none>',
    humanBytes(row.size),
    row.created.slice(0, 10),
    shortId(row.id),
  ]);
  return { rows, stdout: renderColumns(['TAGS', 'SIZE', 'CREATED', 'ID'], cells) };
}

/** `docker system df`: rows `{type, total, active, size, reclaimable}`, sizes in bytes. */
export async function systemDf(use: VerbUse): Promise<Outcome> {
  const usage = diskUsage.parse(await use.engine.json({ method: 'GET', path: '/system/df' }));
  const used = usage.Images.filter((item) => (item.Containers ?? 0) > 0);
  const running = usage.Containers.filter((item) => item.State === 'running');
  const mounted = usage.Volumes.filter((item) => (item.UsageData?.RefCount ?? 0) > 0);
  const imageSize = sum(usage.Images.map((item) => Math.max(0, (item.Size ?? 0) - Math.max(0, item.SharedSize ?? 0))));
  const usedSize = sum(used.map((item) => Math.max(0, (item.Size ?? 0) - Math.max(0, item.SharedSize ?? 0))));
  const containers = sum(usage.Containers.map((item) => item.SizeRw ?? 0));
  const volumes = sum(usage.Volumes.map((item) => Math.max(0, item.UsageData?.Size ?? 0)));
  const cache = sum(usage.BuildCache.map((item) => item.Size ?? 0));
  const row = (type: string, count: [number, number], size: [number, number]) => ({
    type,
    total: count[0],
    active: count[1],
    size: size[0],
    reclaimable: size[1],
  });
  const rows = [
    row('Images', [usage.Images.length, used.length], [imageSize, imageSize - usedSize]),
    row(
      'Containers',
      [usage.Containers.length, running.length],
      [containers, containers - sum(running.map((item) => item.SizeRw ?? 0))],
    ),
    row(
      'Volumes',
      [usage.Volumes.length, mounted.length],
      [volumes, volumes - sum(mounted.map((item) => Math.max(0, item.UsageData?.Size ?? 0)))],
    ),
    row(
      'Build cache',
      [usage.BuildCache.length, usage.BuildCache.filter((item) => item.InUse).length],
      [cache, sum(usage.BuildCache.filter((item) => !item.InUse).map((item) => item.Size ?? 0))],
    ),
  ];
  const format = optionOf(use.command, 'format');
  if (format !== null && format !== 'table')
    return {
      rows,
      stdout: formatted(
        format,
        rows.map((item) => ({
          Type: item.type,
          TotalCount: item.total,
          Active: item.active,
          Size: humanBytes(item.size),
          Reclaimable: humanBytes(item.reclaimable),
        })),
      ),
    };
  const cells = rows.map((item) => [
    item.type,
    String(item.total),
    String(item.active),
    humanBytes(item.size),
    humanBytes(item.reclaimable),
  ]);
  return { rows, stdout: renderColumns(['TYPE', 'TOTAL', 'ACTIVE', 'SIZE', 'RECLAIMABLE'], cells) };
}

/** `docker events` up to now: rows `{time, type, action, name, id}`. Without `--since` the last hour. */
export async function events(use: VerbUse): Promise<Outcome> {
  const { command, now } = use;
  const until = Number(engineTime(optionOf(command, 'until') ?? '0s', now));
  const query = {
    since: engineTime(optionOf(command, 'since') ?? '1h', now),
    // Podman stops reading its journal at that moment, wherever it is by then: so it is given one, and what came later is left out here.
    until: String(Math.max(until, Math.floor(now.getTime() / 1_000)) + 1),
    // Podman waits for more without this; Docker knows no such word.
    stream: 'false',
    ...filterQuery(readFilters(command.options.get('filter') ?? [])),
  };
  const found = (await use.engine.jsonLines({ method: 'GET', path: '/events', query }))
    .map((line) => event.parse(line))
    .filter(({ time }) => (time ?? 0) <= until);
  const rows = found.map((item) => ({
    time: new Date((item.time ?? 0) * 1_000).toISOString(),
    type: item.Type ?? '',
    action: maskCommand(item.Action ?? item.status ?? ''),
    name: item.Actor?.Attributes?.name ?? '',
    id: (item.Actor?.ID ?? '').slice(0, 12),
  }));
  const format = optionOf(command, 'format');
  if (format !== null)
    return {
      rows,
      stdout: formatted(
        format,
        rows.map((row) => ({
          Time: row.time,
          Type: row.type,
          Action: row.action,
          Status: row.action,
          ID: row.id,
          Actor: { ID: row.id, Attributes: { name: row.name } },
        })),
      ),
    };
  return {
    rows,
    stdout: rows.map((row) => oneLine(`${row.time} ${row.type} ${row.action} ${row.name || row.id}`)).join('\n'),
  };
}

const image = z.looseObject({
  Id: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  Size: z.number().nullish(),
  Created: z.number().nullish(),
});
const event = z.looseObject({
  time: z.number().nullish(),
  Type: z.string().nullish(),
  Action: z.string().nullish(),
  status: z.string().nullish(),
  Actor: z.looseObject({ ID: z.string().nullish(), Attributes: z.record(z.string(), z.string()).nullish() }).nullish(),
});

function containerRow(item: Listed): Readonly<Record<string, Json>> {
  const status = item.Status ?? '';
  return {
    id: item.Id,
    name: nameOf(item),
    image: item.Image ?? '',
    command: maskCommand(item.Command ?? ''),
    state: item.State ?? '',
    status,
    health: /\((?:health: )?(?<health>healthy|unhealthy|starting)\)/u.exec(status)?.groups?.health ?? null,
    ports: (item.Ports ?? []).map(portText),
    created: new Date((item.Created ?? 0) * 1_000).toISOString(),
    project: item.Labels?.[PROJECT_LABEL] ?? null,
    service: item.Labels?.[SERVICE_LABEL] ?? null,
    number: Number(item.Labels?.[NUMBER_LABEL] ?? 0),
    size: item.SizeRw ?? null,
  };
}

/** The names that formats of docker use. */
function templateRow(item: Listed, row: Readonly<Record<string, Json>>): Json {
  return {
    ID: item.Id.slice(0, 12),
    Names: nameOf(item),
    Name: nameOf(item),
    Image: row.image ?? '',
    Command: row.command ?? '',
    CreatedAt: row.created ?? '',
    Ports: (item.Ports ?? []).map(portText).join(', '),
    State: row.state ?? '',
    Status: row.status ?? '',
    Health: row.health ?? '',
    Project: row.project ?? '',
    Service: row.service ?? '',
    Labels: maskInspection(item.Labels ?? {}),
  };
}

function portText(port: NonNullable<Listed['Ports']>[number]): string {
  const inner = `${port.PrivatePort ?? '?'}/${port.Type ?? 'tcp'}`;
  return port.PublicPort == null ? inner : `${port.IP ? `${port.IP}:` : ''}${port.PublicPort}->${inner}`;
}

function shortId(id: string): string {
  return id.replace(/^sha256:/u, '').slice(0, 12);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
