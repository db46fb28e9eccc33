import type { Json } from '../../lib/canonical-json.ts';
import type { Secret } from '../../lib/secret.ts';
import { redact, redactJson } from '../output-safety.ts';
import type { WireResponse } from './send-request.ts';

/** An answer as `expect` sees it: body parsed when the type says JSON, text otherwise. */
export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
};

/** Reads a body by its declared type. Something binary becomes a remark about its size. */
export function readAnswer(response: WireResponse): HttpAnswer {
  const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const { status, headers } = response;
  if (response.body.length === 0) return { status, headers, body: null };
  const text = decode(response.body);
  if (text === null) return { status, headers, body: `(${response.body.length} bytes of ${type || 'unknown type'})` };
  if (type === 'application/json' || type.endsWith('+json')) {
    try {
      return { status, headers, body: JSON.parse(text) as Json };
    } catch {
      return { status, headers, body: text }; // it said JSON and was not: show what came
    }
  }
  return { status, headers, body: text };
}

/** The answer as people read it: status line, where it leads if it redirects, and the body, JSON indented. */
export function renderAnswer(answer: HttpAnswer, durationMs: number): string {
  const head = [`HTTP ${answer.status} in ${durationMs} ms`];
  if (answer.headers.location !== undefined) head.push(`location: ${answer.headers.location}`);
  if (answer.body === null) return head.join('\n');
  return [...head, '', typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body, null, 2)].join('\n');
}

/**
 * What filters read: the body as it came, as `curl -s` prints it, or the status and the headers that answer a HEAD request. Secrets are masked
 * before a filter could cut one into pieces. Null for something binary.
 */
export function textOfAnswer(
  response: WireResponse,
  { answer, method, secrets }: { answer: HttpAnswer; method: string; secrets: readonly Secret[] },
): string | null {
  if (method === 'HEAD') {
    const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}`);
    return redact([`HTTP ${response.status}`, ...lines].join('\n'), secrets);
  }
  const text = decode(response.body);
  if (text === null) return null;
  const safe = redact(text, secrets);
  // A mask in the place of a number would be no JSON any more.
  if (safe === text || answer.body === null || typeof answer.body === 'string') return safe;
  return JSON.stringify(redactJson(answer.body, secrets));
}

/** A filtered answer as people read it. */
export function renderFiltered(status: number, text: string, durationMs: number): string {
  const head = `HTTP ${status} in ${durationMs} ms`;
  return text === '' ? head : `${head}\n\n${text}`;
}

function decode(bytes: Buffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}
