import { randomBytes } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { cleanupScript, launcher, type RemoteCleanup, remoteCommand, remoteFolder } from './remote-script.ts';
import type { ScriptEnd, ScriptWork } from './run-script.ts';
import type { SshPlace } from './sh-target.ts';
import { openSsh, type SshSession } from './ssh-session.ts';

/** Between asking the processes of a script to end and ending them, in milliseconds. */
const TERM_GRACE_MS = 2_000;
/** After its processes were ended a machine reports the end of the command at once. */
const REPORT_MS = 500;
/** Longest time for telling a machine to end what runs there. */
const CLEANUP_MS = 5_000;

/** How it ended on the other machine, and whether that machine confirmed that nothing of it runs any more. */
export type RemoteScriptEnd = ScriptEnd & { readonly tidied: boolean };

/** Nothing was started: the machine was not reached or did not let us in. */
export class NotReached extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'NotReached';
  }
}

/**
 * Runs a script on another machine: script and values travel as input, never as a command line; group, folder and limits as on this one.
 * Throws NotReached when nothing was started, ConnectionLost when nobody knows how it ended.
 */
export async function runOverSsh(work: ScriptWork, place: SshPlace): Promise<RemoteScriptEnd> {
  let session: SshSession;
  try {
    session = await openSsh(place, work.signal);
  } catch (error) {
    throw new NotReached(error);
  }
  const token = randomBytes(16).toString('hex');
  const ended = new AbortController();
  let stopping: Promise<boolean> | null = null;
  const stop = () => {
    stopping = endProcesses(session, { token, clock: work.clock, ended: ended.signal });
  };
  if (work.signal.aborted) stop();
  else work.signal.addEventListener('abort', stop, { once: true });
  try {
    const input = launcher({ ...work, token, environment: work.environment(remoteFolder(token)) });
    const running = session.run(remoteCommand(token), { input, onOutput: work.onOutput });
    running.catch(() => undefined); // a stop may be answered first
    const end = await Promise.race([running, afterStop({ ...work, ended: ended.signal }, () => stopping)]);
    ended.abort();
    const tidied = await (stopping ?? clean(session, { token, how: 'tidy', clock: work.clock }));
    return { ...end, tidied };
  } finally {
    ended.abort();
    work.signal.removeEventListener('abort', stop);
    session.close();
  }
}

/** The end as far as it is known once a stop is through, for a machine that never says how the command itself ended. */
async function afterStop(
  use: { signal: AbortSignal; clock: Clock; ended: AbortSignal },
  stopping: () => Promise<boolean> | null,
): Promise<ScriptEnd> {
  if (!use.signal.aborted)
    await new Promise<void>((resolve) => use.signal.addEventListener('abort', () => resolve(), { once: true }));
  await stopping();
  await use.clock.sleep(REPORT_MS, use.ended).catch(() => undefined);
  return { exitCode: null, signal: null };
}

async function endProcesses(
  session: SshSession,
  use: { token: string; clock: Clock; ended: AbortSignal },
): Promise<boolean> {
  await clean(session, { ...use, how: 'ask' });
  await use.clock.sleep(TERM_GRACE_MS, use.ended).catch(() => undefined); // it ended in time
  return await clean(session, { ...use, how: 'end' });
}

/** True when the machine said that it is done. */
async function clean(session: SshSession, use: { token: string; how: RemoteCleanup; clock: Clock }): Promise<boolean> {
  let said = '';
  const late = new AbortController();
  try {
    await Promise.race([
      session.run('exec env -i /bin/sh', {
        input: cleanupScript(use.token, use.how),
        onOutput: (stream, chunk) => {
          if (stream === 'stdout') said += chunk.toString('latin1');
        },
      }),
      use.clock.sleep(CLEANUP_MS, late.signal),
    ]);
  } catch {
    return false; // the connection is gone
  } finally {
    late.abort();
  }
  return said.trim().endsWith('done');
}
