import type { WireAnswer } from './kube-http.ts';

/** The API server said no. */
export class KubeRefusal extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'KubeRefusal';
    this.status = status;
    this.reason = reason;
  }
}

/** What the server said when it refused. */
export function refusalOf(answer: WireAnswer): KubeRefusal {
  try {
    const status = JSON.parse(answer.body) as { reason?: unknown; message?: unknown };
    if (typeof status.message === 'string')
      return new KubeRefusal(answer.status, String(status.reason ?? ''), status.message);
  } catch {
    // a text, told below
  }
  return new KubeRefusal(answer.status, '', answer.body.slice(0, 300).trim() || `status ${answer.status}`);
}
