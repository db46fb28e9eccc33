/** Shorter secrets would turn ordinary words into masks. */
const MIN_SECRET = 4;
/** From this length on a part of a secret (a line, a base64 run) is masked by itself. */
const MIN_PART = 8;

/**
 * Shapes of well-known credentials. A group `token` marks the part to mask; without it the whole match is. Bounded
 * repetition only, so that matching stays linear.
 */
export const TOKEN_SHAPES: readonly RegExp[] = [
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/gu,
  /\bxapp-[A-Za-z0-9-]{10,250}/gu,
  /\bgh[opsur]_[A-Za-z0-9]{30,255}/gu,
  /\bgithub_pat_[A-Za-z0-9_]{22,255}/gu,
  /\bglpat-[A-Za-z0-9_-]{20,100}/gu,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/gu,
  /\bAIza[A-Za-z0-9_-]{35}/gu,
  /\b(?:sk|rk|pk)[-_](?:live|test|proj|ant)[-_][A-Za-z0-9_-]{16,200}/gu,
  /\bsk-[A-Za-z0-9]{32,200}/gu,
  /\bhv[sbr]\.[A-Za-z0-9_-]{20,250}/gu,
  /\bnpm_[A-Za-z0-9]{36}\b/gu,
  /\beyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,2000}/gu,
  /\b(?:[Bb]earer|[Bb]asic)[ \t]{1,4}(?<token>[A-Za-z0-9._~+/=-]{12,2000})/gu,
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,100}:(?<token>[^\s@/]{1,200})@/gu,
  /(?:pass(?:word|wd)?|secret|token|api[-_]?key|access[-_]?key)["']?[ \t]{0,3}[:=][ \t]{0,3}["']?(?<token>[^\s"',;&}{)(<>]{6,500})/giu,
];

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
