import { StatusError, type Stored } from './store.ts';

/** What may stand where: a name of a kind of leaf, fields, or a list of one shape. */
type Shape = 'text' | 'whole' | 'flag' | 'texts' | readonly [Shape] | { readonly [key: string]: Shape };

const OWNER: Shape = { apiVersion: 'text', kind: 'text', name: 'text', uid: 'text', controller: 'flag' };
const META: Shape = {
  name: 'text',
  namespace: 'text',
  labels: 'texts',
  annotations: 'texts',
  ownerReferences: [OWNER],
};
const ENV: Shape = { name: 'text', value: 'text', valueFrom: { secretKeyRef: { name: 'text', key: 'text' } } };
const SECURITY: Shape = {
  allowPrivilegeEscalation: 'flag',
  readOnlyRootFilesystem: 'flag',
  capabilities: { drop: ['text'] },
};
const CONTAINER: Shape = {
  name: 'text',
  image: 'text',
  command: ['text'],
  args: ['text'],
  workingDir: 'text',
  env: [ENV],
  resources: { limits: 'texts', requests: 'texts' },
  securityContext: SECURITY,
  volumeMounts: [{ name: 'text', mountPath: 'text' }],
};
const POD: Shape = {
  restartPolicy: 'text',
  terminationGracePeriodSeconds: 'whole',
  enableServiceLinks: 'flag',
  automountServiceAccountToken: 'flag',
  serviceAccountName: 'text',
  nodeSelector: 'texts',
  imagePullSecrets: [{ name: 'text' }],
  securityContext: {
    runAsNonRoot: 'flag',
    runAsUser: 'whole',
    runAsGroup: 'whole',
    fsGroup: 'whole',
    seccompProfile: { type: 'text' },
  },
  containers: [CONTAINER],
  volumes: [{ name: 'text', emptyDir: { sizeLimit: 'text' } }],
};
const JOB: Shape = {
  apiVersion: 'text',
  kind: 'text',
  metadata: META,
  spec: {
    parallelism: 'whole',
    completions: 'whole',
    backoffLimit: 'whole',
    podReplacementPolicy: 'text',
    podFailurePolicy: { rules: [{ action: 'text', onPodConditions: [{ type: 'text', status: 'text' }] }] },
    activeDeadlineSeconds: 'whole',
    ttlSecondsAfterFinished: 'whole',
    template: { metadata: META, spec: POD },
  },
};
const SECRET: Shape = {
  apiVersion: 'text',
  kind: 'text',
  metadata: META,
  immutable: 'flag',
  type: 'text',
  data: 'texts',
};

/** Refuses whatever is not in the table, as strict field validation does; of the original's fields only those in use are known. */
function checkShape(value: unknown, shape: Shape, path: string): void {
  const wrong = () => new StatusError(400, 'BadRequest', `strict decoding error: ${path || '.'}: wrong type`);
  if (shape === 'text' || shape === 'whole' || shape === 'flag') {
    const good = { text: typeof value === 'string', whole: Number.isInteger(value), flag: typeof value === 'boolean' };
    if (!good[shape]) throw wrong();
  } else if (Array.isArray(shape)) {
    if (!Array.isArray(value)) throw wrong();
    for (const [index, item] of value.entries()) checkShape(item, shape[0] as Shape, `${path}[${index}]`);
  } else {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) throw wrong();
    for (const [key, item] of Object.entries(value)) {
      const inner = shape === 'texts' ? 'text' : (shape as Record<string, Shape>)[key];
      if (inner === undefined)
        throw new StatusError(400, 'BadRequest', `strict decoding error: unknown field "${path}${path && '.'}${key}"`);
      checkShape(item, inner, `${path}${path && '.'}${key}`);
    }
  }
}

const LABEL = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/u;
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/u;
const QUANTITY = /^\d+(?:\.\d+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/u;

/** Throws what the original's validation and its restricted standard of pod security would answer, and for less than that. */
export function checkJob(job: Stored): void {
  checkShape(job, JOB, '');
  const pod = job.spec?.template?.spec ?? {};
  const [container] = pod.containers ?? [];
  const volumes = (pod.volumes ?? []).map((one: Stored) => one.name);
  const checks: [boolean, string][] = [
    [DNS_LABEL.test(job.metadata?.name ?? ''), 'metadata.name: Invalid value'],
    [
      Object.values(job.metadata.labels ?? {}).every((one) => LABEL.test(String(one))),
      'metadata.labels: Invalid value',
    ],
    [job.spec?.backoffLimit >= 0, 'spec.backoffLimit: must be greater than or equal to 0'],
    [job.spec?.activeDeadlineSeconds > 0, 'spec.activeDeadlineSeconds: must be greater than 0'],
    [job.spec?.ttlSecondsAfterFinished >= 0, 'spec.ttlSecondsAfterFinished: must be greater than or equal to 0'],
    [pod.restartPolicy === 'Never', 'spec.template.spec.restartPolicy: Required value: valid values: "Never"'],
    [pod.containers?.length === 1, 'spec.template.spec.containers: Required value'],
    [DNS_LABEL.test(container?.name ?? ''), 'spec.template.spec.containers[0].name: Required value'],
    [(container?.image ?? '') !== '', 'spec.template.spec.containers[0].image: Required value'],
    [container?.workingDir === undefined || container.workingDir.startsWith('/'), 'workingDir: must be absolute'],
    [(container?.env ?? []).every(isVariable), 'spec.template.spec.containers[0].env: Invalid value'],
    [
      Object.values(container?.resources?.limits ?? {}).every((one) => QUANTITY.test(String(one))),
      'resources.limits: quantities must match the regular expression',
    ],
    [
      (container?.volumeMounts ?? []).every((one: Stored) => volumes.includes(one.name)),
      'spec.template.spec.containers[0].volumeMounts[0].name: Not found',
    ],
  ];
  for (const [good, message] of checks)
    if (!good) throw new StatusError(422, 'Invalid', `Job.batch "${job.metadata?.name}" is invalid: ${message}`);
  const own = container.securityContext ?? {};
  const restricted =
    pod.securityContext?.runAsNonRoot === true &&
    pod.securityContext.runAsUser > 0 &&
    pod.securityContext.seccompProfile?.type === 'RuntimeDefault' &&
    own.allowPrivilegeEscalation === false &&
    own.capabilities?.drop?.join() === 'ALL';
  if (!restricted) throw new StatusError(403, 'Forbidden', 'violates PodSecurity "restricted:latest"');
}

function isVariable(one: Stored): boolean {
  if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/u.test(one.name ?? '')) return false;
  return (
    one.valueFrom === undefined ||
    (one.value === undefined && /^[-._a-zA-Z0-9]+$/u.test(one.valueFrom.secretKeyRef.key))
  );
}

/** The same for a Secret that belongs to something. */
export function checkSecret(secret: Stored): void {
  checkShape(secret, SECRET, '');
  for (const [key, value] of Object.entries(secret.data ?? {}))
    if (!/^[-._a-zA-Z0-9]+$/u.test(key) || Buffer.from(String(value), 'base64').toString('base64') !== value)
      throw new StatusError(
        422,
        'Invalid',
        `Secret "${secret.metadata?.name}" is invalid: data[${key}]: Invalid value`,
      );
  for (const owner of secret.metadata?.ownerReferences ?? [])
    if (!owner.apiVersion || !owner.kind || !owner.name || !owner.uid)
      throw new StatusError(422, 'Invalid', 'metadata.ownerReferences: Invalid value: all of them are required');
}

/** What the server fills in: the selector by which a Job finds its pods, and their labels. */
export function withSelector(job: Stored, uid: string): Stored {
  const own = { 'batch.kubernetes.io/controller-uid': uid };
  const name = job.metadata.name as string;
  const more = { ...own, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name };
  const { template } = job.spec;
  const metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...more } };
  return {
    ...job,
    metadata: { ...job.metadata, uid },
    spec: { ...job.spec, selector: { matchLabels: own }, template: { ...template, metadata } },
  };
}

/** `$(NAME)` becomes the variable, `$$` one dollar, whatever else stays: the kubelet's own rule for commands and plain values. */
export function expanded(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(?:\$|\((?<name>[^)]*)\)|[\s\S]|$)/gu, (all, name: string | undefined) => {
    if (all === '$$') return '$';
    return name === undefined ? all : (variables.get(name) ?? all);
  });
}
