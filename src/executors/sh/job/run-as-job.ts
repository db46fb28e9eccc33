import type { Clock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import { KubeConnectionError } from '../../kube/kube-http.ts';
import { KubeRefusal } from '../../kube/kube-refusal.ts';
import { followLog, type LogEnd } from './follow-log.ts';
import type { JobParts } from './job-manifest.ts';
import { isPassing, JobSession, MadeBefore, PerhapsMade } from './job-session.ts';
import { hasStarted, isHopeless, type PodState } from './pod-state.ts';

/** Between two looks at the pod, in milliseconds: soon at first, then at leisure. */
const LOOK_EVERY_MS = [100, 200, 400, 800, 1_000] as const;
/** A pod that is not made within this time has a reason. */
const ASK_WHY_MS = 1_000;
/** Longest wait for the pod of a Job that was told to go. */
const GONE_MS = 30_000;
/** Longest wait for the last of the output of a container that ended. */
const LOG_MS = 5_000;
/** Longest time for taking a Secret away after the end. */
const TIDY_MS = 5_000;

/** Why a Job is not at its end by itself. */
export type Stop =
  /** From outside, by whoever gave the signal. */
  | { readonly why: 'asked' }
  /** Kubernetes has a reason not to start it. */
  | { readonly why: 'hopeless'; readonly reason: string; readonly message: string }
  /** It cannot be looked after any more. */
  | { readonly why: 'blind'; readonly message: string };

/** How it went. */
export type JobOutcome =
  | { readonly how: 'not_reached'; readonly message: string }
  | { readonly how: 'refused'; readonly reason: string; readonly message: string }
  | { readonly how: 'made_before' }
  | { readonly how: 'perhaps_made'; readonly message: string }
  | {
      readonly how: 'ended';
      readonly state: Exclude<PodState, { is: 'waiting' | 'running' }>;
      /** The script may have begun at some time. */
      readonly begun: boolean;
      readonly pods: number;
      readonly log: LogEnd;
      readonly secretLeft: boolean;
    }
  /** It was taken away. `gone`: the cluster confirmed that nothing of it is left. */
  | {
      readonly how: 'stopped';
      readonly stop: Stop;
      readonly begun: boolean;
      readonly gone: boolean;
      readonly waiting: string;
    };

export type JobWork = {
  readonly parts: JobParts;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly onOutput: (chunk: Buffer) => void;
};

/** Makes a Job, follows it to its end and takes it away when it is stopped. Never leaves one behind unsaid. */
export async function runAsJob(work: JobWork): Promise<JobOutcome> {
  const session = new JobSession(work.parts, { signal: work.signal, clock: work.clock });
  try {
    await session.make();
  } catch (error) {
    return await afterMaking(error, session, work);
  } finally {
    if (session.uid === null) session.close();
  }
  try {
    return await followJob(session, work);
  } finally {
    session.close();
  }
}

async function afterMaking(error: unknown, session: JobSession, work: JobWork): Promise<JobOutcome> {
  const message = messageOf(error);
  if (error instanceof MadeBefore) return { how: 'made_before' };
  if (session.uid === null && error instanceof KubeConnectionError) return { how: 'not_reached', message };
  if (session.uid === null && error instanceof KubeRefusal) return { how: 'refused', reason: error.reason, message };
  if (!(error instanceof PerhapsMade || isPassing(error) || error instanceof KubeRefusal)) throw error;
  const left = await removeJob(session.uid, work);
  if (session.uid === null && !left.found) return { how: 'perhaps_made', message };
  const refused = error instanceof KubeRefusal && left.gone && !left.begun;
  if (refused) return { how: 'refused', reason: error.reason, message };
  const stop: Stop = work.signal.aborted ? { why: 'asked' } : { why: 'blind', message };
  return { how: 'stopped', stop, begun: left.begun, gone: left.gone, waiting: '' };
}

/** What is known of a Job while it is followed. */
type Watch = { begun: boolean; state: PodState; since: number; log: Promise<LogEnd> | null };

async function followJob(session: JobSession, work: JobWork): Promise<JobOutcome> {
  const { clock } = work;
  // The output is followed while the Job is being taken away as well: what it says last is worth knowing.
  const ended = new AbortController();
  const watch: Watch = { begun: false, state: WAITING, since: clock.monotonicMs(), log: null };
  const isOver = () => !['waiting', 'running'].includes(watch.state.is);
  try {
    const stop = await untilEnd(session, work, watch, () => {
      const { state } = watch;
      if (watch.log !== null || (state.is !== 'running' && state.is !== 'exited')) return;
      const use = { signal: ended.signal, clock, ended: isOver, onChunk: work.onOutput };
      watch.log = followLog(session, state.pod, use);
    });
    if (stop === null) return await afterEnd(session, work, watch);
    const left = await removeJob(session.uid, work);
    const waiting = watch.state.is === 'waiting' ? sentence(watch.state) : '';
    return { how: 'stopped', stop, begun: watch.begun || left.begun, gone: left.gone, waiting };
  } finally {
    ended.abort();
    await watch.log;
  }
}

const WAITING: PodState = { is: 'waiting', reason: 'NoPod', message: '' };

/** Looks until it is over: null for an end of its own, otherwise why it has to be taken away. */
async function untilEnd(session: JobSession, work: JobWork, watch: Watch, onLook: () => void): Promise<Stop | null> {
  const { clock, signal } = work;
  for (let looks = 0; ; looks += 1) {
    if (signal.aborted) return { why: 'asked' };
    try {
      const state = await seen(session, watch, clock);
      onLook();
      if (state.is !== 'waiting' && state.is !== 'running') return null;
      if (state.is === 'waiting' && isHopeless(state.reason, clock.monotonicMs() - watch.since)) {
        const { reason, message } = state;
        return { why: 'hopeless', reason, message };
      }
    } catch (error) {
      if (signal.aborted) return { why: 'asked' };
      if (error instanceof KubeRefusal && !isPassing(error)) return { why: 'blind', message: error.message };
      if (!isPassing(error)) throw error;
    }
    await clock.sleep(LOOK_EVERY_MS[looks] ?? 1_000, signal).catch(() => undefined);
  }
}

async function seen(session: JobSession, watch: Watch, clock: Clock): Promise<PodState> {
  let state = await session.look();
  const forMs = clock.monotonicMs() - watch.since;
  if (
    state.is === 'waiting' &&
    state.reason === 'NoPod' &&
    (forMs > ASK_WHY_MS || reasonOf(watch.state) === 'FailedCreate')
  ) {
    const why = await session.whyNoPod();
    if (why !== null) state = { is: 'waiting', reason: 'FailedCreate', message: why };
  }
  const same = state.is === watch.state.is && reasonOf(state) === reasonOf(watch.state);
  if (!same) watch.since = clock.monotonicMs();
  watch.state = state;
  watch.begun ||= hasStarted(state);
  return state;
}

async function afterEnd(session: JobSession, work: JobWork, watch: Watch): Promise<JobOutcome> {
  const { state } = watch;
  if (state.is === 'waiting' || state.is === 'running') throw new TypeError('it is not over');
  // Its pods are ended by Kubernetes itself: that is waited for, as if it had been told from here.
  if (state.is === 'failed' && state.reason === 'DeadlineExceeded') {
    const left = await removeJob(session.uid, work);
    return { how: 'stopped', stop: { why: 'asked' }, begun: true, gone: left.gone, waiting: '' };
  }
  const log = await within(LOG_MS, work.clock, watch.log ?? Promise.resolve({ complete: true, reason: null }));
  const secretLeft = !(await isSecretGone(work, session.uid));
  const ended = { begun: watch.begun, pods: session.pods.size, log: log ?? { complete: false, reason: null } };
  return { how: 'ended', state, ...ended, secretLeft };
}

async function isSecretGone(work: JobWork, uid: string | null): Promise<boolean> {
  if (work.parts.secretNames.size === 0) return true;
  return (await withSession(work, { uid, ms: TIDY_MS }, (session) => session.removeSecret().then(() => true))) ?? false;
}

type Left = { readonly found: boolean; readonly begun: boolean; readonly gone: boolean };

/** Deletes the Job and waits until nothing of it is left, for a limited time and whatever was cancelled before. */
async function removeJob(uid: string | null, work: JobWork): Promise<Left> {
  const left = { found: uid !== null, begun: false, gone: false };
  await withSession(work, { uid, ms: GONE_MS }, async (session, signal) => {
    let told = false;
    for (let looks = 0; !signal.aborted && !left.gone; looks += 1) {
      try {
        if (!told) left.found = (await session.remove()) || left.found;
        told = true;
        if (!left.found) return;
        left.begun ||= hasStarted(await session.look());
        left.gone = await session.isGone();
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
      if (!left.gone) await work.clock.sleep(LOOK_EVERY_MS[looks] ?? 500, signal).catch(() => undefined);
    }
  });
  return left;
}

/** A session whose time is its own; null when it was over before, or the cluster refused. */
async function withSession<T>(
  work: JobWork,
  use: { uid: string | null; ms: number },
  act: (session: JobSession, signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const over = new AbortController();
  const done = new AbortController();
  work.clock.sleep(use.ms, done.signal).then(
    () => over.abort(),
    () => undefined, // it was done first
  );
  const session = new JobSession(work.parts, { signal: over.signal, clock: work.clock });
  session.uid = use.uid;
  try {
    return await act(session, over.signal);
  } catch (error) {
    if (error instanceof KubeRefusal || error instanceof KubeConnectionError) return null;
    throw error;
  } finally {
    done.abort();
    session.close();
  }
}

async function within<T>(ms: number, clock: Clock, work: Promise<T>): Promise<T | null> {
  const done = new AbortController();
  try {
    return await Promise.race([
      work,
      clock.sleep(ms, done.signal).then(
        () => null,
        () => null,
      ),
    ]);
  } finally {
    done.abort();
  }
}

function reasonOf(state: PodState): string {
  return state.is === 'waiting' ? state.reason : '';
}

function sentence({ reason, message }: { reason: string; message: string }): string {
  return message === '' ? reason : `${reason}: ${message}`;
}
