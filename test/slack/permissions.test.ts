import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadCommands } from '../../src/slack/commands.ts';
import { ACTION_IDS, CALLBACK_IDS } from '../../src/slack/views/action-ids.ts';
import { type Desk, openDesk } from '../support/desk.ts';
import { leastRole, MATRIX, matrixAsMarkdown, type Row, type Subjects, type Who } from './permission-matrix.ts';
import {
  MARKS,
  type Outcome,
  openPermissionWorld,
  PEOPLE,
  PERSONAS,
  type PermissionWorld,
  type Persona,
} from './permission-world.ts';

let desk: Desk;
let world: PermissionWorld;

beforeAll(async () => {
  desk = await openDesk();
  world = await openPermissionWorld(desk);
});
afterAll(() => desk.close());

const STRANGERS: readonly Persona[] = ['outsider', 'guest', 'who left'];
const ORDER: readonly Persona[] = ['viewer', 'responder', 'approver', 'commander', 'admin'];

/** Who may, of those who play. */
function allowed(who: Who): Persona[] {
  const least = leastRole(who);
  const byRole =
    least === null
      ? []
      : least === 'member'
        ? PERSONAS.filter((one) => !STRANGERS.includes(one))
        : ORDER.slice(ORDER.indexOf(least));
  // Whoever asked is a responder.
  const asker: Persona[] = byRole.includes('responder') || who.endsWith('who asked') ? ['who asked'] : [];
  const paged: Persona[] = who.endsWith('who is paged') ? ['who is paged'] : [];
  const commander: Persona[] = who === 'the commander of the incident' ? ['commander'] : [];
  return [...new Set([...byRole, ...asker, ...paged, ...commander])];
}

const REFUSALS =
  /Only (?:full )?members of this workspace|That needs the role|There is no incident \d+|does not exist any more|and you are not among them|You asked for this step yourself|Only whoever asked for it|Only the commander of an open incident|Whoever asked for it, the commander|cannot (?:see|do) that/u;

function isRefused(outcome: Outcome): boolean {
  return REFUSALS.test(outcome.said);
}

/** What was said and shown, with the numbers that were typed or pressed left out. */
function withoutNumbers(outcome: Outcome, of: Subjects): string {
  let text = outcome.said + outcome.shown;
  for (const number of Object.values(of))
    text = text.replaceAll(new RegExp(`(?<![A-Za-z0-9])${number}(?![0-9])`, 'gu'), 'N');
  return text.replaceAll(/reference [0-9a-f]{6}/gu, 'reference').replaceAll(/key-\d+/gu, 'key');
}

const NOTHING: Subjects = { incident: 88_001, run: 88_002, stepRun: 88_003, approval: 88_004, page: 88_005 };

/** Nothing happened, nobody else heard of it, and the person was told so where they alone read it. */
async function expectRefused(row: Row, who: Persona, of: Subjects): Promise<Outcome> {
  const before = await world.state();
  const outcome = await world.act(row, PEOPLE[who].id, of);
  const what = `${row.does} by ${who}: ${outcome.said}`;
  expect(await world.state(), `${what}, nothing changed`).toBe(before);
  expect(outcome.public, what).toEqual([]);
  expect(outcome.ephemeral, what).toBe(true);
  if (row.about === 'shown')
    for (const mark of [...MARKS, 'RB-1', 'Orders are stuck'])
      expect(outcome.said + outcome.shown, what).not.toContain(mark);
  else if (!('choose' in row)) expect(isRefused(outcome), `${what}, refused`).toBe(true);
  else expect(outcome.said + outcome.shown, what).not.toContain('RB-1');
  return outcome;
}

describe('the permission matrix', () => {
  test('has a row for everything that can be pressed, submitted and typed', async () => {
    const rows = (key: string) => MATRIX.flatMap((row) => (key in row ? [String((row as never)[key])] : []));
    expect([...rows('press'), ...rows('choose')].sort()).toEqual([...ACTION_IDS].sort());
    expect(rows('submit').sort()).toEqual([...CALLBACK_IDS].sort());
    const verbs = (await loadCommands()).flatMap((command) => [
      `/${command.key} help`,
      ...command.verbs.map(({ names }) => `/${command.key} ${names[0]}`),
      ...(command.otherwise ? [`/${command.key} (words)`] : []),
    ]);
    const typed = new Set(rows('type').map((type) => type.replace(/ \(asks\)$/u, '')));
    typed.delete('/runbook (an id)');
    expect([...typed].sort()).toEqual(verbs.sort());
  });

  test('is the table of the security guide', async () => {
    const guide = await readFile(new URL('../../docs/guides/security.md', import.meta.url), 'utf8');
    expect(guide).toContain(matrixAsMarkdown());
  });

  test.each(MATRIX.map((row) => [row.does, row.who, row] as const))('%s: %s', async (_does, _who, row) => {
    const of = await world.subjects(false);
    const may = allowed(row.who);
    for (const who of PERSONAS.filter((one) => !may.includes(one))) await expectRefused(row, who, of);
    for (const who of may) {
      const outcome = await world.act(row, PEOPLE[who].id, of);
      expect(isRefused(outcome), `${row.does} by ${who}: ${outcome.said}`).toBe(false);
      expect(outcome.ephemeral, `${row.does} by ${who}`).toBe(true);
    }
  });
});

describe('a private incident', () => {
  const rows = MATRIX.filter(({ about }) => about !== 'system').map((row) => [row.does, row] as const);

  test.each(rows)('cannot be told from one that does not exist by who is not in its room: %s', async (_does, row) => {
    const of = await world.subjects(true);
    world.inside = ['UBOT', 'UFOUNDER'];
    for (const who of PERSONAS) {
      if (row.about === 'page' && who === 'who is paged') continue;
      const outcome =
        row.about === 'shown' ? await world.act(row, PEOPLE[who].id, of) : await expectRefused(row, who, of);
      for (const mark of MARKS) expect(outcome.said + outcome.shown, `${row.does} by ${who}`).not.toContain(mark);
      if (row.about === 'shown') {
        expect(outcome.said + outcome.shown, `${row.does} by ${who}`).not.toContain(String(of.incident));
        continue;
      }
      const nothing = await world.act(row, PEOPLE[who].id, NOTHING);
      expect(withoutNumbers(outcome, of), `${row.does} by ${who}`).toBe(withoutNumbers(nothing, NOTHING));
    }
  });

  test.each(rows)('is for the members of its room as their role says: %s', async (_does, row) => {
    const of = await world.subjects(true);
    world.inside = ['UBOT', ...Object.values(PEOPLE).map(({ id }) => id)];
    const may = allowed(row.who);
    for (const who of PERSONAS.filter((one) => !may.includes(one))) await expectRefused(row, who, of);
    for (const who of may) {
      const outcome = await world.act(row, PEOPLE[who].id, of);
      expect(isRefused(outcome), `${row.does} by ${who}: ${outcome.said}`).toBe(false);
    }
  });
});
