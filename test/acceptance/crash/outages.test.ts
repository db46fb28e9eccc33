import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startEmbedded } from '../../../src/db/embedded-server.ts';
import { migrateAsOwner } from '../../../src/db/migrate-as-owner.ts';
import { createPool } from '../../../src/db/pool.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { eventually } from '../../support/bot-process.ts';
import { testLog } from '../../support/log.ts';
import { readableText } from '../../support/transcript.ts';
import { acknowledge, approve, declare, endOf, quiet, upToRequest } from './gestures.ts';
import { type CrashWorld, IVO, MEI, NADIA, openCrashWorld, socketUrl } from './world.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close; close = closing.pop()) await close();
});

describe('an outage of Slack', () => {
  it('delivers what came due once when Slack is back, says how late it is, and keeps the process', async () => {
    const world = await openCrashWorld();
    closing.push(() => world.close());
    const bot = await world.start();
    const incident = await declare(world, 'The queue is stuck in an outage');
    await eventually('the first page', () => world.posted(`page:1:1:${NADIA}`)[0]);
    await quiet(world);
    world.sandbox.faults.outage = true;
    world.sandbox.socketMode?.drop();
    for (const [step, due] of [
      ['5m', 2],
      ['5m', 4],
      ['20m', 6],
      ['10m', 6],
    ] as const) {
      await world.advance(step);
      await eventually(`${due} sendings to be due`, () => sendings(world, due));
    }
    expect(bot.isAlive()).toBe(true);
    const ready = (await (await fetch(`${bot.url()}/readyz`)).json()) as { status: string; slack: string };
    expect(ready).toEqual({ status: 'ok', slack: 'disconnected' });

    world.sandbox.faults.outage = false;
    // Retries pause for some seconds of the database's time.
    await world.advance('2m');
    const lead = await eventually('the page of the second rung', () => world.posted(`page:2:2:${IVO}`)[0]);
    const vp = await eventually('the page of the third rung', () => world.posted(`page:3:1:${MEI}`)[0]);
    await quiet(world, 60_000);
    const posted = [...world.postedBySlot()].filter(([slot]) => slot.startsWith('page:'));
    // Of each page the newest sending alone: the earlier ones were overtaken while nobody could be reached.
    expect(posted.map(([slot, messages]) => `${slot} ${messages.length}`).sort()).toEqual([
      `page:1:1:${NADIA} 1`,
      `page:1:3:${NADIA} 1`,
      `page:2:2:${IVO} 1`,
      `page:3:1:${MEI} 1`,
    ]);
    for (const page of [lead, vp]) expect(readableText(page)).toMatch(/This page is \*.+ late\*/u);

    // The room has caught up, and people can go on.
    await acknowledge(world, 1, `page:1:3:${NADIA}`);
    expect(incident).toBe(1);
    expect(await bot.stop()).toEqual({ code: 0, signal: null });
  }, 120_000);
});

async function sendings(world: CrashWorld, count: number): Promise<boolean> {
  const [row] = await world.query<{ n: number }>('select coalesce(sum(sends), 0)::int as n from pages');
  return (row?.n ?? 0) >= count;
}

describe('a restart of the database', () => {
  it('is survived: what was asked before is approved and executed after', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'warroom-restart-'));
    await chmod(dataDir, 0o711);
    closing.push(() => rm(dataDir, { recursive: true, force: true }));
    const startServer = () =>
      startEmbedded({ dataDir, log: testLog(), clock: systemClock, settings: { fsync: 'off' } });
    let server = await startServer();
    closing.push(() => server.stop());
    await migrateAsOwner(server.owner, server.connection.user, testLog());
    const pool = createPool(server.connection, testLog(), { max: 2 });
    closing.push(() => pool.end());
    const world = await openCrashWorld({ database: { pool, url: socketUrl(server.connection) } });
    closing.push(() => world.close());
    const bot = await world.start();
    world.target.answer('/stats', { body: { backlog: 200, ticket: 'T-9' } });
    const asked = await upToRequest(world, 'The queue is stuck while the database restarts');

    await server.stop();
    server = await startServer();
    await approve(world, asked.approval);
    expect(await endOf(world, asked.stepRun)).toBe('ok');
    await quiet(world);
    expect(world.target.count('POST /reset/T-9')).toBe(1);
    expect(bot.isAlive()).toBe(true);
  }, 120_000);
});
