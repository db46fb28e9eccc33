import type { ModalView } from '@slack/types';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { updateRoom } from '../../src/db/incidents.ts';
import { SlackCallError, type SlackCaller } from '../../src/slack/client.ts';
import { type Caller, type Command, dispatch, loadCommands } from '../../src/slack/commands.ts';
import { PRESSES } from '../../src/slack/listeners/buttons.ts';
import { FORMS } from '../../src/slack/listeners/forms.ts';
import { explain, type Ui } from '../../src/slack/ui.ts';
import { runsOf } from '../runs/support.ts';
import { BOB, type Desk, freshKey, openDesk } from '../support/desk.ts';

/** The border to Slack: remembers what was asked of it and answers as Slack does. */
class Border {
  views: ModalView[] = [];
  member = true;
  deadTrigger = false;
  /** Who is in every channel. */
  inside: string[] = [];
  readonly call = (async (_lane: string, method: string, args: Record<string, unknown>) => {
    if (method === 'users.info')
      return { user: { id: args.user, team_id: 'T1', name: String(args.user), profile: {} } };
    if (method === 'conversations.members') return { members: this.inside };
    if (method === 'conversations.info') return { channel: { id: args.channel, is_member: this.member } };
    if (method !== 'views.open') throw new TypeError(`unexpected call of ${method}`);
    if (this.deadTrigger) {
      const failure = { code: 'expired_trigger_id', retry: false, uncertain: false, reason: 'too late', afterMs: 0 };
      throw new SlackCallError('views.open', failure);
    }
    this.views.push(args.view as ModalView);
    return { ok: true };
  }) as unknown as SlackCaller;
}

let desk: Desk;
let ui: Ui;
let border: Border;
let commands: Record<string, Command>;
let room = 0;

beforeAll(async () => {
  desk = await openDesk();
  commands = Object.fromEntries((await loadCommands()).map((command) => [command.key, command]));
});
afterAll(() => desk.close());
beforeEach(async () => {
  await desk.db.pool.query(`update incidents set status = 'resolved', resolved_at = now() where status = 'open'`);
  border = new Border();
  const { call } = border;
  const people = { call, pool: desk.db.pool, teamId: async () => 'T1' };
  const drills = { connection: { host: '/nowhere' } as never, fault: null };
  ui = { context: { ...desk.context, drills }, call, people, hub: async () => 'C0HUB', log: desk.context.log };
});

function caller(channel = 'C0HUB'): Caller {
  return { user: 'UALICE', channel, thread: null, trigger: 'trigger', requestKey: freshKey() };
}

/** What the person reads; the sentence of an error as the listener would say it. */
async function typed(text: string, channel = 'C0HUB'): Promise<string | null> {
  const [, key = '', rest = ''] = /^\/(\w+)\s*([\s\S]*)$/u.exec(text) ?? [];
  const command = commands[key];
  if (!command) throw new TypeError(`no command ${key}`);
  try {
    return (await dispatch(ui, command, { caller: caller(channel), text: rest }))?.text ?? null;
  } catch (error) {
    return explain(ui.log, error, text);
  }
}

async function withRoom(): Promise<{ number: number; channel: string }> {
  const { number } = await desk.declare();
  room += 1;
  const channel = `C0ROOM${room}`;
  await desk.tx((tx) => updateRoom(tx, number, { channel, thread: null }));
  return { number, channel };
}

describe('/incident', () => {
  test('a verb without an incident says that none is open', async () => {
    expect(await typed('/incident ack')).toBe(
      'No incident is open, so there is nothing to do; /incident declare opens one.',
    );
  });

  test('in the hub a verb offers a choice, and takes a number', async () => {
    const { number } = await desk.declare();
    expect(await typed('/incident ack')).toBe(
      'Which incident do you mean? In its own channel the verb means that one; here, choose or give its number.',
    );
    expect(await typed(`/incident ack ${number}`)).toBe(`You acknowledged incident ${number}.`);
    expect(await typed(`/incident ack #${number}`)).toBe(
      `Incident ${number} was acknowledged before; nothing changed.`,
    );
  });

  test('in a room a verb means its incident', async () => {
    const { number, channel } = await withRoom();
    await desk.declare();
    expect(await typed('/incident command', channel)).toBe(`You are in command of incident ${number}.`);
    expect(await typed('/incident command', channel)).toBe(`You are already in command of incident ${number}.`);
  });

  test('a number that does not exist, or is none, gets a sentence', async () => {
    expect(await typed('/incident ack 999999')).toBe(
      'There is no incident 999999; /incident list shows the open ones.',
    );
    expect(await typed('/incident status last one')).toBe(
      '“last one” is not the number of an incident; write one such as 7, or nothing in its own channel.',
    );
  });

  test('a severity of another system is refused with the levels there are', async () => {
    const { channel } = await withRoom();
    expect(await typed('/incident severity P0', channel)).toBe(
      'Shop has no severity “P0”; choose one of SEV1, SEV2, SEV3.',
    );
    expect(await typed('/incident severity SEV2 now please', channel)).toBe(
      'Write a level and at most a number after severity, such as severity SEV2 7.',
    );
  });

  test('an update in a room may begin with a number, and in the hub the number is the incident', async () => {
    const { number, channel } = await withRoom();
    await typed('/incident update 3 of 5 nodes are back', channel);
    await typed(`/incident update ${number} "All are back"`);
    const texts = (await desk.facts(number)).flatMap((fact) => (fact.kind === 'update_posted' ? [fact.text] : []));
    expect(texts).toEqual(['3 of 5 nodes are back', 'All are back']);
  });

  test('an update without an incident is not posted and its text comes back', async () => {
    await desk.declare();
    expect(await typed('/incident update we look into it')).toMatch(/Nothing was posted yet\.$/u);
  });

  test('declaring opens the form with the title in it; a dead trigger gets a sentence', async () => {
    expect(await typed('/incident create "API down - all requests failing"')).toBeNull();
    expect(JSON.stringify(border.views)).toContain('"initial_value":"API down - all requests failing"');
    border.deadTrigger = true;
    expect(await typed('/incident declare')).toBe('Slack waited too long to open the form; please try again.');
  });

  test('a resolved incident opens no form', async () => {
    const { number } = await desk.declare();
    await desk.db.pool.query(`update incidents set status = 'resolved', resolved_at = now() where number = $1`, [
      number,
    ]);
    const said = `Incident ${number} is resolved already; declare a new one if it is back.`;
    for (const verb of ['ack', 'resolve', 'update', 'severity'])
      expect(await typed(`/incident ${verb} ${number}`)).toBe(said);
    expect(border.views).toEqual([]);
  });
});

describe('/runbook', () => {
  test('an unknown id gets the nearest one, and nothing is opened', async () => {
    expect(await typed('/runbook RB-9')).toMatch(
      /^There is no runbook “RB-9”; did you mean RB-\d\? \/runbook alone opens a search\.$/u,
    );
  });

  test('a channel without the bot gets a sentence', async () => {
    border.member = false;
    expect(await typed('/runbook RB-1', 'C0OTHER')).toBe(
      'Warroom is not in this channel; invite it with /invite @warroom and try again.',
    );
    expect((await desk.db.pool.query('select 1 from runs where channel = $1', ['C0OTHER'])).rowCount).toBe(0);
  });

  test('in a room it belongs to its incident; in the hub it takes a number', async () => {
    const { number, channel } = await withRoom();
    expect(await typed('/runbook rb-1', channel)).toBeNull();
    expect(await typed('/runbook RB-1')).toBe(
      `RB-1 is open here; /runbook RB-1 ${number} opens it where incident ${number} is.`,
    );
    expect(await typed(`/runbook RB-1 ${number}`)).toBe(`RB-1 is open in the channel of incident ${number}.`);
    const rows = await desk.db.pool.query('select channel, incident from runs where channel = any($1) order by id', [
      [channel, 'C0HUB'],
    ]);
    expect(rows.rows).toEqual([
      { channel, incident: number },
      { channel: 'C0HUB', incident: null },
      { channel, incident: number },
    ]);
  });

  test('words search, and alone it opens the search', async () => {
    expect(await typed('/runbook zzzz qqqq')).toBe(
      'No runbook was found for “zzzz qqqq”; try fewer words, or search all of them.',
    );
    expect(await typed('/runbook')).toBeNull();
    expect(border.views.map((view) => view.callback_id)).toEqual(['runbook.search']);
  });
});

describe('/drill', () => {
  test('an unknown drill and a stop without one get a sentence', async () => {
    expect(await typed('/drill start XX-1')).toBe('There is no drill “XX-1”; there is WR-001.');
    expect(await typed('/drill stop')).toBe('No drill is running, so nothing was taken back.');
    expect(await typed('/drill list')).toMatch(/^WR-001: /u);
  });
});

describe('buttons and forms', () => {
  test('a button with a value of an older version is answered, and nothing is done', async () => {
    const said = 'This button is from an older message; use the newest card, or type the command instead.';
    for (const id of [
      'incident.acknowledge',
      'page.acknowledge',
      'step.request',
      'approval.approve',
      'incident.pick',
    ] as const) {
      await expect((async () => PRESSES[id](ui, caller(), 'junk'))(), id).rejects.toThrow(said);
    }
  });

  const form = (values: Record<string, unknown>) => ({
    id: freshKey(),
    private_metadata: '{}',
    state: { values: Object.fromEntries(Object.entries(values).map(([block, value]) => [block, { value }])) },
  });

  test.each([
    [{ title: { value: ':fire: :fire:' } }, 'title', /title/u],
    [{ title: { value: 'x'.repeat(3_001) } }, 'title', /^The title has 3,001 characters; shorten it to 120\.$/u],
    [{ title: { value: '' } }, 'title', /^Give the title a few words/u],
    [
      { title: { value: 'Down' }, impact: { value: 'x'.repeat(3_001) } },
      'impact',
      /^The customer impact has 3,001 characters; shorten it to 3,000\.$/u,
    ],
    [
      { title: { value: 'Down' }, 'severity:shop': { selected_option: { value: 'P0' } } },
      'severity:shop',
      /^Shop has no severity “P0”/u,
    ],
  ])(
    'the declaration %# comes back with a sentence below its field, and nothing is declared',
    async (values, field, said) => {
      const view = form({
        system: { selected_option: { value: 'shop' } },
        'severity:shop': { selected_option: { value: 'SEV1' } },
        ...values,
      }) as never;
      const count = async () => (await desk.db.pool.query('select 1 from incidents')).rowCount;
      const before = await count();
      const error = await FORMS['incident.declare'].submit(ui, caller(), view).catch((thrown: unknown) => thrown);
      expect(explain(ui.log, error, 'test')).toMatch(said);
      expect(FORMS['incident.declare'].field(error as never, view)).toBe(field);
      expect(await count()).toBe(before);
    },
  );

  test('a form that is submitted twice declares once', async () => {
    const view = form({
      title: { value: 'Down <!channel>' },
      system: { selected_option: { value: 'shop' } },
      'severity:shop': { selected_option: { value: 'SEV1' } },
    }) as never;
    const visitor = caller();
    await Promise.all([1, 2].map(() => FORMS['incident.declare'].submit(ui, visitor, view)));
    expect(
      (await desk.db.pool.query('select 1 from incidents where request_key = $1', [visitor.requestKey])).rowCount,
    ).toBe(1);
  });
});

describe('a private incident', () => {
  test('that has no room yet opens no run elsewhere, where others would see it', async () => {
    const { number } = await desk.declare({ private: true });
    expect(await typed(`/runbook RB-1 ${number}`)).toBe(
      `The room of incident ${number} is not there yet; try again in a moment.`,
    );
    expect((await desk.db.pool.query('select 1 from runs where incident = $1', [number])).rowCount).toBe(0);
  });

  test('is verified and approved by nobody outside of its room, also with a form from before', async () => {
    const { number } = await desk.declare({ private: true, actor: BOB });
    await desk.tx((tx) => updateRoom(tx, number, { channel: 'C0SECRET', thread: null }));
    const runs = runsOf(desk);
    const run = await runs.open('RB-1', number);
    const approval = await runs.request(run, 'drain', { actor: BOB });
    const { stepRun } = await runs.approval(approval);
    await expect(PRESSES['run.verify'](ui, caller(), String(stepRun))).rejects.toThrow(
      'This run does not exist any more',
    );
    const view = { private_metadata: JSON.stringify({ approval }), state: { values: {} } } as never;
    await expect(FORMS['approval.approve'].submit(ui, caller(), view)).rejects.toThrow(
      'This request does not exist any more',
    );
    border.inside = ['UWARROOM', 'UALICE'];
    expect(await PRESSES['run.verify'](ui, caller(), String(stepRun))).toBeNull();
  });
});
