import { UserError } from '../../lib/errors.ts';

/**
 * A redirect to another host, port or scheme would carry the step, and its credential, away from the target. Throws UserError
 * `redirect_refused`.
 */
export function requireSameOrigin(url: URL, base: URL): void {
  if (url.origin === base.origin && url.username === '' && url.password === '') return;
  throw new UserError(
    'redirect_refused',
    `The target redirects to ${url.origin}, which is not the target: name that host as a target of its own.`,
  );
}
