import type { StatementEffect } from './statement-effect.ts';

/** What a request of that method does by HTTP's own rules (RFC 9110 §9.2.1): GET and HEAD read, DELETE destroys, the rest changes. */
export function httpEffect(method: string): StatementEffect {
  if (method === 'GET' || method === 'HEAD') return { effect: 'read', reasons: [] };
  if (method === 'DELETE') return { effect: 'destructive', reasons: ['DELETE removes what it names.'] };
  return { effect: 'change', reasons: [`${method} may change something.`] };
}
