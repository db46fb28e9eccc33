import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { Duplex } from 'node:stream';
import { messageOf, UserError } from '../../lib/errors.ts';
import { type DockerPlace, isEncrypted } from './docker-target.ts';

/** Opens a request to the engine; nothing is sent before its body is ended. */
export type OpenRequest = (options: http.RequestOptions) => http.ClientRequest;

/** Starts a program whose standard input and output are the connection; tests give their own. */
export type Spawn = (program: string, args: readonly string[]) => Duplex;

/** The way to the engine of a target: unix socket, TCP with or without TLS, or a docker program at the other end of ssh. */
export async function openTransport(place: DockerPlace, start: Spawn = spawnDuplex): Promise<OpenRequest> {
  const { host } = place;
  const base = { agent: false, headers: place.headers, maxHeaderSize: 65_536 } as const;
  const merged = (options: http.RequestOptions): http.RequestOptions => ({
    ...base,
    ...options,
    headers: {
      host: 'docker',
      'user-agent': 'warroom',
      ...place.headers,
      ...(options.headers as http.OutgoingHttpHeaders),
    },
  });
  if (host.startsWith('unix://')) {
    const socketPath = host.slice('unix://'.length);
    return (options) => http.request({ ...merged(options), socketPath });
  }
  if (host.startsWith('ssh://')) {
    const args = sshArguments(place);
    return (options) =>
      http.request({ ...merged(options), agent: undefined, createConnection: () => start('ssh', args) });
  }
  const url = new URL(host.replace(/^tcp:/u, 'http:'));
  const where = { host: url.hostname.replace(/^\[|\]$/gu, ''), port: url.port === '' ? 2376 : Number(url.port) };
  if (!isEncrypted(host)) return (options) => http.request({ ...merged(options), ...where });
  const tls = {
    // Node would check the certificate against the header `host`, which is the same for every engine; an address is no server name.
    servername: isIP(where.host) === 0 ? where.host : '',
    ...(place.ca === null ? {} : { ca: await authority(place.ca) }),
    ...(place.certificate === null ? {} : { cert: place.certificate }),
    ...(place.key === null ? {} : { key: place.key }),
  };
  return (options) => https.request({ ...merged(options), ...where, ...tls });
}

/**
 * ssh without questions, forwarding or an agent of others; an unknown host key is refused. `docker system dial-stdio` connects its input
 * and output with the engine's socket, as docker's own client does it.
 */
export function sshArguments(place: DockerPlace): string[] {
  const url = new URL(place.host);
  return [
    ...['-T', '-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-o', 'ConnectTimeout=10'],
    ...['-o', 'ClearAllForwardings=yes', '-o', 'ForwardAgent=no', '-o', 'PermitLocalCommand=no'],
    ...(place.knownHosts === null ? [] : ['-o', `UserKnownHostsFile=${place.knownHosts}`]),
    ...(place.identity === null ? [] : ['-o', 'IdentitiesOnly=yes', '-i', place.identity]),
    ...(url.port === '' ? [] : ['-p', url.port]),
    ...(url.username === '' ? [] : ['-l', decodeURIComponent(url.username)]),
    '--',
    url.hostname,
    'docker system dial-stdio',
  ];
}

/** A program as a connection. It ends when the program does, and what that said last is the reason where it failed. */
function spawnDuplex(program: string, args: readonly string[]): Duplex {
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };
  const child = spawn(program, [...args], { stdio: ['pipe', 'pipe', 'pipe'], env });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-300);
  });
  const duplex = new Duplex({
    read: () => void child.stdout.resume(),
    // A program that is gone says why when it has ended, not by its broken pipe.
    write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, () => done()),
    final: (done) => void child.stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) child.stdout.pause();
  });
  child.on('error', (error) => duplex.destroy(error));
  child.on('close', (code) => {
    if (code === 0) duplex.push(null);
    else duplex.destroy(new Error(`${program}: ${said.trim().split('\n').at(-1) || `it ended with ${code}`}`));
  });
  return duplex;
}

async function authority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      'target_invalid',
      `The file of \`options.ca\` cannot be read (${messageOf(error)}): correct its path.`,
    );
  }
}
