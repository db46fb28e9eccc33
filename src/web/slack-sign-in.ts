import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { UserError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';
import { isOneTimePath } from './own-path.ts';

/** Who signed in stays so for this long: enough for one page. */
const SESSION_MS = 10 * 60_000;
const TIMEOUT_MS = 10_000;
const SIGNING_IN = 'warroom_signin';
const SIGNED_IN = 'warroom_person';

type Step = { readonly location: string; readonly cookies: readonly string[] };

/** "Sign in with Slack" (OpenID Connect) for the pages behind one-time links. */
export type SlackSignIn = {
  /** Slack id of whoever is signed in with these cookies; null when nobody is. */
  personOf(cookies: string | undefined): string | null;
  /** Sends the browser to Slack, to come back to `path`. */
  begin(path: string): Step;
  /** Takes what Slack sent back, and leads to the page that began. Throws UserError `signin_failed`. */
  finish(query: URLSearchParams, cookies: string | undefined): Promise<Step>;
};

const signingIn = z.object({ state: z.string(), nonce: z.string(), path: z.string(), until: z.number() });
const signedIn = z.object({ person: z.string(), until: z.number() });
const tokenAnswer = z.object({ ok: z.literal(true), id_token: z.string() });
const claims = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  nonce: z.string(),
  'https://slack.com/user_id': z.string().regex(/^[UW][A-Z0-9]{2,}$/u),
});

/**
 * The flow of docs.slack.dev (Sign in with Slack): the id token comes from Slack's own token endpoint over TLS, which takes
 * the place of checking its signature (OpenID Connect Core 3.1.3.7); issuer, audience, end and nonce are checked. Nothing is
 * stored: cookies are sealed with a key that is derived from the client secret, so that every replica reads them.
 */
export function createSlackSignIn(options: {
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** With a slash at its end. */
  readonly apiUrl: string;
  /** Where Warroom's pages are, without a slash at the end. */
  readonly pageUrl: string;
  readonly clock: Clock;
}): SlackSignIn {
  const { clientId, apiUrl, pageUrl, clock } = options;
  const key = Buffer.from(hkdfSync('sha256', options.clientSecret.reveal(), '', 'warroom pages', 32));
  const redirectUri = `${pageUrl}/signin/slack/callback`;
  const until = () => clock.now().getTime() + SESSION_MS;
  const cookie = (name: string, value: string, maxAge = SESSION_MS / 1000) =>
    `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${maxAge}${pageUrl.startsWith('https:') ? '; Secure' : ''}`;
  const open = <T extends { until: number }>(schema: z.ZodType<T>, cookies: string | undefined, name: string) => {
    const value = unseal(key, name, cookieOf(cookies, name));
    const parsed = schema.safeParse(value);
    return parsed.success && parsed.data.until > clock.now().getTime() ? parsed.data : null;
  };
  return {
    personOf: (cookies) => open(signedIn, cookies, SIGNED_IN)?.person ?? null,
    begin: (path) => {
      const state = randomBytes(32).toString('base64url');
      const nonce = randomBytes(32).toString('base64url');
      const location = new URL(authorizeUrl(apiUrl));
      const query = {
        response_type: 'code',
        scope: 'openid',
        client_id: clientId,
        state,
        nonce,
        redirect_uri: redirectUri,
      };
      for (const [name, value] of Object.entries(query)) location.searchParams.set(name, value);
      const sealed = seal(key, SIGNING_IN, { state, nonce, path, until: until() });
      return { location: location.href, cookies: [cookie(SIGNING_IN, sealed)] };
    },
    finish: async (query, cookies) => {
      const begun = open(signingIn, cookies, SIGNING_IN);
      const code = query.get('code');
      if (!begun || !code || !sameText(query.get('state') ?? '', begun.state) || !isOneTimePath(begun.path))
        throw failed('it did not begin in this browser, or took too long');
      const body = {
        code,
        client_id: clientId,
        client_secret: options.clientSecret.reveal(),
        redirect_uri: redirectUri,
      };
      const claimed = claims.safeParse(await exchange(`${apiUrl}openid.connect.token`, body));
      if (!claimed.success) throw failed('Slack did not say who it is');
      const { iss, aud, exp, nonce } = claimed.data;
      const mine = iss === 'https://slack.com' && [aud].flat().includes(clientId) && sameText(nonce, begun.nonce);
      if (!mine || exp * 1000 <= clock.now().getTime()) throw failed('what Slack said is not meant for this page');
      const person = claimed.data['https://slack.com/user_id'];
      const sealed = seal(key, SIGNED_IN, { person, until: until() });
      return { location: begun.path, cookies: [cookie(SIGNED_IN, sealed), cookie(SIGNING_IN, '', 0)] };
    },
  };
}

/** Beside the API of the same Slack. */
function authorizeUrl(apiUrl: string): string {
  return new URL('/openid/connect/authorize', apiUrl).href;
}

/** What the id token claims; undefined when there is none. */
async function exchange(url: string, body: Readonly<Record<string, string>>): Promise<unknown> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(body), redirect: 'error', signal });
    const parsed = tokenAnswer.safeParse(await answer.json());
    const payload = parsed.success ? (parsed.data.id_token.split('.')[1] ?? '') : '';
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined; // told to the person as a sign-in that failed; the code is worth nothing afterwards
  }
}

function failed(why: string): UserError {
  return new UserError(
    'signin_failed',
    `The sign-in with Slack did not work: ${why}. Press the button in Slack again.`,
  );
}

function cookieOf(cookies: string | undefined, name: string): string {
  const found = (cookies ?? '').split(/;\s*/u).find((part) => part.startsWith(`${name}=`));
  return found?.slice(name.length + 1) ?? '';
}

/** Readable, but not to be changed by whoever carries it. */
function seal(key: Buffer, name: string, value: unknown): string {
  const payload = Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${payload}.${signature(key, name, payload)}`;
}

function unseal(key: Buffer, name: string, text: string): unknown {
  const [payload = '', signed = ''] = text.split('.');
  if (payload === '' || !sameText(signed, signature(key, name, payload))) return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}

function signature(key: Buffer, name: string, payload: string): string {
  return createHmac('sha256', key).update(`${name}.${payload}`).digest('base64url');
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
