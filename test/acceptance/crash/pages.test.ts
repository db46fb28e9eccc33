import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../support/bot-process.ts';
import { readableText } from '../../support/transcript.ts';
import { acknowledge, declare, quiet } from './gestures.ts';
import { type CrashWorld, IVO, MEI, NADIA, openCrashWorld } from './world.ts';

let world: CrashWorld;
beforeAll(async () => {
  world = await openCrashWorld();
}, 60_000);
afterAll(() => world.close());

const pageOf = (incident: number, rung: string) =>
  eventually(`a page of ${rung} for incident ${incident}`, async () => {
    const sql = 'select id, sends, state from pages where incident = $1 and rung = $2';
    return (await world.query<{ id: number; sends: number; state: string }>(sql, [incident, rung]))[0];
  });

const arrives = (slot: string) => eventually(`message ${slot}`, () => world.posted(slot)[0]);

describe('kill -9 between page and acknowledgement', () => {
  it('loses no page and repeats none: repeats and rungs come at their time, once each', async () => {
    const first = await world.start();
    const incident = await declare(world, 'The queue is stuck for pages');
    const page = await pageOf(incident, 'l1');
    await arrives(`page:${page.id}:1:${NADIA}`);
    await first.kill();

    await world.advance('5m');
    const second = await world.start();
    await arrives(`page:${page.id}:2:${NADIA}`);
    await second.kill();

    await world.advance('5m');
    const third = await world.start();
    const lead = await pageOf(incident, 'l2');
    await arrives(`page:${lead.id}:1:${IVO}`);
    await arrives(`page:${page.id}:3:${NADIA}`);
    await quiet(world);
    await third.kill();

    await world.advance('20m');
    await world.start();
    const vp = await pageOf(incident, 'l3');
    await arrives(`page:${vp.id}:1:${MEI}`);
    await arrives(`page:${lead.id}:2:${IVO}`);
    await quiet(world);
    const slots = [...world.postedBySlot()].filter(([slot]) => slot.startsWith('page:'));
    expect(slots.map(([slot, messages]) => `${slot} ${messages.length}`).sort()).toEqual(
      [
        `page:${page.id}:1:${NADIA} 1`,
        `page:${page.id}:2:${NADIA} 1`,
        `page:${page.id}:3:${NADIA} 1`,
        `page:${lead.id}:1:${IVO} 1`,
        `page:${lead.id}:2:${IVO} 1`,
        `page:${vp.id}:1:${MEI} 1`,
      ].sort(),
    );

    // The button of a message that a dead process has posted works like any other.
    await acknowledge(world, page.id, `page:${page.id}:1:${NADIA}`);
    await eventually('the message to say so', () =>
      readableText(world.posted(`page:${page.id}:1:${NADIA}`)[0] ?? missing()).includes('acknowledged this page'),
    );
  }, 120_000);
});

function missing(): never {
  throw new Error('the message is gone');
}
