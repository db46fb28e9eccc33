import { randomBytes } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { UserError } from '../lib/errors.ts';
import type { RunsContext } from '../runs/context.ts';
import { giveSecret, readSecretForm } from '../runs/give-secret.ts';
import { lookAtOutput, readOutputPage } from '../runs/sensitive-output.ts';
import { FIELD, givenPage, outputGate, outputPage, secretPage } from './one-time-views.ts';
import { type Html, PAGE_HEADERS, sentencePage } from './page-frame.ts';
import type { SlackSignIn } from './slack-sign-in.ts';

/** A form holds a few secrets of at most 16 kB each; nothing larger is read. */
const MAX_BODY = 256 * 1024;

const STATUS: Readonly<Record<string, number>> = {
  link_unknown: 404,
  link_used: 410,
  link_expired: 410,
  output_gone: 410,
  secret_refused: 422,
  value_refused: 422,
  signed_in_as_another: 403,
  signin_failed: 403,
  secret_elsewhere: 503,
  not_a_member: 403,
  role_missing: 403,
  run_unknown: 404,
};

export type PageGuards = {
  /** Null: the link alone opens its page. */
  readonly signIn: SlackSignIn | null;
  /** Throws UserError when the person of a link may not do it any more: they left the group or the room since it was made. */
  readonly stillMay: (person: string, stepRun: number) => Promise<void>;
};

/**
 * The pages behind one-time links: giving a secret, and looking at sensitive output. Opening a link changes nothing; the
 * button on its page does. With sign-in the person must be the one whom the link was made for.
 */
export function oneTimePages(context: RunsContext, { signIn, stillMay }: PageGuards): Hono {
  const app = new Hono();
  const show = (html: Html, status = 200, headers: Readonly<Record<string, string>> = {}) =>
    new Response(String(html), { status, headers: { ...PAGE_HEADERS, ...headers } });

  /** Null when the right person is here; otherwise the way to the sign-in. Throws when somebody else is signed in. */
  const askWho = (c: Context, person: string): Response | null => {
    if (!signIn) return null;
    const who = signIn.personOf(c.req.header('cookie'));
    if (who === person) return null;
    if (who !== null)
      throw new UserError(
        'signed_in_as_another',
        'This link is for somebody else; press the button in Slack yourself for one of your own.',
      );
    return redirect(signIn.begin(c.req.path));
  };

  app.get('/secret/:token', async (c) => {
    const form = await readSecretForm(context, c.req.param('token'));
    const who = askWho(c, form.person);
    if (who) return who;
    await stillMay(form.person, form.stepRun.id);
    return show(secretPage(form, null));
  });
  app.post('/secret/:token', async (c) => {
    refuseForeign(c);
    const token = c.req.param('token');
    const form = await readSecretForm(context, token);
    const who = askWho(c, form.person);
    if (who) return who;
    await stillMay(form.person, form.stepRun.id);
    const fields = await readForm(c);
    const typed = form.params.map(({ name }) => [name, fields.get(FIELD + name) ?? ''] as const);
    try {
      return show(givenPage(await giveSecret(context, token, Object.fromEntries(typed))));
    } catch (error) {
      if (error instanceof UserError && STATUS[error.code] === 422) return show(secretPage(form, error.message), 422);
      throw error;
    }
  });
  app.get('/output/:token', async (c) => {
    const page = await readOutputPage(context, c.req.param('token'));
    const who = askWho(c, page.person);
    if (who) return who;
    await stillMay(page.person, page.stepRun.id);
    return show(outputGate(page));
  });
  app.post('/output/:token', async (c) => {
    refuseForeign(c);
    const token = c.req.param('token');
    const { person, stepRun } = await readOutputPage(context, token);
    const who = askWho(c, person);
    if (who) return who;
    await stillMay(person, stepRun.id);
    return show(outputPage(await lookAtOutput(context, token)));
  });
  app.get('/signin/slack/callback', async (c) => {
    if (!signIn) return c.notFound();
    return redirect(await signIn.finish(new URL(c.req.url).searchParams, c.req.header('cookie')));
  });
  app.onError((error) => {
    if (error instanceof UserError) {
      // Another replica may answer the next time.
      const again: Record<string, string> = error.code === 'secret_elsewhere' ? { refresh: '3' } : {};
      return show(sentencePage('This did not work', error.message), STATUS[error.code] ?? 409, again);
    }
    const reference = randomBytes(3).toString('hex');
    context.log.error({ error, reference }, 'A page failed.');
    const text = `Something broke and nothing was kept; tell your Warroom operator the reference ${reference}.`;
    return show(sentencePage('This did not work', text), 500);
  });
  return app;
}

function redirect(to: { readonly location: string; readonly cookies: readonly string[] }): Response {
  const headers = new Headers({ location: to.location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  for (const cookie of to.cookies) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}

/** A form of another site does not act here; browsers say where a request comes from. */
function refuseForeign(c: Context): void {
  const site = c.req.header('sec-fetch-site');
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw new UserError('signin_failed', 'This form came from another site; open the link from Slack and try again.');
}

async function readForm(c: Context): Promise<URLSearchParams> {
  const tooLarge = new UserError('secret_refused', 'That is too large for a secret; shorten it.');
  if (Number(c.req.header('content-length') ?? 0) > MAX_BODY) throw tooLarge;
  const reader = c.req.raw.body?.getReader();
  const chunks: Uint8Array[] = [];
  for (let size = 0; reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MAX_BODY) throw tooLarge;
    chunks.push(value);
  }
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
  for (const chunk of chunks) chunk.fill(0);
  return form;
}
