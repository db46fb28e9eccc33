import { UserError } from '../../lib/errors.ts';

const BLOCK = 512;

/** A tar archive (POSIX ustar) of one regular file. */
export function packFile(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK);
  if (Buffer.byteLength(name) > 100)
    throw new UserError('statement_invalid', `The file name ${name.slice(0, 40)}… is too long: shorten it.`);
  header.write(name, 0, 'utf8');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * BLOCK)]);
}

/** The first regular file of a tar archive; nothing else in it is looked at. Null when there is none. */
export function unpackFile(archive: Buffer): Buffer | null {
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return null;
    const size = Number.parseInt(
      header
        .subarray(124, 136)
        .toString('latin1')
        .replace(/[\0 ]+$/u, ''),
      8,
    );
    if (!Number.isSafeInteger(size) || size < 0) return null;
    const type = String.fromCharCode(header[156] ?? 0);
    const start = at + BLOCK;
    if (type === '0' || type === '\0')
      return start + size > archive.length ? null : archive.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return null;
}
