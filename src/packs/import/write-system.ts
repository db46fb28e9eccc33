import { stringify } from 'yaml';
import { plural, singleLine } from '../../lib/text.ts';
import { systemSchema } from '../system-schema.ts';
import type { ImportedSettings } from './settings/settings.ts';

/** A target that the imported steps need, as `system.yml` writes it. */
export type ImportedTarget = {
  readonly executor: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly steps: number;
};

/** What a system without a scheme of its own starts with; times are left open. */
const DEFAULT_SEVERITIES = [
  { level: 'SEV1', rank: 1, definition: 'TODO: nobody can work', war_room: 'channel' },
  { level: 'SEV2', rank: 2, definition: 'TODO: an important part fails', war_room: 'channel' },
  { level: 'SEV3', rank: 3, definition: 'TODO: a part fails, most people can work', war_room: 'hub-thread' },
  { level: 'SEV4', rank: 4, definition: 'TODO: a small fault', war_room: 'none' },
];

const LISTS = [
  'severities',
  'milestones',
  'contacts',
  'escalation',
  'stakeholders',
  'components',
  'checklists',
  'thresholds',
  'metrics',
] as const;

/** The parts of several documents as one; what two documents define alike is taken from the first. */
export function joinSettings(all: readonly ImportedSettings[]): Record<string, unknown> {
  const joined: Record<string, unknown> = {};
  for (const list of LISTS) {
    const seen = new Set<string>();
    const items = all
      .flatMap((settings) => settings[list] as readonly unknown[])
      .filter((item) => {
        const key =
          typeof item === 'string'
            ? item
            : String(
                (item as Record<string, unknown>).id ?? (item as Record<string, unknown>).level ?? JSON.stringify(item),
              );
        if (seen.has(key.toLowerCase())) return false;
        seen.add(key.toLowerCase());
        return true;
      });
    if (items.length > 0) joined[list] = items;
  }
  return joined;
}

/**
 * `system.yml` with what was found and a TODO where a person has to decide. A part that the schema refuses is left out and
 * named in `refused`: the file that comes out can always be loaded.
 */
export function writeSystem(
  system: string,
  found: Readonly<Record<string, unknown>>,
  targets: ReadonlyMap<string, ImportedTarget>,
  todo: readonly string[] = [],
): { text: string; levels: string[]; refused: string[] } {
  const name = system
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ');
  const head = { name, description: 'TODO: say in one line what this system does' };
  let parts: Record<string, unknown> = { severities: DEFAULT_SEVERITIES, ...found };
  const refused: string[] = [];
  for (let round = 0; round < LISTS.length + 1; round += 1) {
    const checked = systemSchema.safeParse({ ...head, ...parts });
    if (checked.success) break;
    const key = String(checked.error.issues[0]?.path[0] ?? '');
    if (!(key in parts)) break;
    const message = checked.error.issues[0]?.message ?? '';
    refused.push(`${key}: ${message}`);
    parts = key === 'severities' ? { ...parts, severities: DEFAULT_SEVERITIES } : omit(parts, key);
    if (key === 'severities' && refused.filter((one) => one.startsWith('severities')).length > 1) break;
  }
  const severities = (parts.severities ?? DEFAULT_SEVERITIES) as readonly { level: string }[];
  const text = [
    '# Imported. `warroom lint` lists what no document states and a person has to decide.',
    stringify(head, { lineWidth: 120 }),
    ...Object.entries(parts).map(([key, value]) => stringify({ [key]: value }, { lineWidth: 120 })),
    ...(targets.size === 0 ? [] : [writeTargets(system, targets)]),
    ...todo.map((text) => `# TODO: ${singleLine(text)}`),
  ];
  return { text: text.join('\n'), levels: severities.map(({ level }) => level), refused };
}

/** What a target cannot do without, as a setting of the installation; the default is a place where nothing answers. */
const NEEDED: Readonly<Record<string, readonly [option: string, name: string, fallback: string]>> = {
  http: ['baseUrl', 'URL', 'http://127.0.0.1:9'],
  promql: ['baseUrl', 'URL', 'http://127.0.0.1:9'],
  redis: ['url', 'URL', 'redis://127.0.0.1:9/0'],
  sql: ['connection', 'URL', 'postgres://127.0.0.1:9/postgres'],
  kubectl: ['kubeconfig', 'KUBECONFIG', '/etc/warroom/kubeconfig'],
  docker: ['host', 'HOST', 'unix:///var/run/docker.sock'],
  probe: ['host', 'HOST', '127.0.0.1'],
};

function writeTargets(system: string, targets: ReadonlyMap<string, ImportedTarget>): string {
  const written = Object.fromEntries(
    [...targets].map(([id, { executor, options, steps }]) => {
      const needed = NEEDED[executor];
      const setting = `${system}-${id}`.toUpperCase().replaceAll(/[^A-Z0-9]+/gu, '_');
      const missing =
        needed && !isAddressed(executor, options)
          ? { [needed[0]]: { setting: `${setting}_${needed[1]}`, default: needed[2] } }
          : {};
      const description = `TODO: address and credentials for ${plural(steps, 'step')}`;
      return [id, { executor, description, options: { ...missing, ...options }, read: {} }];
    }),
  );
  return stringify({ targets: written }, { lineWidth: 120 });
}

function isAddressed(executor: string, options: Readonly<Record<string, unknown>>): boolean {
  const names = { redis: ['url', 'socket'], kubectl: ['server', 'kubeconfig', 'inCluster'] }[executor] ?? [
    NEEDED[executor]?.[0] ?? '',
  ];
  return names.some((name) => name in options);
}

function omit(parts: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parts).filter(([name]) => name !== key));
}
