import type { Clock } from '../../../lib/clock.ts';
import { knownType } from '../../kube/known-types.ts';
import { KubeConnectionError } from '../../kube/kube-http.ts';
import { at, itemsOf, type KubeObject, textAt } from '../../kube/kube-object.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import { KubeSession } from '../../kube/kube-session.ts';
import { guardJob } from './job-guard.ts';
import { ATTEMPT, JOB_LABEL, type JobParts, jobManifest, secretManifest } from './job-manifest.ts';
import { isPodOf, type PodState, podState } from './pod-state.ts';

/** Tries to make an object before nobody knows whether it was made. */
const TRIES = 4;
const RETRY_MS = 300;

/** Whether it was made is not known: the answers did not come. */
export class PerhapsMade extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'PerhapsMade';
  }
}

/** This step run made its Job before: it is not started once more. */
export class MadeBefore extends Error {
  constructor(name: string) {
    super(`the Job ${name} exists already`);
    this.name = 'MadeBefore';
  }
}

/** True for an error after which nobody knows what the server did, or that passes by itself. */
export function isPassing(error: unknown): boolean {
  if (error instanceof KubeConnectionError) return true;
  return error instanceof KubeRefusal && (error.status >= 500 || error.status === 429);
}

/** What one Job is made, looked at and taken away with. */
export class JobSession {
  readonly #parts: JobParts;
  readonly #session: KubeSession;
  readonly #clock: Clock;
  /** Pods of this Job that were ever seen. */
  readonly pods = new Set<string>();
  uid: string | null = null;

  constructor(parts: JobParts, use: { signal: AbortSignal; clock: Clock }) {
    const { cluster, namespace } = parts.place;
    this.#parts = parts;
    this.#clock = use.clock;
    const guard = guardJob({ namespace, name: parts.name });
    this.#session = new KubeSession({ place: cluster, mode: 'change', guard, ...use });
  }

  close(): void {
    this.#session.close();
  }

  /**
   * Makes the Job and then its Secret, for which the container waits. Throws MadeBefore, PerhapsMade, KubeRefusal (also for a server
   * that would start it twice), or KubeConnectionError when the server was never reached.
   */
  async make(): Promise<void> {
    const job = await this.#create('jobs', jobManifest(this.#parts), () => this.#ownJob());
    this.uid = textAt(job, 'metadata', 'uid');
    // A server that does not know the line leaves it out without a word.
    if (!this.#parts.reads && at(job, 'spec', 'podReplacementPolicy') !== 'Failed')
      throw new KubeRefusal(400, 'Invalid', 'this version may start a Job a second time, 1.29 or newer is needed');
    const secret = secretManifest(this.#parts, this.uid);
    // One of that name can only be ours: it is named like the Job, which is.
    if (secret !== null) await this.#create('secrets', secret, async () => ({}));
  }

  /** The Job of this name, when it was this attempt that made it and only the answer was lost. */
  async #ownJob(): Promise<KubeObject> {
    let found: KubeObject | null;
    try {
      found = await this.#unlessGone({ ...this.#own('jobs'), method: 'GET' });
    } catch (error) {
      throw isPassing(error) ? new PerhapsMade(error) : error;
    }
    if (found?.metadata?.annotations?.[ATTEMPT] === this.#parts.attempt) return found;
    throw new MadeBefore(this.#parts.name);
  }

  /** Asks until there is an answer: an object of one name is made once, however often it is asked for. */
  async #create(plural: 'jobs' | 'secrets', body: unknown, present: () => Promise<KubeObject>): Promise<KubeObject> {
    const { name: _, ...place } = this.#own(plural);
    const query = [['fieldManager', 'warroom'] as const, ['fieldValidation', 'Strict'] as const];
    let perhaps = false;
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#session.ask({ ...place, method: 'POST', query, body });
      } catch (error) {
        if (error instanceof KubeRefusal && error.status === 409) return await present();
        if (!isPassing(error)) throw error;
        perhaps ||= !(error instanceof KubeConnectionError && !error.sent);
        if (!perhaps) throw error;
        if (this.#session.signal.aborted || tried === TRIES) throw new PerhapsMade(error);
        await this.#clock.sleep(RETRY_MS * tried, this.#session.signal).catch(() => undefined);
      }
    }
  }

  /** How things stand. Throws KubeRefusal or KubeConnectionError. */
  async look(): Promise<PodState> {
    const [job, pods] = [await this.#job(), await this.#pods()];
    return podState(job, pods.at(-1) ?? null);
  }

  /** Why Kubernetes makes no pod, in its own words; null when it does not say, or may not be asked. */
  async whyNoPod(): Promise<string | null> {
    const { name: _, ...place } = this.#own('events');
    const query = [['fieldSelector', `involvedObject.name=${this.#parts.name}`] as const];
    try {
      const list = await this.#session.ask({ ...place, method: 'GET', query });
      const events = itemsOf(list, { apiVersion: 'v1', kind: 'Event' });
      const found = events.findLast((event) => textAt(event, 'reason') === 'FailedCreate');
      return found === undefined ? null : textAt(found, 'message');
    } catch (error) {
      if (error instanceof KubeRefusal || error instanceof KubeConnectionError) return null;
      throw error;
    }
  }

  /** The container's output from its beginning, as it comes. Throws KubeRefusal or KubeConnectionError. */
  async log(pod: string, container: string, use: { signal: AbortSignal; onChunk: (chunk: Buffer) => void }) {
    const query = [['container', container] as const, ['follow', 'true'] as const];
    await this.#session.follow({ ...this.#own('pods'), name: pod, method: 'GET', subresource: 'log', query }, use);
  }

  /** Begins to delete the Job with whatever belongs to it. False when there was none. Throws as `look` does. */
  async remove(): Promise<boolean> {
    const preconditions = this.uid === null ? {} : { preconditions: { uid: this.uid } };
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground', ...preconditions };
    return (await this.#unlessGone({ ...this.#own('jobs'), method: 'DELETE', body })) !== null;
  }

  /** Deletes the Secret: nobody needs it once the script ended. Throws as `look` does. */
  async removeSecret(): Promise<void> {
    if (this.#parts.secretNames.size > 0) await this.#unlessGone({ ...this.#own('secrets'), method: 'DELETE' });
  }

  /** True when neither the Job nor a pod of it is left. Throws as `look` does. */
  async isGone(): Promise<boolean> {
    return (await this.#job()) === null && (await this.#pods()).length === 0;
  }

  async #job(): Promise<KubeObject | null> {
    const job = await this.#unlessGone({ ...this.#own('jobs'), method: 'GET' });
    return job !== null && (this.uid === null || job.metadata?.uid === this.uid) ? job : null;
  }

  async #pods(): Promise<KubeObject[]> {
    const { name: _, ...place } = this.#own('pods');
    const query = [['labelSelector', `${JOB_LABEL}=${this.#parts.name}`] as const];
    const list = await this.#session.ask({ ...place, method: 'GET', query });
    const pods = itemsOf(list, { apiVersion: 'v1', kind: 'Pod' }).filter(
      (pod) => this.uid === null || isPodOf(pod, this.uid),
    );
    for (const pod of pods) this.pods.add(pod.metadata?.uid ?? '');
    const made = (pod: KubeObject) => pod.metadata?.creationTimestamp ?? '';
    return pods.sort((a, b) => (made(a) < made(b) ? -1 : 1));
  }

  async #unlessGone(request: Parameters<KubeSession['ask']>[0]): Promise<KubeObject | null> {
    try {
      return await this.#session.ask(request);
    } catch (error) {
      if (error instanceof KubeRefusal && error.status === 404) return null;
      throw error;
    }
  }

  #own(plural: string) {
    const { name, place } = this.#parts;
    const group = plural === 'jobs' ? 'batch' : '';
    return { resource: knownType(plural, group), namespace: place.namespace, name };
  }
}
