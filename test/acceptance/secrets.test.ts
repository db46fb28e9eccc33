import { expect, it, vi } from 'vitest';
import { query } from '../../src/db/transaction.ts';
import type { Person } from '../support/people.ts';
import type { SeenMessage } from '../support/seen-message.ts';
import { HUB, NADIA, type Story, type StoryOptions, startStory } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

/** The shares of the imitated Vault, as three holders know them. */
const SHARES = ['share-4', 'share-1', 'share-5'] as const;

/** Nadia has asked to open the sealed Vault of Auto-Broker, and Tomas has approved it. */
async function approved(options: StoryOptions = {}): Promise<{ story: Story; request: SeenMessage }> {
  const story = await startStory({ autoBroker: true, ...options });
  await story.twin.setState('vault-sealed');
  const { nadia, tomas } = story;
  await nadia.types(HUB, '/runbook RB-007');
  const run = await nadia.seesMessage(HUB, 'Runbook RB-007');
  await run.click('1/unseal');
  const form = await nadia.seesModal('Ask for approval');
  expect(form.text).not.toContain('unseal_key"');
  await form.fill({ reason: 'Nobody can log in.' }).submit();
  await story.settle();
  const request = await tomas.seesMessage(HUB, '✋ Approval wanted');
  expect(request.text).toContain('"key": "<secret>"');
  await request.click('Approve');
  await tomas.seesMessage(HUB, 'You approved it');
  await story.settle();
  await nadia.seesMessage(HUB, `🔑 <@${NADIA}>: “Give Vault the key shares” was approved and waits for secrets from 3`);
  await nadia.seesChange(request, 'waits for secrets: 0 of 3 given');
  return { story, request };
}

/** The address in the answer that one person alone sees. */
async function linkFor(story: Story, request: SeenMessage, who: Person, button = 'Give the secret'): Promise<string> {
  story.botClock.leap(5_000);
  await request.click(button, who);
  const answer = await who.seesMessage(HUB, /^Give the secret for|^Look at the output of/u);
  expect(answer.record.ephemeral_to).toBe(who.id);
  expect(String(answer.record.text)).not.toContain('http');
  const [, url] = /<(http[^|>]+)\|/u.exec(JSON.stringify(answer.record.blocks)) ?? [];
  return url ?? '';
}

async function give(url: string, value: string, more: RequestInit = {}): Promise<{ status: number; text: string }> {
  const body = new URLSearchParams({ 'secret:unseal_key': value });
  const response = await fetch(url, { method: 'POST', body, ...more });
  return { status: response.status, text: await response.text() };
}

/** Everything that the database holds, as text. */
async function wholeDatabase(story: Story): Promise<string> {
  const tables = await query<{ name: string }>(
    story.db.pool,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const texts = await Promise.all(
    tables.map(async ({ name }) => JSON.stringify(await query(story.db.pool, `select t::text from ${name} t`))),
  );
  return texts.join('\n');
}

it('three holders open Vault, each on a page of their own, and no share is seen or stored anywhere', async () => {
  const { story, request } = await approved();
  const { nadia, mei, ivo } = story;
  const [first, second, third] = SHARES;
  const url = await linkFor(story, request, nadia);
  expect(url.startsWith(story.warroom.url)).toBe(true);
  const page = await fetch(url);
  const html = await page.text();
  expect(page.status).toBe(200);
  expect(html).toContain('<input type="password" name="secret:unseal_key"');
  expect(html).toContain('auto-broker/vault');
  expect(html).toContain('Nobody can log in.');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(page.headers.get('cache-control')).toBe('no-store');

  expect(await give(url, first)).toMatchObject({ status: 200, text: expect.stringContaining('1 of 3 are given') });
  expect(story.twin.state.vaultShares).toEqual([]);
  await nadia.seesChange(request, 'waits for secrets: 1 of 3 given');
  expect((await give(url, first)).status).toBe(410);
  story.botClock.leap(5_000);
  await request.click('Give the secret', nadia);
  await nadia.seesMessage(HUB, 'You have given yours already');

  expect((await give(await linkFor(story, request, mei), second)).text).toContain('2 of 3 are given');
  await nadia.seesChange(request, 'waits for secrets: 2 of 3 given');
  const last = await linkFor(story, request, ivo);
  expect(await (await fetch(last)).text()).not.toMatch(/share-\d/u);
  expect((await give(last, third)).text).toContain('Everything is there');
  await story.settle();

  expect(story.twin.state.vaultShares).toEqual([...SHARES]);
  await nadia.seesChange(request, /👍 Approved by <@U\w+> · as expected/u);
  expect(request.record.blocks.some((block) => block.type === 'actions')).toBe(false);
  const everything = [await wholeDatabase(story), JSON.stringify(story.log.lines), story.transcript.text()];
  expect(everything.join('\n')).toContain('Give Vault the key shares');
  for (const share of SHARES)
    for (const form of [share, Buffer.from(share).toString('base64'), Buffer.from(share).toString('hex')])
      expect(everything.join('\n')).not.toContain(form);
  const token = last.split('/').at(-1) ?? '';
  expect(everything.join('\n').replaceAll(story.transcript.text(), '')).not.toContain(token);
  story.expectNothingElse();
});

it('stops at the first share that is refused: the third is never sent', async () => {
  const { story, request } = await approved();
  const { nadia, mei, ivo } = story;
  await give(await linkFor(story, request, nadia), 'share-2');
  await give(await linkFor(story, request, mei), 'not-a-share');
  await give(await linkFor(story, request, ivo), 'share-3');
  await story.settle();
  expect(story.twin.state.vaultShares).toEqual(['share-2']);
  await nadia.seesChange(request, /failed/u);
  const outcome = await nadia.seesMessage(HUB, /was approved by .*: failed/u);
  expect(outcome.text).not.toContain('not-a-share');
  const { rows } = await story.db.pool.query(`select output, error from step_runs where step = 'unseal'`);
  expect(rows[0].error).toBe('At 2 of 3: The target answered 400.');
  expect(rows[0].output).toMatch(/^— 1 of 3 —\n[\s\S]+\n— 2 of 3 —\n/u);
  story.expectNothingElse();
});

it('expires with a sentence when somebody’s share does not come, and forgets the others', async () => {
  const { story, request } = await approved();
  const { nadia, mei, sam } = story;
  await request.click('Give the secret', sam);
  await sam.seesMessage(HUB, 'Only members of this workspace can do that');
  await give(await linkFor(story, request, nadia), 'share-2');
  const late = await linkFor(story, request, mei);
  await story.advance('11 minutes');
  expect((await fetch(late)).status).toBe(410);
  await story.advance('5 minutes');
  await nadia.seesChange(request, 'secrets of 2 people were not given before the approval expired');
  await nadia.seesMessage(HUB, /nobody decided|not given before the approval expired/u);
  expect(story.twin.state.vaultShares).toEqual([]);
  await vi.waitFor(() => expect(story.warroom.context.shelf.stepRuns()).toEqual([]), { timeout: 5_000 });
  story.expectNothingElse();
});
