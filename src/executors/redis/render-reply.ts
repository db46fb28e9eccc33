import type { Json } from '../../lib/canonical-json.ts';

/** A reply as JSON: text as text, numbers where JavaScript holds them, everything nested likewise. */
export function replyToJson(reply: unknown): Json {
  if (reply === null || reply === undefined) return null;
  if (Buffer.isBuffer(reply)) return reply.toString('utf8');
  if (typeof reply === 'string' || typeof reply === 'boolean') return reply;
  if (typeof reply === 'number') return Number.isFinite(reply) ? reply : String(reply);
  if (Array.isArray(reply)) return reply.map(replyToJson);
  if (reply instanceof Error) return reply.message;
  return String(reply);
}

/** A reply as redis-cli prints it: `(nil)`, `(integer) 1`, quoted text, numbered lists. Text of several lines stays readable. */
export function renderReply(reply: Json, indent = ''): string {
  if (reply === null) return '(nil)';
  if (typeof reply === 'number') return `(integer) ${reply}`;
  if (typeof reply === 'boolean') return reply ? '(true)' : '(false)';
  if (typeof reply === 'string') return reply.includes('\n') ? reply.replace(/\r\n/gu, '\n') : JSON.stringify(reply);
  if (!Array.isArray(reply)) return JSON.stringify(reply);
  if (reply.length === 0) return '(empty array)';
  const width = String(reply.length).length;
  return (reply as readonly Json[])
    .map((item, index) => {
      const label = `${String(index + 1).padStart(width)}) `;
      const prefix = index === 0 ? '' : indent;
      return `${prefix}${label}${renderReply(item, `${indent}${' '.repeat(label.length)}`)}`;
    })
    .join('\n');
}

/** A reply as redis-cli prints it into a pipe: texts as they are, one element a line. */
export function plainReply(reply: Json): string {
  if (reply === null) return '';
  if (Array.isArray(reply)) return (reply as readonly Json[]).map(plainReply).join('\n');
  return typeof reply === 'string' ? reply.replace(/\r\n/gu, '\n') : String(reply);
}
