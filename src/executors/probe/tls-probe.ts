import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import tls from 'node:tls';
import type { Json } from '../../lib/canonical-json.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import type { Findings } from '../results.ts';
import type { ProbeUse } from './probe-use.ts';
import { type Connected, connectTo } from './tcp-probe.ts';

const HANDSHAKE_MS = 10_000;
const DAY_MS = 86_400_000;
/** A chain of more certificates than this is a loop or an attack. */
const MAX_CHAIN = 10;

/**
 * Makes a TLS handshake with the target's host, sends nothing through it, and tells about certificate and protocol. Whatever is wrong with
 * the certificate is a finding, not an obstacle: the handshake goes on, so that an expired certificate can be looked at.
 */
export async function probeTls(port: number, use: ProbeUse): Promise<Findings> {
  const { host } = use.place;
  const ca = use.place.ca === undefined ? undefined : await authority(use.place.ca);
  const connected = await connectTo(port, use);
  if ('reason' in connected) {
    return {
      status: 'failed',
      value: { host, port, address: connected.address, open: false },
      error: `Port ${port} of ${host} is not open (${connected.reason}): check the service behind it and the way there.`,
    };
  }
  const basis = { host, port, address: connected.address, open: true };
  const secured = await handshake(connected, use, ca);
  try {
    if (typeof secured === 'string') {
      return {
        status: 'failed',
        value: { ...basis, protocol: null },
        error: `${host}:${port} takes connections but does not speak TLS (${secured}): check the port.`,
      };
    }
    const certificate = secured.getPeerX509Certificate();
    if (certificate === undefined)
      return {
        status: 'failed',
        value: basis,
        error: `${host}:${port} showed no certificate: check its configuration.`,
      };
    return describeCertificate(basis, certificate, { secured, use });
  } finally {
    connected.socket.destroy();
  }
}

function describeCertificate(
  basis: Readonly<Record<string, Json>>,
  certificate: X509Certificate,
  with_: { secured: tls.TLSSocket; use: ProbeUse },
): Findings {
  const { secured, use } = with_;
  const now = use.clock.now();
  const asked = use.place.servername ?? use.place.host;
  const chain = chainOf(certificate).map((item) => describe(item, now));
  const own = describe(certificate, now);
  const names = namesOf(certificate);
  const nameMatches = (isIP(asked) === 0 ? certificate.checkHost(asked) : certificate.checkIP(asked)) !== undefined;
  const expired = now >= new Date(certificate.validTo);
  const early = now < new Date(certificate.validFrom);
  const distrust = secured.authorized ? null : String(secured.authorizationError);
  const problems = [
    expired ? `its certificate expired on ${own.valid_to}` : null,
    early ? `its certificate is valid only from ${own.valid_from}` : null,
    nameMatches ? null : `its certificate is not for ${asked}`,
    distrust === null || /EXPIRED|NOT_YET_VALID/u.test(distrust)
      ? null
      : `its certificate is not trusted (${distrust})`,
  ].filter((problem) => problem !== null);
  const value: Record<string, Json> = {
    ...basis,
    ...own,
    names,
    name_matches: nameMatches,
    trusted: secured.authorized,
    chain,
    protocol: secured.getProtocol(),
    cipher: secured.getCipher().standardName,
    problems,
  };
  const output = [
    `${asked}: ${own.days_left} days left (until ${own.valid_to}), ${String(value.protocol)} ${String(value.cipher)}`,
    `subject  ${own.subject}`,
    `issuer   ${own.issuer}`,
    `names    ${names.join(', ') || 'none'}`,
    `chain    ${chain.map((item) => `${item.subject} (${item.days_left} d)`).join(' ← ')}`,
    `trusted  ${secured.authorized ? 'yes' : `no: ${distrust}`}`,
  ].join('\n');
  if (problems.length === 0) return { status: 'ok', value, output };
  const place = `${String(basis.host)}:${String(basis.port)}`;
  return {
    status: 'failed',
    value,
    output,
    error: `${place} speaks TLS, but ${problems.join(', ')}: renew or correct it.`,
  };
}

function handshake(connected: Connected, use: ProbeUse, ca: string | undefined): Promise<tls.TLSSocket | string> {
  const servername = use.place.servername ?? (isIP(use.place.host) === 0 ? use.place.host : undefined);
  return new Promise((resolve) => {
    const socket = tls.connect({
      socket: connected.socket,
      ...(servername === undefined ? {} : { servername }),
      ...(ca === undefined ? {} : { ca }),
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined, // told apart from trust: see `name_matches`
      minVersion: 'TLSv1', // an old server is a finding; nothing is sent through it
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const end = (outcome: tls.TLSSocket | string) => {
      use.signal.removeEventListener('abort', onAbort);
      socket.setTimeout(0);
      socket.on('error', () => undefined);
      resolve(outcome);
    };
    const onAbort = () => {
      connected.socket.destroy();
      end('stopped');
    };
    if (use.signal.aborted) return onAbort();
    use.signal.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(HANDSHAKE_MS, () => end(`no answer within ${HANDSHAKE_MS / 1000} s`));
    socket.once('error', (error) => end('code' in error ? String(error.code) : messageOf(error)));
    socket.once('close', () => end('the connection was closed'));
    socket.once('secureConnect', () => end(socket));
  });
}

type Described = {
  readonly subject: string;
  readonly issuer: string;
  readonly valid_from: string;
  readonly valid_to: string;
  readonly days_left: number;
};

function describe(certificate: X509Certificate, now: Date): Described {
  const until = new Date(certificate.validTo);
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    valid_from: new Date(certificate.validFrom).toISOString(),
    valid_to: until.toISOString(),
    days_left: Math.floor((until.getTime() - now.getTime()) / DAY_MS),
  };
}

/** The host's own certificate and those that it sent along; the root is rarely among them. */
function chainOf(certificate: X509Certificate): X509Certificate[] {
  const chain = [certificate];
  for (let next = certificate.issuerCertificate; next && chain.length < MAX_CHAIN; next = next.issuerCertificate) {
    if (chain.at(-1)?.fingerprint256 === next.fingerprint256) break;
    chain.push(next);
  }
  return chain;
}

function namesOf(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? '').split(/,\s*/u).flatMap((entry) => {
    const name = /^(?:DNS|IP Address):(?<name>.+)$/u.exec(entry)?.groups?.name;
    return name === undefined ? [] : [name];
  });
}

/** Node separates the parts of a name by line breaks. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
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
