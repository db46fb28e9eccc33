const FIXED: readonly string[] = ['/healthz', '/readyz', '/metrics', '/signin/slack/callback'];
const ONE_TIME = /^\/(?:secret|output)\/[^/]+$/u;

/** True for the paths that `createPages` answers; everything else on the port belongs to somebody else. */
export function isOwnPath(path: string): boolean {
  return FIXED.includes(path) || ONE_TIME.test(path);
}

/** True for the path of a page behind a one-time link: sign-in leads back to nothing else. */
export function isOneTimePath(path: string): boolean {
  return /^\/(?:secret|output)\/[A-Za-z0-9_-]{43}$/u.test(path);
}
