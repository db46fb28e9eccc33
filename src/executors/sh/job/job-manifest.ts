import { createHash, randomBytes } from 'node:crypto';
import type { SendingOrigin } from '../../executor.ts';
import { limitsScript, type ResourceLimits } from '../resource-limits.ts';
import type { JobPlace } from './job-target.ts';

/** The container in which the script runs; sidecars may stand beside it. */
export const CONTAINER = 'step';
/** Label by which the pods of a Job are found, whatever version labels them. */
export const JOB_LABEL = 'warroom/job';
/** Tells one attempt to make a Job from another one of the same name. */
export const ATTEMPT = 'warroom/attempt';
/** The folder of the run: the only one that can be written. */
export const HOME = '/tmp';

/** Between asking the processes of a pod to end and ending them. */
const TERM_GRACE_SECONDS = 2;
/** How long Kubernetes keeps a Job that ended: for people to look at, and so that its name stays taken. */
const KEEP_SECONDS = 3_600;
/** Reading steps may be repeated every few seconds. */
const KEEP_READ_SECONDS = 60;

/** What a Job is made of. */
export type JobParts = {
  readonly name: string;
  readonly attempt: string;
  readonly origin: SendingOrigin | null;
  readonly place: JobPlace;
  readonly script: string;
  readonly shell: string;
  /** Null: in the folder of the run. */
  readonly cwd: string | null;
  readonly environment: Readonly<Record<string, string>>;
  /** Names in the environment whose values never stand in the pod. */
  readonly secretNames: ReadonlySet<string>;
  readonly limits: ResourceLimits;
  readonly timeoutMs: number;
  readonly reads: boolean;
};

/** The name of a Job: the same for the same sending of the same step run, so that Kubernetes takes it once. Random for what may be repeated. */
export function jobName(origin: SendingOrigin | null, target: string): string {
  const { run, stepRun, once } = origin ?? { run: 0, stepRun: 0, once: null };
  const known = once === null ? null : createHash('sha256').update(JSON.stringify([run, stepRun, once, target]));
  const tail = known === null ? randomBytes(6).toString('hex') : known.digest('hex').slice(0, 12);
  return origin === null ? `warroom-${tail}` : `warroom-${stepRun}-${tail}`;
}

/** The values of the Secret, or null when nothing is secret. */
export function secretManifest(parts: JobParts, uid: string): unknown {
  if (parts.secretNames.size === 0) return null;
  const data = [...parts.secretNames].map((name) => [
    name,
    Buffer.from(parts.environment[name] ?? '').toString('base64'),
  ]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: parts.name,
      namespace: parts.place.namespace,
      labels: labelsOf(parts),
      // It goes with its Job, whoever deletes that and when.
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: parts.name, uid }],
    },
    immutable: true,
    type: 'Opaque',
    data: Object.fromEntries(data),
  };
}

/**
 * A Job that runs its script at most once: no second try after a failure, no second pod for one that was taken away. Its pod meets the
 * restricted standard of pod security; a secret is a reference, without which no container starts.
 */
export function jobManifest(parts: JobParts): unknown {
  const labels = labelsOf(parts);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: parts.name, namespace: parts.place.namespace, labels, annotations: { [ATTEMPT]: parts.attempt } },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      activeDeadlineSeconds: Math.max(1, Math.ceil(parts.timeoutMs / 1_000)),
      ttlSecondsAfterFinished: parts.reads ? KEEP_READ_SECONDS : KEEP_SECONDS,
      template: {
        metadata: { labels, annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' } },
        spec: podSpec(parts),
      },
    },
  };
}

function podSpec(parts: JobParts): unknown {
  const { place } = parts;
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: TERM_GRACE_SECONDS,
    enableServiceLinks: false,
    automountServiceAccountToken: place.serviceAccount !== null,
    ...(place.serviceAccount === null ? {} : { serviceAccountName: place.serviceAccount }),
    ...(place.nodeSelector === null ? {} : { nodeSelector: place.nodeSelector }),
    ...(place.pullSecrets.length === 0 ? {} : { imagePullSecrets: place.pullSecrets.map((name) => ({ name })) }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: place.user,
      runAsGroup: place.user,
      fsGroup: place.user,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [container(parts)],
    volumes: [{ name: 'run', emptyDir: { sizeLimit: `${parts.limits.fileMb}Mi` } }],
  };
}

function container(parts: JobParts): unknown {
  const { place, script, shell } = parts;
  // A node has one count of processes for everything that runs under the same number.
  const launch = `${limitsScript({ ...parts.limits, processes: null })}\nexec "$@"`;
  const limits = Object.fromEntries(Object.entries(place.limits).filter(([, amount]) => amount !== undefined));
  return {
    name: CONTAINER,
    image: place.image,
    command: ['/bin/sh', '-c', launch, 'sh', shell, '-c', script].map(literal),
    workingDir: parts.cwd ?? HOME,
    env: Object.entries(parts.environment).map(([name, value]) =>
      parts.secretNames.has(name)
        ? { name, valueFrom: { secretKeyRef: { name: parts.name, key: name } } }
        : { name, value: literal(value) },
    ),
    ...(Object.keys(limits).length === 0 ? {} : { resources: { limits } }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: 'run', mountPath: HOME }],
  };
}

/** Kubernetes replaces `$(NAME)` in commands and plain values by variables, secret ones too, and makes one dollar of two. */
function literal(text: string): string {
  return text.replaceAll('$', '$$$$');
}

function labelsOf(parts: JobParts): Record<string, string> {
  const { origin } = parts;
  const ids = origin === null ? {} : { 'warroom/run': String(origin.run), 'warroom/step-run': String(origin.stepRun) };
  return { 'app.kubernetes.io/managed-by': 'warroom', [JOB_LABEL]: parts.name, ...ids };
}
