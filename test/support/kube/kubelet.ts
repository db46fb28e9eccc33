import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expanded } from './job-rules.ts';
import { type Change, type Store, type Stored, typeOf } from './store.ts';

type Running = {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly output: Buffer[];
  readonly news: EventEmitter;
  over: boolean;
  oom: boolean;
};

const PAUSE_MS = 20;
const IMAGE_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', OF_THE_IMAGE: 'yes', HOSTNAME: 'pod' };

/**
 * The controller of Jobs and the one node of an imitated cluster: makes a pod for a Job and really runs its command as a process of this
 * machine, so that exit codes, output and ends are real. Images whose names begin with `missing/` cannot be pulled.
 */
export class Kubelet {
  readonly #store: Store;
  readonly #running = new Map<string, Running>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Containers started so far, by name of the Job. */
  readonly started: string[] = [];
  /** A node that does not answer: pods that are told to go stay. */
  frozen = false;

  constructor(store: Store) {
    this.#store = store;
    store.changes.on('change', ({ event, type, object }: Change) => {
      if (type.plural === 'jobs' && event === 'ADDED') this.#later(() => this.#makePod(object));
      if (type.plural === 'jobs' && event === 'ADDED')
        this.#later(() => this.passDeadline(object), object.spec.activeDeadlineSeconds * 1_000);
      if (type.plural === 'pods' && event === 'DELETED') this.#kill(object);
    });
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { child, folder } of this.#running.values()) {
      signal(child, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** The output of a container that was started here, and whether more may come; null for others. */
  outputOf(pod: Stored): Pick<Running, 'output' | 'news' | 'over'> | null {
    return this.#running.get(pod.metadata.uid) ?? null;
  }

  /** As the API deletes a pod: it is asked to go, gets its grace, is ended, and then it is gone. False for pods of other controllers. */
  terminate(pod: Stored): boolean {
    const live = this.#live(pod);
    if (live === null || !live.metadata.labels?.['job-name']) return false;
    if (live.metadata.deletionTimestamp !== undefined) return true;
    const deletionTimestamp = this.#store.now().toISOString();
    this.#put({ ...live, metadata: { ...live.metadata, deletionTimestamp } });
    if (this.frozen) return true;
    const running = this.#running.get(pod.metadata.uid);
    if (running === undefined || running.over) {
      this.#later(() => this.#remove(pod));
      return true;
    }
    // The first process of a container is not ended by a signal that it does not handle.
    if (handlesTerm(running.child)) signal(running.child, 'SIGTERM', 'alone');
    this.#later(() => signal(running.child, 'SIGKILL'), (live.spec.terminationGracePeriodSeconds ?? 30) * 1_000);
    return true;
  }

  /** Foreground deletion: the Job goes when its pods are gone. */
  removeJob(job: Stored): void {
    const live = this.#job(job);
    if (live === null || live.metadata.deletionTimestamp !== undefined) return;
    const deletionTimestamp = this.#store.now().toISOString();
    this.#store.put(
      typeOf('jobs'),
      { ...live, metadata: { ...live.metadata, deletionTimestamp, finalizers: ['foregroundDeletion'] } },
      'MODIFIED',
    );
    for (const pod of this.#podsOf(job)) this.terminate(pod);
    const look = () => {
      if (this.#podsOf(job).length > 0) this.#later(look, PAUSE_MS);
      else if (this.#job(job) !== null) this.#store.remove(typeOf('jobs'), live);
    };
    this.#later(look);
  }

  /** The node needs its memory for others. */
  evict(pod: Stored): void {
    const message = 'The node was low on resource: memory.';
    const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message }];
    this.#status(pod, { phase: 'Failed', reason: 'Evicted', message, conditions });
    const running = this.#running.get(pod.metadata.uid);
    if (running) signal(running.child, 'SIGKILL');
  }

  /** The kernel ends the processes of a pod that took too much memory. */
  takeMemory(pod: Stored): void {
    const running = this.#running.get(pod.metadata.uid);
    if (running === undefined) return;
    running.oom = true;
    signal(running.child, 'SIGKILL');
  }

  #makePod(job: Stored): void {
    const live = this.#job(job);
    if (live === null || live.metadata.deletionTimestamp !== undefined) return;
    const { template } = live.spec;
    const { namespace, name, uid } = live.metadata;
    const account = template.spec.serviceAccountName as string | undefined;
    const accounts = this.#store.list(typeOf('serviceaccounts'), namespace).map((one) => one.metadata.name as string);
    if (account !== undefined && !accounts.includes(account)) {
      this.#cannotCreate(live, `error looking up service account ${namespace}/${account}: not found`);
      return;
    }
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true, blockOwnerDeletion: true };
    const pod = this.#store.create(
      typeOf('pods', ''),
      namespace,
      {
        metadata: {
          ...template.metadata,
          name: `${name}-${Math.random().toString(36).slice(2, 7).padEnd(5, 'x')}`,
          ownerReferences: [owner],
        },
        spec: template.spec,
        status: { phase: 'Pending' },
      },
      false,
    );
    this.#jobStatus(live, { active: 1, ready: 0, startTime: this.#store.now().toISOString() });
    this.#later(() => this.#schedule(pod));
  }

  #cannotCreate(job: Stored, message: string): void {
    const { name, namespace, uid } = job.metadata;
    const now = this.#store.now().toISOString();
    const times = { count: 1, firstTimestamp: now, lastTimestamp: now, source: { component: 'job-controller' } };
    const involvedObject = { kind: 'Job', name, namespace, uid };
    const event = { metadata: { name: `${name}.1` }, involvedObject, type: 'Warning', reason: 'FailedCreate' };
    const body = { ...event, ...times, message: `Error creating: ${message}` };
    this.#store.create(typeOf('events', ''), namespace, body, false);
  }

  #schedule(pod: Stored): void {
    const wanted = Object.entries((pod.spec.nodeSelector ?? {}) as Record<string, string>);
    const nodes = this.#store.list(typeOf('nodes', ''), null);
    const fits = nodes.some(({ metadata }) => wanted.every(([key, value]) => metadata.labels?.[key] === value));
    if (!fits) {
      const message = `0/${nodes.length} nodes are available: ${nodes.length} node(s) didn't match Pod's node affinity/selector.`;
      const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
      this.#status(pod, { phase: 'Pending', conditions: [condition] });
      return;
    }
    const [container] = pod.spec.containers;
    if (String(container.image).startsWith('missing/')) {
      this.#waiting(pod, 'ErrImagePull', 'rpc error: code = NotFound');
      this.#later(() => this.#waiting(pod, 'ImagePullBackOff', `Back-off pulling image "${container.image}"`), 60);
      return;
    }
    this.#waiting(pod, 'ContainerCreating', '');
    this.#later(() => this.#start(pod));
  }

  #start(pod: Stored): void {
    const live = this.#live(pod);
    if (live === null || live.metadata.deletionTimestamp !== undefined) return;
    const [container] = pod.spec.containers;
    const variables = this.#variables(pod, container.env ?? []);
    if (typeof variables === 'string') {
      this.#waiting(pod, 'CreateContainerConfigError', variables);
      this.#later(() => this.#start(pod), 50);
      return;
    }
    const [program = '', ...args] = (container.command as string[]).map((word) => expanded(word, variables));
    const folder = mkdtempSync(path.join(tmpdir(), 'warroom-pod-'));
    // What is mounted there belongs to the pod alone.
    const mounted = container.volumeMounts?.some((one: Stored) => one.mountPath === container.workingDir);
    const child = spawn(program, args, {
      cwd: mounted ? folder : container.workingDir,
      env: { ...IMAGE_ENVIRONMENT, ...Object.fromEntries(variables) },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running: Running = { child, folder, output: [], news: new EventEmitter(), over: false, oom: false };
    this.#running.set(pod.metadata.uid, running);
    this.started.push(pod.metadata.labels['job-name']);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        running.output.push(chunk);
        running.news.emit('chunk', chunk);
      });
    child.once('error', (error) =>
      this.#ended(pod, running, { exitCode: 128, reason: 'StartError', message: error.message }),
    );
    child.once('spawn', () => this.#containerState(pod, { running: { startedAt: this.#now() } }, 'Running'));
    // With the first process all others of a container end.
    child.once('exit', () => signal(child, 'SIGKILL'));
    child.once('close', (code, name) => {
      const exitCode = code ?? 128 + (name === 'SIGKILL' ? 9 : name === 'SIGTERM' ? 15 : name === 'SIGXCPU' ? 24 : 6);
      const reason = running.oom ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
      this.#ended(pod, running, { exitCode, reason });
    });
  }

  /** The environment, or why the container cannot be made yet. */
  #variables(pod: Stored, env: readonly Stored[]): Map<string, string> | string {
    const variables = new Map<string, string>();
    for (const { name, value, valueFrom } of env) {
      const reference = valueFrom?.secretKeyRef as { name: string; key: string } | undefined;
      if (reference === undefined) {
        variables.set(name, expanded(value ?? '', variables));
        continue;
      }
      const secret = this.#store
        .list(typeOf('secrets'), pod.metadata.namespace)
        .find((one) => one.metadata.name === reference.name);
      if (secret === undefined) return `secret "${reference.name}" not found`;
      const data = secret.data?.[reference.key] as string | undefined;
      if (data === undefined) return `couldn't find key ${reference.key} in Secret`;
      variables.set(name, Buffer.from(data, 'base64').toString('utf8'));
    }
    return variables;
  }

  #ended(pod: Stored, running: Running, terminated: { exitCode: number; reason: string; message?: string }): void {
    if (running.over) return;
    running.over = true;
    rmSync(running.folder, { recursive: true, force: true });
    const good = terminated.exitCode === 0;
    this.#containerState(
      pod,
      { terminated: { ...terminated, finishedAt: this.#now() } },
      good ? 'Succeeded' : 'Failed',
    );
    running.news.emit('end');
    if (this.#live(pod)?.metadata.deletionTimestamp !== undefined) this.#later(() => this.#remove(pod), PAUSE_MS);
    const job = this.#jobOf(pod);
    if (job === null || job.metadata.deletionTimestamp !== undefined || job.status?.conditions !== undefined) return;
    if (good) {
      const condition = { type: 'Complete', status: 'True', reason: 'CompletionsReached' };
      this.#jobStatus(job, { active: 0, succeeded: 1, completionTime: this.#now(), conditions: [condition] });
    } else this.#failJob(job, 'BackoffLimitExceeded', 'Job has reached the specified backoff limit');
    this.#later(() => this.#expire(job), job.spec.ttlSecondsAfterFinished * 1_000);
  }

  #failJob(job: Stored, reason: string, message: string): void {
    const condition = { type: 'Failed', status: 'True', reason, message };
    this.#jobStatus(job, { active: 0, failed: 1, conditions: [condition] });
  }

  /** The Job was active for as long as it may. */
  passDeadline(job: Stored): void {
    const live = this.#job(job);
    if (live === null || live.status?.conditions !== undefined || live.metadata.deletionTimestamp !== undefined) return;
    this.#failJob(live, 'DeadlineExceeded', 'Job was active longer than specified deadline');
    for (const pod of this.#podsOf(job)) this.terminate(pod);
  }

  #expire(job: Stored): void {
    const live = this.#job(job);
    if (live !== null) this.#store.remove(typeOf('jobs'), live);
  }

  /** A pod is gone. Unless a Job says otherwise, another one is made at once for one that was taken away. */
  #remove(pod: Stored): void {
    const live = this.#live(pod);
    if (live !== null) this.#store.remove(typeOf('pods', ''), live);
  }

  #kill(pod: Stored): void {
    const running = this.#running.get(pod.metadata.uid);
    if (running && !running.over) signal(running.child, 'SIGKILL');
  }

  /** As the controller does on seeing a pod that is going: without `podReplacementPolicy: Failed` it makes the next one at once. */
  replaceIfAllowed(pod: Stored): void {
    const job = this.#jobOf(pod);
    if (job === null || job.spec.podReplacementPolicy === 'Failed' || job.metadata.deletionTimestamp !== undefined)
      return;
    this.#makePod(job);
  }

  #waiting(pod: Stored, reason: string, message: string): void {
    this.#containerState(pod, { waiting: { reason, ...(message === '' ? {} : { message }) } }, 'Pending');
  }

  #containerState(pod: Stored, state: Stored, phase: string): void {
    const [{ name, image }] = pod.spec.containers;
    const ready = state.running !== undefined;
    const before = this.#live(pod)?.status;
    const kept = before?.reason === 'Evicted' ? { phase: before.phase } : { phase };
    this.#status(pod, { ...kept, containerStatuses: [{ name, image, state, ready, restartCount: 0 }] });
  }

  #status(pod: Stored, status: Stored): void {
    const live = this.#live(pod);
    if (live !== null) this.#put({ ...live, status: { ...live.status, ...status } });
  }

  #jobStatus(job: Stored, status: Stored): void {
    const live = this.#job(job);
    if (live !== null) this.#store.put(typeOf('jobs'), { ...live, status: { ...live.status, ...status } }, 'MODIFIED');
  }

  #put(pod: Stored): void {
    this.#store.put(typeOf('pods', ''), pod, 'MODIFIED');
  }

  #live(pod: Stored): Stored | null {
    const found = this.#store.list(typeOf('pods', ''), pod.metadata.namespace);
    return found.find((one) => one.metadata.uid === pod.metadata.uid) ?? null;
  }

  #job(job: Stored): Stored | null {
    const found = this.#store.list(typeOf('jobs'), job.metadata.namespace);
    return found.find((one) => one.metadata.uid === job.metadata.uid) ?? null;
  }

  #jobOf(pod: Stored): Stored | null {
    const uid = pod.metadata.ownerReferences?.[0]?.uid;
    return this.#job({ metadata: { namespace: pod.metadata.namespace, uid } });
  }

  #podsOf(job: Stored): Stored[] {
    return this.#store
      .list(typeOf('pods', ''), job.metadata.namespace)
      .filter((pod) => pod.metadata.ownerReferences?.some((owner: Stored) => owner.uid === job.metadata.uid));
  }

  #now(): string {
    return this.#store.now().toISOString();
  }

  #later(act: () => void, ms = 5): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms).unref();
    this.#timers.add(timer);
  }
}

function signal(child: ChildProcess, name: NodeJS.Signals, whom: 'group' | 'alone' = 'group'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(whom === 'group' ? -child.pid : child.pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Whether a process has a handler for SIGTERM (bit 15 of SigCgt). */
function handlesTerm(child: ChildProcess): boolean {
  try {
    const caught = /^SigCgt:\s*(?<mask>[0-9a-f]+)/mu.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
    return (BigInt(`0x${caught?.groups?.mask ?? '0'}`) & 0x4000n) !== 0n;
  } catch {
    return false;
  }
}
