import { at, type KubeObject } from '../../kube/kube-object.ts';

/** Longer annotations take lines of their own (k8s.io/kubectl/pkg/describe). */
const MAX_ANNOTATION = 140;
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** `Fri, 01 May 2026 08:00:00 +0000`: as kubectl writes times, here always in UTC. Empty without one. */
export function timeOf(timestamp: unknown): string {
  const instant = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(instant) ? '' : new Date(instant).toUTCString().replace('GMT', '+0000');
}

/** A list in one cell, or `<none>`. */
export function orNone(texts: readonly string[]): string {
  return texts.length === 0 ? '<none>' : texts.join(', ');
}

/** `Labels:`, each below the other. */
export function labelLines(title: string, map: unknown, indent = ''): string[] {
  return below(
    `${indent}${title}:`,
    entriesOf(map).map(([key, value]) => `${key}=${value}`),
  );
}

/** `Annotations:`, without the copy of the whole object that `apply` leaves there. */
export function annotationLines(map: unknown, indent = ''): string[] {
  const kept = entriesOf(map).filter(([key]) => key !== LAST_APPLIED);
  const texts = kept.map(([key, value]) => {
    const text = value.replace(/\n$/u, '');
    if (!text.includes('\n') && text.length + key.length + 2 <= MAX_ANNOTATION) return `${key}: ${text}`;
    const lines = text.split('\n').map((line) => `${indent}\t  ${shortened(line)}`);
    return [`${key}:`, ...lines].join('\n');
  });
  return below(`${indent}Annotations:`, texts);
}

/** What is owned by a controller says by which. */
export function ownerLines(object: KubeObject): string[] {
  const owner = object.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  return owner ? [`Controlled By:\t${owner.kind ?? ''}/${owner.name ?? ''}`] : [];
}

/** Conditions with the columns that are named, each the field of that name; `gap` stands between the later ones. */
export function conditionLines(
  conditions: readonly unknown[],
  columns: readonly string[],
  { rule, gap }: { rule: boolean; gap: string },
): string[] {
  if (conditions.length === 0) return [];
  const cells = conditions.map((condition) =>
    columns.map((name) => {
      const value = at(condition, name.charAt(0).toLowerCase() + name.slice(1));
      return name.endsWith('Time') ? timeOf(value) : typeof value === 'string' ? value.replace(/\s+/gu, ' ') : '';
    }),
  );
  return [
    'Conditions:',
    `  ${columns.join('\t')}`,
    ...(rule ? [`  ${columns.map((name) => '-'.repeat(name.length)).join('\t')}`] : []),
    ...cells.map(([type = '', ...rest]) => `  ${type} \t${rest.join(gap)}`),
  ];
}

/** The entries of a map of texts in the order of their keys. */
export function entriesOf(map: unknown): [string, string][] {
  return Object.entries((map ?? {}) as Record<string, unknown>)
    .map(([key, value]): [string, string] => [key, String(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function below(label: string, texts: readonly string[]): string[] {
  const [first = '<none>', ...more] = texts;
  return [`${label}\t${first}`, ...more.map((text) => `\t${text}`)].flatMap((line) => line.split('\n'));
}

function shortened(text: string): string {
  return text.length <= MAX_ANNOTATION - 2 ? text : `${text.slice(0, MAX_ANNOTATION - 2)}...`;
}
