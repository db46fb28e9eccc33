import { MIN_SECRET } from '../lib/secret.ts';

/** From this length on a part of a secret (a line, a base64 run) is masked by itself. */
const MIN_PART = 8;

/**
 * The forms in which a secret shows up in output: as it is, URL-encoded, JSON-escaped, hexadecimal, base64 at every
 * alignment (so that `user:password` in a Basic header is found too), and each line of a multi-line secret.
 */
export function secretForms(secret: string): string[] {
  const lines = secret.split(/\r?\n/u).map((line) => line.trim());
  const wholes = [secret, secret.trim()].filter((form) => form.length >= MIN_SECRET);
  const parts = lines.length > 1 ? lines.filter((line) => line.length >= MIN_PART) : [];
  return [...new Set([...wholes, ...parts].flatMap(encodings))];
}

function encodings(form: string): string[] {
  const encoded = percentEncoded(form);
  const escaped = JSON.stringify(form).slice(1, -1);
  const bytes = Buffer.from(form, 'utf8');
  const parts = [...base64Runs(bytes), bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
  return [
    form,
    encoded,
    encoded.replaceAll('%20', '+'),
    encoded.toLowerCase() === encoded ? encoded : encoded.replace(/%[0-9A-F]{2}/gu, (code) => code.toLowerCase()),
    escaped,
    escaped.replaceAll('/', '\\/'),
    ...parts.filter((part) => part.length >= MIN_PART),
  ];
}

function percentEncoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));
}

/** The characters of the base64 text that do not depend on what stands before and after, for all three alignments. */
function base64Runs(bytes: Buffer): string[] {
  const runs = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/u, '');
    const first = Math.ceil((offset * 8) / 6);
    const last = Math.floor(((offset + bytes.length) * 8) / 6);
    return text.slice(first, last);
  });
  return runs.flatMap((run) => [run, run.replaceAll('+', '-').replaceAll('/', '_')]);
}
