import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate with its key, as PEM. */
export type Issued = {
  readonly cert: string;
  readonly key: string;
  readonly name: string;
  readonly privateKey: KeyObject;
};

export type CertificateRequest = {
  readonly name: string;
  /** Names that the certificate is for; none for an authority. */
  readonly names?: readonly string[];
  readonly from: Date;
  readonly until: Date;
  /** Who signs; without it the certificate signs itself. */
  readonly by?: Issued;
  readonly authority?: boolean;
};

/** Makes a real X.509 certificate (RFC 5280, ECDSA P-256 with SHA-256) with exactly these dates. Nothing for production. */
export function issueCertificate(request: CertificateRequest): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = request.by?.privateKey ?? privateKey;
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const names = (request.names ?? []).map((name) => tlv(0x82, Buffer.from(name, 'latin1')));
  const keyInfo = publicKey.export({ type: 'spki', format: 'der' });
  const extensions = [
    sequence(
      oid('2.5.29.19'),
      tlv(0x01, Buffer.from([0xff])),
      octets(sequence(...(request.authority ? [tlv(0x01, Buffer.from([0xff]))] : []))),
    ),
    sequence(oid('2.5.29.14'), octets(octets(createHash('sha1').update(keyInfo).digest()))),
    ...(names.length === 0 ? [] : [sequence(oid('2.5.29.17'), octets(sequence(...names)))]),
  ];
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguished(request.by?.name ?? request.name),
    sequence(time(request.from), time(request.until)),
    distinguished(request.name),
    keyInfo,
    tlv(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer);
  const der = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/gu) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    name: request.name,
    privateKey,
  };
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes = length < 0x100 ? [0x81, length] : length < 0x10000 ? [0x82, length >> 8, length & 255] : null;
  if (bytes === null) throw new Error('certificate too large');
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}
const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
const octets = (content: Buffer): Buffer => tlv(0x04, content);
const integer = (content: Buffer): Buffer => tlv(0x02, content);
const distinguished = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.from(name)))));
const time = (date: Date): Buffer =>
  tlv(0x18, Buffer.from(`${date.toISOString().replace(/[-:T]/gu, '').slice(0, 14)}Z`));

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const encode = (value: number): number[] => {
    const bytes = [value & 0x7f];
    for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  };
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(encode)]));
}
