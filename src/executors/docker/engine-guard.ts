import type { Effect } from '../../domain/effect.ts';
import { UserError } from '../../lib/errors.ts';

const NAME = '[A-Za-z0-9][A-Za-z0-9_.-]*';

/** All that a step may send that only reads. Source: the Engine API's reference, every GET that answers without side effect. */
const READS: readonly RegExp[] = [
  /^GET \/containers\/json$/u,
  new RegExp(`^GET /containers/${NAME}/(?:json|logs|stats|top)$`, 'u'),
  /^GET \/images\/json$/u,
  /^GET \/events$/u,
  /^GET \/system\/df$/u,
];

/** What a change may send besides. Nothing here builds, pulls, copies files, or touches secrets, configs and the swarm. */
const CHANGES: readonly RegExp[] = [
  ...READS,
  new RegExp(`^POST /containers/${NAME}/(?:start|stop|restart|kill|exec|wait)$`, 'u'),
  /^POST \/containers\/create$/u,
  /^DELETE \/containers\/[0-9a-f]{64}$/u,
  new RegExp(`^POST /exec/${NAME}/start$`, 'u'),
  new RegExp(`^GET /exec/${NAME}/json$`, 'u'),
];

const PRUNES = /^POST \/(?:containers|images|networks|volumes|build)\/prune$/u;

/**
 * The last gate before the wire, whatever the command was taken for: a step that may only read sends nothing but these requests. Throws
 * UserError `not_read_only` or `request_refused`.
 */
export function requireAllowed(method: string, path: string, allowed: Effect): void {
  const request = `${method} ${path}`;
  const list = allowed === 'read' ? READS : allowed === 'change' ? CHANGES : [...CHANGES, PRUNES];
  if (list.some((pattern) => pattern.test(request))) return;
  if (allowed === 'read') {
    throw new UserError(
      'not_read_only',
      `${request} is more than reading, so it was not sent to the engine: run it as a change.`,
    );
  }
  throw new UserError(
    'request_refused',
    `${request} is not among what Warroom sends to an engine: use an \`sh\` step.`,
  );
}
