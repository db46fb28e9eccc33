import { createHash, timingSafeEqual } from 'node:crypto';
import type { Client, ClientChannel, ServerHostKeyAlgorithm } from 'ssh2';
import { systemClock } from '../../lib/clock.ts';
import { unlessAborted } from '../limits.ts';
import type { SshPlace } from './sh-target.ts';

/** How long a machine may take to answer and to let us in, in milliseconds. */
const READY_TIMEOUT_MS = 10_000;
/** A connection on which nothing comes back for three of these is lost. */
const KEEPALIVE_MS = 5_000;
/** After the end of a command its output may still be held open by something that it left in the background. */
const OUTPUT_GRACE_MS = 500;

/** How a command on another machine ended. */
export type RemoteEnd = { readonly exitCode: number | null; readonly signal: string | null };

/** The connection went away before the machine said how the command ended. */
export class ConnectionLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConnectionLost';
  }
}

/** The machine showed another key than the pinned one: nothing was sent to it. */
export class WrongHostKey extends Error {
  constructor(offered: string) {
    super(`it shows the host key ${offered}, which is not the pinned one`);
    this.name = 'WrongHostKey';
  }
}

/** One connection to a machine whose key is pinned. No agent, no forwarding, no password, no terminal. */
export class SshSession {
  readonly #client: Client;
  #failure: Error | null = null;

  constructor(client: Client) {
    this.#client = client;
    client.on('error', (error: Error) => {
      this.#failure ??= error;
    });
  }

  /** Runs one command with that input and settles when it ended. Throws ConnectionLost when nobody says how. */
  async run(
    command: string,
    use: { input: string; onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void },
  ): Promise<RemoteEnd> {
    const channel = await this.#open(command);
    channel.on('data', (chunk: Buffer) => use.onOutput?.('stdout', chunk));
    channel.stderr.on('data', (chunk: Buffer) => use.onOutput?.('stderr', chunk));
    channel.on('error', () => undefined); // the close of the connection says the same
    return await new Promise<RemoteEnd>((resolve, reject) => {
      let end: RemoteEnd | null = null;
      const grace = new AbortController();
      const settle = () => {
        grace.abort();
        if (end) resolve(end);
        else reject(new ConnectionLost(this.#failure?.message ?? 'the connection was closed'));
      };
      channel.on('exit', (code: number | null, signal?: string) => {
        end = { exitCode: code, signal: code === null && signal ? `SIG${signal.replace(/^SIG/u, '')}` : null };
        systemClock.sleep(OUTPUT_GRACE_MS, grace.signal).then(
          () => channel.destroy(),
          () => undefined,
        );
      });
      channel.once('close', settle);
      this.#client.once('close', settle);
      channel.end(use.input);
    });
  }

  close(): void {
    this.#client.end();
    this.#client.destroy();
  }

  #open(command: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      const lost = () => reject(new ConnectionLost(this.#failure?.message ?? 'the connection was closed'));
      this.#client.once('close', lost);
      try {
        this.#client.exec(command, { pty: false, x11: false }, (error, channel) => {
          this.#client.off('close', lost);
          if (error) reject(error);
          else resolve(channel);
        });
      } catch (error) {
        reject(error instanceof Error ? error : new ConnectionLost(String(error)));
      }
    });
  }
}

/** Connects and enters. Rejects with WrongHostKey, with ssh2's error, or with an AbortError when the signal comes first. */
export async function openSsh(place: SshPlace, signal: AbortSignal): Promise<SshSession> {
  const { default: ssh2 } = await import('ssh2');
  const client = new ssh2.Client();
  const session = new SshSession(client);
  let wrongKey: WrongHostKey | null = null;
  const ready = new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    client.once('error', (error) => reject(wrongKey ?? error));
    client.once('close', () => reject(wrongKey ?? new ConnectionLost('the connection was closed')));
  });
  try {
    signal.throwIfAborted();
    client.connect({
      host: place.host,
      port: place.port,
      username: place.user,
      privateKey: place.key.endsWith('\n') ? place.key : `${place.key}\n`,
      ...(place.passphrase === undefined ? {} : { passphrase: place.passphrase }),
      readyTimeout: READY_TIMEOUT_MS,
      keepaliveInterval: KEEPALIVE_MS,
      authHandler: ['publickey'],
      tryKeyboard: false,
      ...keyAlgorithms(place.hostKey),
      hostVerifier: (key: Buffer) => {
        if (isPinned(key, place.hostKey)) return true;
        wrongKey = new WrongHostKey(fingerprint(key));
        return false;
      },
    });
    await unlessAborted(signal, ready);
    return session;
  } catch (error) {
    ready.catch(() => undefined);
    session.close();
    throw error;
  }
}

/** True when the key that a machine shows is the pinned one, by its fingerprint or by the key itself. */
export function isPinned(key: Buffer, pinned: string): boolean {
  const [type = '', text = ''] = pinned.split(' ');
  const [shown, wanted] = type.startsWith('SHA256:')
    ? [createHash('sha256').update(key).digest(), Buffer.from(type.slice('SHA256:'.length), 'base64')]
    : [key, Buffer.from(text, 'base64')];
  return shown.length === wanted.length && timingSafeEqual(shown, wanted);
}

function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/u, '')}`;
}

/** A machine has several keys; it is asked for the kind that is pinned. A fingerprint does not tell the kind. */
function keyAlgorithms(pinned: string): { algorithms?: { serverHostKey: ServerHostKeyAlgorithm[] } } {
  const [type = ''] = pinned.split(' ');
  if (type.startsWith('SHA256:')) return {};
  const kinds = type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type];
  return { algorithms: { serverHostKey: kinds as ServerHostKeyAlgorithm[] } };
}
