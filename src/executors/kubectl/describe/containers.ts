import { at, listAt, numberAt, textAt } from '../../kube/kube-object.ts';
import { entriesOf, orNone, timeOf } from './parts.ts';

/** `Containers:` and what stands below each; with the states that a pod has, and without them in a template. */
export function containerLines(
  title: string,
  containers: readonly unknown[],
  { statuses = null, indent = '' }: { statuses?: readonly unknown[] | null; indent?: string },
): string[] {
  const nameIndent = indent === '' ? '  ' : '   ';
  const blocks = containers.map((container) => {
    const status = statuses?.find((one) => textAt(one, 'name') === textAt(container, 'name'));
    return [
      `${nameIndent}${textAt(container, 'name')}:`,
      ...basics(container, status),
      ...words('Command', listAt(container, 'command')),
      ...words('Args', listAt(container, 'args')),
      ...(status === undefined ? [] : states(status)),
      ...amounts('Limits', at(container, 'resources', 'limits')),
      ...amounts('Requests', at(container, 'resources', 'requests')),
      ...probe('Liveness', at(container, 'livenessProbe')),
      ...probe('Readiness', at(container, 'readinessProbe')),
      ...probe('Startup', at(container, 'startupProbe')),
      ...sources(listAt(container, 'envFrom')),
      ...variables(listAt(container, 'env')),
      ...mounts(listAt(container, 'volumeMounts')),
    ];
  });
  return blocks.length === 0 ? [] : [`${indent}${title}:`, ...blocks.flat()];
}

function basics(container: unknown, status: unknown): string[] {
  const ports = listAt(container, 'ports');
  const numbers = (field: string) =>
    ports.map((port) => `${numberAt(port, field)}/${textAt(port, 'protocol') || 'TCP'}`);
  const plural = ports.length > 1 ? 's' : '';
  return [
    ...(status === undefined ? [] : [`    Container ID:\t${textAt(status, 'containerID')}`]),
    `    Image:\t${textAt(container, 'image')}`,
    ...(status === undefined ? [] : [`    Image ID:\t${textAt(status, 'imageID')}`]),
    `    Port${plural}:\t${orNone(numbers('containerPort'))}`,
    `    Host Port${plural}:\t${orNone(numbers('hostPort'))}`,
  ];
}

function states(status: unknown): string[] {
  const last = at(status, 'lastState', 'terminated');
  return [
    ...state('State', at(status, 'state')),
    ...(last === undefined ? [] : state('Last State', { terminated: last })),
    `    Ready:\t${at(status, 'ready') === true ? 'True' : 'False'}`,
    `    Restart Count:\t${numberAt(status, 'restartCount')}`,
  ];
}

function state(title: string, value: unknown): string[] {
  const running = at(value, 'running');
  if (running !== undefined) return [`    ${title}:\tRunning`, `      Started:\t${timeOf(at(running, 'startedAt'))}`];
  const ended = at(value, 'terminated');
  if (ended === undefined) {
    const reason = textAt(value, 'waiting', 'reason');
    return [`    ${title}:\tWaiting`, ...(reason === '' ? [] : [`      Reason:\t${reason}`])];
  }
  const optional = (label: string, field: string) => {
    const text = textAt(ended, field);
    return text === '' || text === '0' ? [] : [`      ${label}:\t${text.replace(/\s*\n\s*/gu, ' ')}`];
  };
  return [
    `    ${title}:\tTerminated`,
    ...optional('Reason', 'reason'),
    ...optional('Message', 'message'),
    `      Exit Code:\t${numberAt(ended, 'exitCode')}`,
    ...optional('Signal', 'signal'),
    `      Started:\t${timeOf(at(ended, 'startedAt'))}`,
    `      Finished:\t${timeOf(at(ended, 'finishedAt'))}`,
  ];
}

function words(title: string, list: readonly unknown[]): string[] {
  if (list.length === 0) return [];
  return [
    `    ${title}:`,
    ...list.flatMap((word) =>
      String(word)
        .split('\n')
        .map((line) => `      ${line}`),
    ),
  ];
}

function amounts(title: string, map: unknown): string[] {
  const entries = entriesOf(map);
  return entries.length === 0 ? [] : [`    ${title}:`, ...entries.map(([name, amount]) => `      ${name}:\t${amount}`)];
}

function probe(title: string, value: unknown): string[] {
  if (value === undefined) return [];
  const number = (field: string, standard: number) => numberAt(value, field) || standard;
  const attributes = `delay=${number('initialDelaySeconds', 0)}s timeout=${number('timeoutSeconds', 1)}s period=${number('periodSeconds', 10)}s #success=${number('successThreshold', 1)} #failure=${number('failureThreshold', 3)}`;
  return [`    ${title}:\t${probeWay(value)} ${attributes}`];
}

function probeWay(value: unknown): string {
  const [exec, get, tcp] = [at(value, 'exec'), at(value, 'httpGet'), at(value, 'tcpSocket')];
  if (exec !== undefined) return `exec [${listAt(exec, 'command').join(' ')}]`;
  if (get !== undefined) {
    const path = textAt(get, 'path');
    return `http-get ${(textAt(get, 'scheme') || 'http').toLowerCase()}://${textAt(get, 'host')}:${textAt(get, 'port')}${path.startsWith('/') ? '' : '/'}${path}`;
  }
  return tcp === undefined ? 'unknown' : `tcp-socket ${textAt(tcp, 'host')}:${textAt(tcp, 'port')}`;
}

function sources(list: readonly unknown[]): string[] {
  if (list.length === 0) return [];
  const lines = list.map((source) => {
    const kind = at(source, 'secretRef') === undefined ? 'ConfigMap' : 'Secret';
    const reference = at(source, kind === 'Secret' ? 'secretRef' : 'configMapRef');
    const prefix = textAt(source, 'prefix');
    const shown = prefix === '' ? '' : ` with prefix '${prefix}'`;
    return `      ${textAt(reference, 'name')}\t${kind}${shown}\tOptional: ${at(reference, 'optional') === true}`;
  });
  return ['    Environment Variables from:', ...lines];
}

function variables(list: readonly unknown[]): string[] {
  if (list.length === 0) return ['    Environment:\t<none>'];
  return ['    Environment:', ...list.flatMap(variable)];
}

function variable(one: unknown): string[] {
  const name = textAt(one, 'name');
  const from = (kind: string) => at(one, 'valueFrom', kind);
  const field = from('fieldRef');
  const resource = from('resourceFieldRef');
  const secret = from('secretKeyRef');
  const config = from('configMapKeyRef');
  if (field !== undefined)
    return [`      ${name}:\t (${textAt(field, 'apiVersion') || 'v1'}:${textAt(field, 'fieldPath')})`];
  if (resource !== undefined) return [`      ${name}:\t (${textAt(resource, 'resource')})`];
  const optional = (reference: unknown) => `Optional: ${at(reference, 'optional') === true}`;
  if (secret !== undefined)
    return [
      `      ${name}:\t<set to the key '${textAt(secret, 'key')}' in secret '${textAt(secret, 'name')}'>\t${optional(secret)}`,
    ];
  if (config !== undefined)
    return [
      `      ${name}:\t<set to the key '${textAt(config, 'key')}' of config map '${textAt(config, 'name')}'>\t${optional(config)}`,
    ];
  const [first = '', ...more] = textAt(one, 'value').split('\n');
  return [`      ${name}:\t${first}`, ...more.map((line) => `       \t${line}`)];
}

function mounts(list: readonly unknown[]): string[] {
  if (list.length === 0) return ['    Mounts:\t<none>'];
  const sorted = [...list].sort((a, b) => (textAt(a, 'mountPath') < textAt(b, 'mountPath') ? -1 : 1));
  const lines = sorted.map((mount) => {
    const path = textAt(mount, 'subPath');
    const flags = [at(mount, 'readOnly') === true ? 'ro' : 'rw', ...(path === '' ? [] : [`path="${path}"`])];
    return `      ${textAt(mount, 'mountPath')} from ${textAt(mount, 'name')} (${flags.join(',')})`;
  });
  return ['    Mounts:', ...lines];
}
