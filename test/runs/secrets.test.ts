import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { holdLiveness } from '../../src/db/liveness.ts';
import { query } from '../../src/db/transaction.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Run } from '../../src/domain/run.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import type { RunsContext } from '../../src/runs/context.ts';
import { recoverSecrets, wipeSecrets } from '../../src/runs/gather-secrets.ts';
import { askForSecret, giveSecret, readSecretForm } from '../../src/runs/give-secret.ts';
import { SecretShelf } from '../../src/runs/secret-shelf.ts';
import { ALICE, BOB, CAROL, type Desk, GUEST, openDesk } from '../support/desk.ts';
import { advance } from '../support/moved-time.ts';
import { addSecretRunbook } from '../support/secret-pack.ts';
import { runsOf } from './support.ts';

let desk: Desk;
let runs: ReturnType<typeof runsOf>;
beforeAll(async () => {
  desk = await openDesk();
  await addSecretRunbook(desk);
  runs = runsOf(desk);
});
afterAll(() => desk.close());
beforeEach(() => {
  desk.target.hits.length = 0;
});

/** An approved step that waits for its secrets. */
async function waiting(step: string): Promise<{ run: Run; stepRun: number; approval: number }> {
  const run = await runs.open('RB-SEC');
  const approval = await runs.request(run, step);
  await runs.approve(approval);
  await desk.work();
  return { run, approval, stepRun: (await runs.approval(approval)).stepRun };
}

async function link(stepRun: number, actor: Person, context: RunsContext = desk.context): Promise<string> {
  return (await askForSecret(context, { stepRun, actor })).url.split('/').at(-1) ?? '';
}

async function give(stepRun: number, actor: Person, value: string, context: RunsContext = desk.context) {
  return giveSecret(context, await link(stepRun, actor, context), { key: value });
}

const state = async (run: Run, step: string) => (await runs.end(run, step)).state;

describe('a step that needs a secret of a person', () => {
  it('is approved without it, waits for it, and runs once with it', async () => {
    const { run, stepRun } = await waiting('put');
    expect(await state(run, 'put')).toBe('approved');
    expect(desk.target.hits).toEqual([]);
    expect((await desk.outbox()).map(({ intent }) => intent)).toContainEqual({ type: 'secret.wanted', stepRun });
    expect(await give(stepRun, CAROL, 'key-of-carol')).toEqual({ given: 1, wanted: 1 });
    expect(desk.context.shelf.stepRuns()).toEqual([stepRun]);
    await desk.work();
    expect(await state(run, 'put')).toBe('ok');
    expect(desk.target.count('POST /keys')).toBe(1);
    expect(desk.context.shelf.stepRuns()).toEqual([]);
    const actions = (await desk.audit()).filter(({ action }) => action === 'run.secret_given');
    expect(actions.at(-1)).toMatchObject({ actor: 'UCAROL', data: { given: 1, wanted: 1 } });
    expect(JSON.stringify(await desk.audit())).not.toContain('key-of-carol');
  });

  it('shows and hashes the same whatever is given', async () => {
    const first = await waiting('put');
    const second = await waiting('put');
    const display = async (id: number) =>
      (await query<{ display: string }>(desk.db.pool, 'select display from step_runs where id = $1', [id]))[0]?.display;
    expect(await display(first.stepRun)).toBe(await display(second.stepRun));
    expect(await display(first.stepRun)).toContain('"key": "<secret>"');
  });

  it.each([
    ['too short', 'abc', 'key: a secret has at least 4 characters, because shorter ones cannot be masked in output.'],
    ['too long', 'x'.repeat(16_385), 'key: a secret has at most 16384 characters; shorten it.'],
    ['with a NUL', 'abc\0def', 'The value of key contains a NUL character: remove it.'],
  ])('refuses one that is %s at once, and the link stays good', async (_what, value, sentence) => {
    const { stepRun } = await waiting('put');
    const token = await link(stepRun, CAROL);
    await expect(giveSecret(desk.context, token, { key: value })).rejects.toThrow(sentence);
    expect(desk.context.shelf.stepRuns()).not.toContain(stepRun);
    expect(await giveSecret(desk.context, token, { key: 'good-value' })).toEqual({ given: 1, wanted: 1 });
    await desk.work();
  });

  it('asks members with the role alone, only while it waits, and only when it needs one', async () => {
    const run = await runs.open('RB-SEC');
    const approval = await runs.request(run, 'put');
    const { stepRun } = await runs.approval(approval);
    await expect(link(stepRun, CAROL)).rejects.toThrow('This step does not wait for a secret (any more)');
    await runs.approve(approval);
    await expect(link(stepRun, GUEST)).rejects.toThrow('Only members of this workspace can do that');
    const other = await runs.approval(await runs.request(run, 'reset'));
    await expect(link(other.stepRun, CAROL)).rejects.toThrow('This step asks nobody for a secret');
    await give(stepRun, CAROL, 'key-of-carol');
    await desk.work();
    await expect(link(stepRun, BOB)).rejects.toThrow('does not wait for a secret (any more)');
  });

  it('never fills a step that only reads', async () => {
    const run = await runs.open('RB-SEC');
    desk.target.answer('/people', { body: { people: [] } });
    await runs.diagnose(run);
    expect(await runs.end(run, 'asks')).toEqual({
      state: 'refused',
      error: '“Ask with a key” only reads, and nobody is asked for key then: take the secret from system.yml.',
    });
  });

  it('expires with a sentence when nobody gives it, and the time begins with the approval', async () => {
    const run = await runs.open('RB-SEC');
    const approval = await runs.request(run, 'put');
    await advance(desk.db.pool, '10 minutes');
    await runs.approve(approval);
    await desk.work();
    await advance(desk.db.pool, '14 minutes');
    await desk.work();
    expect(await state(run, 'put')).toBe('approved');
    await advance(desk.db.pool, '2 minutes');
    await desk.work();
    expect(await runs.end(run, 'put')).toEqual({
      state: 'expired',
      error: 'It was approved, but a secret was not given before the approval expired.',
    });
    expect(desk.target.hits).toEqual([]);
  });

  it('voids the approval when the runbook’s target changed while it waited', async () => {
    const { run, stepRun } = await waiting('put');
    await give(stepRun, CAROL, 'key-of-carol');
    const packs = desk.context.packs();
    const shop = packs.systems.get('shop');
    if (!shop) throw new TypeError('There is no shop.');
    const write = { headers: { 'x-credential': 'other' } };
    const changed = { ...shop, targets: shop.targets.map((target) => ({ ...target, write })) };
    const systems = new Map([...packs.systems, ['shop', changed] as const]);
    await desk.work(desk.with({ packs: () => ({ ...packs, systems }) as typeof packs }));
    expect(await state(run, 'put')).toBe('refused');
    expect(desk.target.hits).toEqual([]);
    await wipeSecrets(desk.context);
    expect(desk.context.shelf.stepRuns()).toEqual([]);
  });
});

describe('a quorum', () => {
  it('takes one secret of each of three people and sends them in the order in which they came', async () => {
    const { run, stepRun } = await waiting('open');
    expect(await give(stepRun, CAROL, 'share-of-carol')).toEqual({ given: 1, wanted: 3 });
    await expect(give(stepRun, CAROL, 'another-one')).rejects.toThrow('You have given yours already');
    expect(await give(stepRun, ALICE, 'share-of-alice')).toEqual({ given: 2, wanted: 3 });
    await desk.work();
    expect(desk.target.hits).toEqual([]);
    expect(await give(stepRun, BOB, 'share-of-bob')).toEqual({ given: 3, wanted: 3 });
    await desk.work();
    expect(desk.target.count('POST /open')).toBe(3);
    expect(await state(run, 'open')).toBe('ok');
  });

  it('stops at the first that is refused', async () => {
    const { run, stepRun } = await waiting('open');
    desk.target.answer('/open', {}, { status: 400, body: { error: 'no' } }, {});
    for (const person of [CAROL, ALICE, BOB]) await give(stepRun, person, `share-of-${person.id}`);
    await desk.work();
    expect(desk.target.count('POST /open')).toBe(2);
    expect(await runs.end(run, 'open')).toEqual({ state: 'failed', error: 'At 2 of 3: The target answered 400.' });
    desk.target.answer('/open', {});
  });

  it('counts one of two forms that one person sends at the same moment, and one person once', async () => {
    const { stepRun } = await waiting('open');
    const [first, second] = [await link(stepRun, CAROL), await link(stepRun, CAROL)];
    const sendings = [first, first, first, second, second].map((token, index) =>
      giveSecret(desk.context, token, { key: `attempt-${index}` }),
    );
    const ends = await Promise.allSettled(sendings);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(desk.context.shelf.stepRuns().filter((id) => id === stepRun)).toHaveLength(1);
  });
});

describe('two processes', () => {
  it('keep a secret where it was given: the other refuses more of them, and leaves the step to the one that has it', async () => {
    const { run, stepRun } = await waiting('open');
    const log = desk.db.log;
    const other = desk.with({ owner: 'desk:2', shelf: new SecretShelf(systemClock), pageUrl: 'https://two.example' });
    const liveness = await holdLiveness({ pool: desk.db.pool, ownerId: 'desk:2', log });
    try {
      await give(stepRun, CAROL, 'share-of-carol', other);
      // A link that this process made before, and one that it makes now: it leads to the other.
      const { url } = await askForSecret(desk.context, { stepRun, actor: ALICE });
      expect(url).toMatch(/^https:\/\/two\.example\/secret\//u);
      const token = url.split('/').at(-1) ?? '';
      await expect(readSecretForm(desk.context, token)).rejects.toThrow(
        'Another replica of Warroom collects the secrets',
      );
      await expect(giveSecret(desk.context, token, { key: 'share-of-alice' })).rejects.toThrow('nothing was kept here');
      expect(desk.context.shelf.stepRuns()).not.toContain(stepRun);
      await giveSecret(other, token, { key: 'share-of-alice' });
      await give(stepRun, BOB, 'share-of-bob', other);
      await desk.work();
      expect(await state(run, 'open')).toBe('approved');
      expect(desk.target.hits).toEqual([]);
      await advance(desk.db.pool, '2 seconds');
      await desk.work(other);
      expect(desk.target.count('POST /open')).toBe(3);
      expect(await state(run, 'open')).toBe('ok');
    } finally {
      await liveness.release();
    }
  });

  it('say so when one of them died with what it had: everybody gives again, nothing is lost in silence', async () => {
    const { run, stepRun } = await waiting('open');
    const dead = desk.with({ owner: 'desk:3', shelf: new SecretShelf(systemClock) });
    await give(stepRun, CAROL, 'share-of-carol', dead);
    await give(stepRun, ALICE, 'share-of-alice', dead);
    expect(await recoverSecrets(desk.context)).toBeGreaterThan(0);
    expect((await desk.outbox()).map(({ intent }) => intent)).toContainEqual({ type: 'secret.lost', stepRun });
    expect((await desk.audit()).findLast(({ action }) => action === 'run.secrets_lost')).toMatchObject({
      data: { given: 2 },
    });
    for (const person of [CAROL, ALICE, BOB]) await give(stepRun, person, `share-of-${person.id}`);
    await desk.work();
    expect(await state(run, 'open')).toBe('ok');
  });
});

describe('the shelf', () => {
  it('forgets by time, by step and at once, and overwrites what it held', () => {
    let now = 0;
    const shelf = new SecretShelf({ ...systemClock, monotonicMs: () => now });
    const id = shelf.put(1, { key: new Secret('short-lived') }, 1_000);
    const kept = shelf.put(2, { key: new Secret('longer-lived') }, 9_000);
    expect(shelf.look(id)?.key?.reveal()).toBe('short-lived');
    now = 1_000;
    expect(shelf.look(id)).toBeNull();
    shelf.wipeExpired();
    expect(shelf.stepRuns()).toEqual([2]);
    shelf.wipeStep(2);
    expect(shelf.look(kept)).toBeNull();
    expect(JSON.stringify(shelf)).toBe('{}');
  });
});
