import { at, listAt, numberAt, textAt } from '../../kube/kube-object.ts';
import { containerLines } from './containers.ts';
import { annotationLines, labelLines } from './parts.ts';
import { tabbed } from './tabbed.ts';

/** The pod template of a workload or of one of its revisions. */
export function templateLines(template: unknown): string[] {
  return tabbed(templateRows(template));
}

/** The same before its columns are set, to stand among other rows. */
export function templateRows(template: unknown): string[] {
  const annotations = at(template, 'metadata', 'annotations');
  const account = textAt(template, 'spec', 'serviceAccountName');
  return [
    'Pod Template:',
    ...labelLines('Labels', at(template, 'metadata', 'labels'), '  '),
    ...(annotations === undefined ? [] : annotationLines(annotations, '  ')),
    ...(account === '' ? [] : [`  Service Account:\t${account}`]),
    ...containerLines('Init Containers', listAt(template, 'spec', 'initContainers'), { indent: '  ' }),
    ...containerLines('Containers', listAt(template, 'spec', 'containers'), { indent: '  ' }),
    ...volumeRows(listAt(template, 'spec', 'volumes'), '  '),
    ...placementRows(at(template, 'spec'), '  '),
  ];
}

/** Where a pod may run. */
export function placementRows(spec: unknown, indent = ''): string[] {
  const priority = indent === '' ? '' : textAt(spec, 'priorityClassName');
  return [
    ...(priority === '' ? [] : [`${indent}Priority Class Name:\t${priority}`]),
    ...labelLines('Node-Selectors', at(spec, 'nodeSelector'), indent),
    ...tolerationRows(listAt(spec, 'tolerations'), indent),
  ];
}

function tolerationRows(list: readonly unknown[], indent: string): string[] {
  const sorted = [...list].sort((a, b) => (textAt(a, 'key') < textAt(b, 'key') ? -1 : 1));
  const texts = sorted.map((toleration) => {
    const [key, value, effect] = ['key', 'value', 'effect'].map((field) => textAt(toleration, field));
    const what = `${key}${value ? `=${value}` : ''}${effect ? `:${effect}` : ''}`;
    const exists = textAt(toleration, 'operator') === 'Exists' && !value ? 'op=Exists' : '';
    const seconds = at(toleration, 'tolerationSeconds');
    return [what, exists, ...(seconds === undefined ? [] : [`for ${numberAt(toleration, 'tolerationSeconds')}s`])]
      .filter((part) => part !== '')
      .join(' ');
  });
  const [first = '<none>', ...more] = texts;
  return [`${indent}Tolerations:\t${first}`, ...more.map((text) => `${indent}\t${text}`)];
}

/** `Volumes:`, each with where it comes from. */
export function volumeRows(volumes: readonly unknown[], indent = ''): string[] {
  if (volumes.length === 0) return [`${indent}Volumes:\t<none>`];
  const nameIndent = indent === '' ? '  ' : '   ';
  return [
    `${indent}Volumes:`,
    ...volumes.flatMap((volume) => [
      `${nameIndent}${textAt(volume, 'name')}:`,
      ...sourceOf(volume).map(([label, text]) => `    ${label}:\t${text}`),
    ]),
  ];
}

function sourceOf(volume: unknown): [string, string][] {
  const from = (kind: string) => at(volume, kind);
  const optional = (source: unknown) => String(at(source, 'optional') === true);
  const [empty, host, config, secret] = [from('emptyDir'), from('hostPath'), from('configMap'), from('secret')];
  if (empty !== undefined)
    return [
      ['Type', "EmptyDir (a temporary directory that shares a pod's lifetime)"],
      ['Medium', textAt(empty, 'medium')],
      ['SizeLimit', textAt(empty, 'sizeLimit') || '<unset>'],
    ];
  if (host !== undefined)
    return [
      ['Type', 'HostPath (bare host directory volume)'],
      ['Path', textAt(host, 'path')],
      ['HostPathType', textAt(host, 'type')],
    ];
  if (config !== undefined)
    return [
      ['Type', 'ConfigMap (a volume populated by a ConfigMap)'],
      ['Name', textAt(config, 'name')],
      ['Optional', optional(config)],
    ];
  if (secret !== undefined)
    return [
      ['Type', 'Secret (a volume populated by a Secret)'],
      ['SecretName', textAt(secret, 'secretName')],
      ['Optional', optional(secret)],
    ];
  const claim = from('persistentVolumeClaim');
  if (claim !== undefined)
    return [
      ['Type', 'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)'],
      ['ClaimName', textAt(claim, 'claimName')],
      ['ReadOnly', String(at(claim, 'readOnly') === true)],
    ];
  const projected = from('projected');
  if (projected === undefined)
    return [['Type', Object.keys(volume ?? {}).find((key) => key !== 'name') ?? '<unknown>']];
  return [
    ['Type', 'Projected (a volume that contains injected data from multiple sources)'],
    ...listAt(projected, 'sources').flatMap((source): [string, string][] => {
      const [token, map, own] = ['serviceAccountToken', 'configMap', 'secret'].map((kind) => at(source, kind));
      if (token !== undefined) return [['TokenExpirationSeconds', textAt(token, 'expirationSeconds')]];
      if (map !== undefined)
        return [
          ['ConfigMapName', textAt(map, 'name')],
          ['ConfigMapOptional', at(map, 'optional') === undefined ? '<nil>' : optional(map)],
        ];
      if (own !== undefined)
        return [
          ['SecretName', textAt(own, 'name')],
          ['SecretOptionalName', at(own, 'optional') === undefined ? '<nil>' : optional(own)],
        ];
      return [['DownwardAPI', 'true']];
    }),
  ];
}
