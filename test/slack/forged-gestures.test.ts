import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Desk, freshKey, openDesk } from '../support/desk.ts';
import { MATRIX, type Row, type Subjects, type Who } from './permission-matrix.ts';
import { openPermissionWorld, PEOPLE, type PermissionWorld } from './permission-world.ts';

let desk: Desk;
let world: PermissionWorld;
let of: Subjects;

beforeAll(async () => {
  desk = await openDesk();
  world = await openPermissionWorld(desk);
  of = await world.subjects(false);
});
afterAll(() => desk.close());

const PRESSED = MATRIX.flatMap((row) => ('press' in row ? [[row.press, row] as const] : []));
const SUBMITTED = MATRIX.flatMap((row) => ('submit' in row ? [[row.submit, row] as const] : []));
const TYPED = MATRIX.flatMap((row) => ('type' in row ? [[row.type, row] as const] : []));
/** What they carry does not say what they are about. */
const WITHOUT = ['incident.declare', 'incident.list', 'runbook.open', 'runbook.search', 'drill.start'];
const ABOUT = PRESSED.filter(([press]) => !WITHOUT.includes(press));

const JUNK = ['', 'junk', '-1', '0x1', '1.5', '1e3', '９', '9'.repeat(40), '1/../2', '{"incident":1}', '__proto__'];
const NUMBERS = ['0', '999999999', '999999999/drain', 'ack/999999999', '999999999999999', '999999999999999/drain'];
const METADATA = ['', 'null', '[]', '{}', 'junk', '{"incident":"1","run":"1","approval":"1"}', '{"incident":1.5}'];

/** Who may do it, the most direct way. */
function entitled(who: Who): string {
  if (who === 'who asked') return PEOPLE['who asked'].id;
  return who === 'the commander of the incident' ? PEOPLE.commander.id : PEOPLE.admin.id;
}

describe('a forged gesture does nothing and is answered with a sentence', () => {
  test.each(ABOUT)('%s with a value that no message carries', async (_press, row) => {
    const before = await world.state();
    for (const value of [...JUNK, ...NUMBERS]) {
      const { said, shown } = await world.act(row, entitled(row.who), of, { value });
      expect(said, value).toMatch(/from an older message|does not exist|There is no incident/u);
      expect(shown, value).toBe('[]');
    }
    expect(await world.state()).toBe(before);
  });

  test.each(SUBMITTED.filter(([form]) => form !== 'incident.declare'))(
    '%s about what no form is about',
    async (_form, row) => {
      const before = await world.state();
      for (const metadata of METADATA) {
        const { said, shown } = await world.act(row, entitled(row.who), of, { metadata });
        expect(said, metadata).toMatch(/Something broke and nothing more was done/u);
        expect(shown, metadata).toBe('[]');
      }
      expect(await world.state()).toBe(before);
    },
  );

  test.each(MATRIX.filter((row) => row.about !== 'shown' && !('choose' in row)).map((row) => [row.does, row] as const))(
    '%s by somebody whom Slack does not know',
    async (_does, row) => {
      const before = await world.state();
      expect((await world.act(row, 'UNOWHERE', of)).said).toContain('Slack does not know this person');
      expect(await world.state()).toBe(before);
    },
  );
});

describe('a replayed gesture does nothing a second time', () => {
  const replays = async (row: Row): Promise<string> => {
    const fresh = await world.subjects(false);
    const at = freshKey();
    await world.act(row, entitled(row.who), fresh, { at });
    const after = await world.state();
    const { said } = await world.act(row, entitled(row.who), fresh, { at });
    expect(await world.state()).toBe(after);
    return said;
  };

  test.each(PRESSED)('%s, and says so', async (_press, row) => {
    expect(await replays(row)).toContain('Nothing runs twice');
  });

  test.each(TYPED.filter(([, row]) => row.about !== 'shown'))('%s, and says so', async (_type, row) => {
    expect(await replays(row)).toContain('Nothing runs twice');
  });

  test.each(SUBMITTED)('form %s', async (_form, row) => {
    await replays(row);
  });
});
