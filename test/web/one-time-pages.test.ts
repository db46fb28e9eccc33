import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveSensitiveOutput } from '../../src/db/sensitive-outputs.ts';
import { query } from '../../src/db/transaction.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { UserError } from '../../src/lib/errors.ts';
import { Secret } from '../../src/lib/secret.ts';
import { forgetOld } from '../../src/runs/forget-old.ts';
import { askForSecret } from '../../src/runs/give-secret.ts';
import { askForOutput } from '../../src/runs/sensitive-output.ts';
import { oneTimePages } from '../../src/web/one-time-pages.ts';
import { createSlackSignIn } from '../../src/web/slack-sign-in.ts';
import { runsOf } from '../runs/support.ts';
import { ALICE, CAROL, type Desk, GUEST, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';
import { addSecretRunbook } from '../support/secret-pack.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
beforeAll(async () => {
  desk = await openDesk();
  await addSecretRunbook(desk);
  runs = runsOf(desk);
});
afterAll(() => desk.close());

/** Nobody has left the group or the room since their link was made. */
const stillMay = async () => undefined;

async function secretPath(actor = CAROL): Promise<string> {
  const run = await runs.open('RB-SEC');
  const approval = await runs.request(run, 'put');
  await runs.approve(approval);
  const { stepRun } = await runs.approval(approval);
  return new URL((await askForSecret(desk.context, { stepRun, actor })).url).pathname;
}

const post = (key: string, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  body: new URLSearchParams({ 'secret:key': key }).toString(),
});

describe('a link of somebody who may not any more', () => {
  const refused = async () => {
    throw new UserError('role_missing', 'That needs the role responder for shop, which you do not have.');
  };

  it('takes no secret, and stays unused', async () => {
    const app = oneTimePages(desk.context, { signIn: null, stillMay: refused });
    const path = await secretPath();
    expect((await app.request(path)).status).toBe(403);
    const answer = await app.request(path, post('key-of-carol'));
    expect([answer.status, (await answer.text()).includes('needs the role responder')]).toEqual([403, true]);
    expect((await query(desk.db.pool, 'select 1 from secret_gifts')).length).toBe(0);
    expect((await oneTimePages(desk.context, { signIn: null, stillMay }).request(path)).status).toBe(200);
  });

  it('is judged for its person and its step, before sensitive output is shown', async () => {
    const run = await runs.open('RB-SEC');
    const [stepRun] = await desk.tx((tx) =>
      tx.query<{ id: number }>(
        `insert into step_runs (run, step, title, purpose, state, effect, target, display, requested_by, reason)
         values ($1, 'peek', 'Peek', 'look', 'ok', 'read', 'api', 'GET /', 'UALICE', '') returning id`,
        [run.id],
      ),
    );
    const id = stepRun?.id ?? 0;
    const seen = { value: null, valueUntil: new Date(), captured: [] };
    const kept = { output: 'the crown jewels', omittedBytes: 0, hours: 1, ...seen };
    await desk.tx((tx) => saveSensitiveOutput(tx, id, kept));
    const path = new URL((await askForOutput(desk.context, { stepRun: id, actor: CAROL })).url).pathname;
    const judged: unknown[] = [];
    const app = oneTimePages(desk.context, {
      signIn: null,
      stillMay: async (...about) => {
        judged.push(about);
        await refused();
      },
    });
    for (const method of ['GET', 'POST']) {
      const answer = await app.request(path, { method });
      expect([answer.status, (await answer.text()).includes('crown jewels')]).toEqual([403, false]);
    }
    expect(judged).toEqual([
      ['UCAROL', id],
      ['UCAROL', id],
    ]);
  });
});

describe('the page of a secret', () => {
  it('is used up by the form alone, and by one of many at once', async () => {
    const app = oneTimePages(desk.context, { signIn: null, stillMay });
    const path = await secretPath();
    for (let look = 0; look < 3; look += 1) expect((await app.request(path)).status).toBe(200);
    const answers = await Promise.all(Array.from({ length: 6 }, () => app.request(path, post('key-of-carol'))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await app.request(path)).status).toBeGreaterThanOrEqual(400);
  });

  it('refuses other sites, what is too short or too large, and unknown links, and shows nothing of it', async () => {
    const app = oneTimePages(desk.context, { signIn: null, stillMay });
    const path = await secretPath();
    expect((await app.request(path, post('key-of-carol', { 'sec-fetch-site': 'cross-site' }))).status).toBe(403);
    const short = await app.request(path, post('abc'));
    expect([short.status, (await short.text()).includes('at least 4 characters')]).toEqual([422, true]);
    expect((await app.request(path, post('x'.repeat(300_000)))).status).toBe(422);
    expect((await app.request(`/secret/${'A'.repeat(43)}`)).status).toBe(404);
    expect((await app.request(path.replace('/secret/', '/output/'))).status).toBe(404);
  });

  it('opens with sign-in for the person of the link alone', async () => {
    const claims = {
      iss: 'https://slack.com',
      aud: 'client',
      exp: Date.now() / 1000 + 60,
      nonce: '',
      'https://slack.com/user_id': 'UCAROL',
    };
    const slack = createServer((_request, response) => {
      const token = `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`;
      response.end(JSON.stringify({ ok: true, id_token: token }));
    });
    await new Promise<void>((resolve) => slack.listen(0, '127.0.0.1', resolve));
    const apiUrl = `http://127.0.0.1:${(slack.address() as AddressInfo).port}/api/`;
    const clientSecret = new Secret('client-secret');
    const signIn = createSlackSignIn({
      clientId: 'client',
      clientSecret,
      apiUrl,
      pageUrl: 'https://w.example',
      clock: systemClock,
    });
    const app = oneTimePages(desk.context, { signIn: signIn, stillMay });
    const path = await secretPath();
    const signedIn = async (person: string) => {
      const begun = await app.request(path);
      expect(begun.status).toBe(303);
      const to = new URL(begun.headers.get('location') ?? '');
      Object.assign(claims, { nonce: to.searchParams.get('nonce'), 'https://slack.com/user_id': person });
      const cookie = (begun.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
      const back = (state: string | null) =>
        app.request(`/signin/slack/callback?code=c&state=${state}`, { headers: { cookie } });
      expect((await back('forged')).status).toBe(403);
      const done = await back(to.searchParams.get('state'));
      expect(done.headers.get('location')).toBe(path);
      expect(done.headers.getSetCookie()[0]).toContain('HttpOnly; SameSite=Lax; Max-Age=600; Secure');
      return (done.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
    };
    try {
      const other = await signedIn('UMALLORY');
      expect((await app.request(path, { headers: { cookie: other } })).status).toBe(403);
      expect((await app.request(path, post('key-of-mallory', { cookie: other }))).status).toBe(403);
      const forged = `warroom_person=${Buffer.from(JSON.stringify({ person: 'UCAROL', until: 9e15 })).toString('base64url')}.x`;
      expect((await app.request(path, { headers: { cookie: forged } })).status).toBe(303);
      const own = await signedIn('UCAROL');
      expect((await app.request(path, post('key-of-carol', { cookie: own }))).status).toBe(200);
    } finally {
      slack.close();
    }
  });
});

describe('sensitive output', () => {
  it('is off the card, shown once to whoever has the role, written into the audit log, and gone after a day', async () => {
    desk.target.answer('/people', { body: { people: ['<b>Alice Private</b>'] } });
    const run = await runs.open('RB-SEC');
    await runs.diagnose(run);
    const stepRun = (await runs.steps(run)).find(({ step }) => step === 'people');
    expect(stepRun?.output).toBe('');
    const ask = (actor = ALICE) => askForOutput(desk.context, { stepRun: stepRun?.id ?? 0, actor });
    await expect(ask(GUEST)).rejects.toThrow('Only members of this workspace');
    const app = oneTimePages(desk.context, { signIn: null, stillMay });
    const path = new URL((await ask()).url).pathname;
    expect(await (await app.request(path)).text()).not.toContain('Alice Private');
    const shown = await (await app.request(path, { method: 'POST' })).text();
    expect(shown).toContain('&lt;b&gt;Alice Private');
    expect((await app.request(path, { method: 'POST' })).status).toBe(410);
    expect((await desk.audit()).filter(({ action }) => action === 'run.output_looked_at')).toMatchObject([
      { actor: 'UALICE' },
    ]);
    await advance(desk.db.pool, '25 hours');
    await expect(ask()).rejects.toThrow('The output is gone: it is kept for 24 hours.');
    await forgetOld(desk.context);
    expect(await query(desk.db.pool, 'select 1 from sensitive_outputs')).toEqual([]);
  });
});
