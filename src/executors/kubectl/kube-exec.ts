import { WebSocket } from 'ws';
import type { Json } from '../../lib/canonical-json.ts';
import { knownType } from '../kube/known-types.ts';
import { KubeConnectionError } from '../kube/kube-http.ts';
import { listAt, textAt } from '../kube/kube-object.ts';
import { refusalOf } from '../kube/kube-refusal.ts';
import type { KubeSession } from '../kube/kube-session.ts';

/** What a command in a container printed, and how it ended. */
export type ExecResult = {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Bytes that were dropped because there were too many. */
  readonly dropped: number;
};

export type ExecRequest = {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string | undefined;
  readonly argv: readonly string[];
  readonly stdin?: Buffer;
  readonly maxBytes: number;
};

/** Newest first. v5 can close stdin, v4 cannot. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

/**
 * Runs one command in a container over a WebSocket (remote command protocol of the API server). Throws KubeConnectionError, or
 * KubeRefusal when the server does not start it; an end without a status means that nobody knows.
 */
export async function execInPod(session: KubeSession, request: ExecRequest): Promise<ExecResult> {
  const { place } = session.connection;
  const path = session.streamPath({
    method: 'GET',
    resource: knownType('pods', ''),
    namespace: request.namespace,
    name: request.pod,
    subresource: 'exec',
    query: [
      ...request.argv.map((word): [string, string] => ['command', word]),
      ...(request.container === undefined ? [] : [['container', request.container] as [string, string]]),
      ...(request.stdin === undefined ? [] : [['stdin', 'true'] as [string, string]]),
      ['stdout', 'true'],
      ['stderr', 'true'],
    ],
  });
  const base = new URL(place.server);
  base.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(`${base.origin}${base.pathname.replace(/\/+$/u, '')}${path}`, PROTOCOLS, {
    headers: { 'user-agent': 'warroom', ...place.headers },
    ...place.tls,
    rejectUnauthorized: true,
    followRedirects: false,
    perMessageDeflate: false,
    maxPayload: 16 * 1024 * 1024,
  });
  return await converse(session, socket, request);
}

function converse(session: KubeSession, socket: WebSocket, request: ExecRequest): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const chunks: Record<number, Buffer[]> = { [CHANNEL.stdout]: [], [CHANNEL.stderr]: [] };
    let [size, dropped] = [0, 0];
    let exitCode: number | null = null;
    let opened = false;
    const onAbort = () => {
      // The request may have arrived although its answer has not.
      opened = true;
      socket.terminate();
    };
    session.pendingChange = true;
    const end = () => session.signal.removeEventListener('abort', onAbort);
    const fail = (message: string) => {
      end();
      session.pendingChange = opened;
      reject(new KubeConnectionError(message, { sent: opened }));
    };
    session.signal.addEventListener('abort', onAbort, { once: true });
    if (session.signal.aborted) onAbort();
    socket.on('open', () => {
      opened = true;
      if (request.stdin !== undefined) sendStdin(socket, request.stdin);
    });
    socket.on('message', (data: Buffer) => {
      const [channel = CHANNEL.close] = data;
      const payload = data.subarray(1);
      if (channel === CHANNEL.status) exitCode = exitCodeOf(payload.toString('utf8'));
      else if (size + payload.length > request.maxBytes) dropped += payload.length;
      else {
        size += payload.length;
        chunks[channel]?.push(payload);
      }
    });
    socket.on('unexpected-response', (_request, response) => {
      const parts: Buffer[] = [];
      response.on('data', (chunk: Buffer) => parts.length < 16 && parts.push(chunk));
      response.on('end', () => {
        end();
        session.pendingChange = false;
        const status = response.statusCode ?? 0;
        if (status < 400) reject(new KubeConnectionError('the server did not open a stream', { sent: false }));
        else reject(refusalOf({ status, type: '', body: Buffer.concat(parts).toString('utf8') }));
      });
    });
    socket.on('error', (error) => fail(error.message || 'no reason given'));
    socket.on('close', () => {
      end();
      if (exitCode === null) return fail('the stream ended without a status');
      session.pendingChange = false;
      session.confirmed += 1;
      const [stdout, stderr] = [CHANNEL.stdout, CHANNEL.stderr].map((channel) => Buffer.concat(chunks[channel] ?? []));
      resolve({ exitCode, stdout: stdout ?? Buffer.alloc(0), stderr: stderr ?? Buffer.alloc(0), dropped });
    });
  });
}

function sendStdin(socket: WebSocket, input: Buffer): void {
  for (let at = 0; at < input.length; at += 32_768)
    socket.send(Buffer.concat([Buffer.from([CHANNEL.stdin]), input.subarray(at, at + 32_768)]));
  if (socket.protocol === PROTOCOLS[0]) socket.send(Buffer.from([CHANNEL.close, CHANNEL.stdin]));
}

/** 0 for success, the code of a command that failed, 1 for whatever else the server says. */
function exitCodeOf(text: string): number {
  let status: Json;
  try {
    status = JSON.parse(text) as Json;
  } catch {
    return 1;
  }
  if (textAt(status, 'status') === 'Success') return 0;
  const cause = listAt(status, 'details', 'causes').find((one) => textAt(one, 'reason') === 'ExitCode');
  return Number(textAt(cause, 'message')) || 1;
}
