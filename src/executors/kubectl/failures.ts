import { UserError } from '../../lib/errors.ts';
import { KubeConnectionError } from '../kube/kube-http.ts';
import { KubeRefusal } from '../kube/kube-refusal.ts';
import type { KubeSession } from '../kube/kube-session.ts';
import type { Limits } from '../limits.ts';
import { type Findings, stopped } from '../results.ts';
import { CommandFailure } from './command.ts';

/** The API server gave up waiting for itself: what was asked may have happened. */
const GAVE_UP = new Set([502, 503, 504]);

/** What is known after something went wrong, in one sentence. Errors of our own are thrown on. */
export function afterFailure(error: unknown, use: { session: KubeSession; limits: Limits; target: string }): Findings {
  const { session, limits, target } = use;
  const done = session.confirmed > 0 && session.mode === 'change';
  const before = done
    ? ` Before that, ${session.confirmed} change${session.confirmed === 1 ? '' : 's'} had been made.`
    : '';
  if (error instanceof CommandFailure) return { status: 'failed', value: error.value, error: error.message };
  if (error instanceof UserError) {
    if (session.requests === 0) throw error;
    return { status: done ? 'failed' : 'refused', error: `${error.message}${before}` };
  }
  if (error instanceof KubeRefusal) {
    if (session.mode === 'change' && session.pendingChange && GAVE_UP.has(error.status)) return unknownOutcome();
    const reason = error.reason === '' ? String(error.status) : error.reason;
    return {
      status: 'failed',
      error: `Kubernetes answered ${reason}: ${error.message.replace(/[.\s]+$/u, '')}.${before}`,
    };
  }
  if (session.mode === 'change' && session.pendingChange && !(error instanceof KubeConnectionError && !error.sent))
    return unknownOutcome();
  if (limits.reason())
    return stopped(limits, done ? 'what had been changed until then stays changed.' : 'the connection was closed.');
  if (error instanceof KubeConnectionError) {
    const reason = error.message.replace(/[.\s]+$/u, '');
    const cure = error.tooLarge ? 'ask for less' : 'check that it runs and that the address is right';
    return {
      status: 'failed',
      error: `The cluster of target ${target} did not answer at ${session.place.server.origin} (${reason}): ${cure}.${before}`,
    };
  }
  throw error;
}

function unknownOutcome(): Findings {
  return {
    status: 'unknown',
    error:
      'The change was sent, but Kubernetes did not confirm it: it may or may not have happened, look before you run it again.',
  };
}
