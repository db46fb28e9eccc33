import { insertPage } from '../../src/db/escalations.ts';
import { updateCommander, updateRoom } from '../../src/db/incidents.ts';
import { query } from '../../src/db/transaction.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startDiagnostics } from '../../src/runs/diagnose.ts';
import { SlackCallError, type SlackCaller } from '../../src/slack/client.ts';
import { loadCommands } from '../../src/slack/commands.ts';
import { registerListeners } from '../../src/slack/listeners/register.ts';
import type { SlackMethod } from '../../src/slack/method-tiers.ts';
import type { Ui } from '../../src/slack/ui.ts';
import { runsOf } from '../runs/support.ts';
import { type Desk, freshKey, person } from '../support/desk.ts';
import type { Row, Subjects } from './permission-matrix.ts';

/** Who plays: what Slack says of them, and their user group. */
export const PEOPLE = {
  outsider: { id: 'UOUTSIDER', slack: { team_id: 'T2', is_stranger: true }, group: 'SADMIN' },
  guest: { id: 'UGUEST', slack: { is_ultra_restricted: true }, group: 'SADMIN' },
  'who left': { id: 'UGONE', slack: { deleted: true }, group: 'SADMIN' },
  'a member without a role': { id: 'UNOBODY', slack: {}, group: null },
  'who is paged': { id: 'UPAGED', slack: {}, group: null },
  viewer: { id: 'UVIEWER', slack: {}, group: 'SVIEW' },
  responder: { id: 'URESPOND', slack: {}, group: 'SRESP' },
  'who asked': { id: 'UASKER', slack: {}, group: 'SRESP' },
  approver: { id: 'UAPPROVE', slack: {}, group: 'SAPPR' },
  commander: { id: 'UCOMMAND', slack: {}, group: 'SCOMM' },
  admin: { id: 'UADMIN', slack: {}, group: 'SADMIN' },
} as const;
export type Persona = keyof typeof PEOPLE;
export const PERSONAS = Object.keys(PEOPLE) as Persona[];

const ROLES = {
  viewer: ['SVIEW'],
  responder: ['SRESP'],
  approver: ['SAPPR'],
  commander: ['SCOMM'],
  admin: ['SADMIN'],
};

/** Everything of a private incident has one of these in it. */
export const MARKS = ['Zanzibar', 'C0SECRET'];

/** What came of one gesture: everything that was said, and how. */
export type Outcome = {
  /** Sentences that the person alone read: answers, errors in a form, notices. */
  readonly said: string;
  /** Forms and tabs that were shown. */
  readonly shown: string;
  /** Messages that others see; there must be none. */
  readonly public: readonly string[];
  /** Whether the answers came as something that the person alone sees. */
  readonly ephemeral: boolean;
};

type Listener = (args: Record<string, unknown>) => Promise<void>;

/** What is different from what Slack would send: what it carries, or when (the same twice is a replay). */
export type Forged = { readonly value?: string; readonly metadata?: string; readonly at?: string };

/** The adapter to Slack as the product registers it, without a connection. */
export type PermissionWorld = {
  /** An incident with a run, a request that waits, and a page. */
  subjects(isPrivate: boolean): Promise<Subjects>;
  /** Who is in the private room. */
  inside: string[];
  act(row: Row, who: string, of: Subjects, how?: Forged): Promise<Outcome>;
  /** The state of everything, as a text that differs after any change of it. */
  state(): Promise<string>;
};

/** Opens the world on a desk, with roles by user group. */
export async function openPermissionWorld(desk: Desk): Promise<PermissionWorld> {
  const world = { inside: [] as string[], ahead: 0 };
  const sent: { method: string; args: Record<string, unknown> }[] = [];
  const byId = new Map<string, (typeof PEOPLE)[Persona]>(Object.values(PEOPLE).map((one) => [one.id, one]));
  const call = (async (_lane: string, method: string, args: Record<string, unknown>) => {
    switch (method) {
      case 'users.info': {
        if (args.user === 'UNOWHERE') throw refused('users.info', 'user_not_found');
        const known = byId.get(String(args.user));
        return { user: { id: args.user, team_id: 'T1', name: String(args.user), profile: {}, ...known?.slack } };
      }
      case 'conversations.members':
        if (args.channel === 'C0SECRET') return { members: world.inside };
        throw refused('conversations.members', 'channel_not_found');
      case 'conversations.info':
        return { channel: { id: args.channel, is_member: true } };
      case 'conversations.open':
        return { channel: { id: 'D0DIRECT' } };
      default:
        sent.push({ method, args });
        return { ok: true, ts: '1.1' };
    }
  }) as unknown as SlackCaller;
  const settings = {
    ...desk.context.settings,
    roles: { '*': ROLES },
    contacts: { shop: { lead: ['UPAGED'] } },
  };
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + world.ahead };
  const context = {
    ...desk.with({ settings, clock }),
    drills: { connection: { host: '/nowhere' } as never, fault: null },
  };
  const groupsOf = async (id: string) =>
    [byId.get(id)?.group ?? (id === 'UFOUNDER' ? 'SRESP' : null)].flatMap((group) => group ?? []);
  const userGroups = { groupsOf, findMembers: async () => [] };
  const people = { call, pool: desk.db.pool, teamId: async () => 'T1', userGroups };
  const ui: Ui = { context, call, people, hub: async () => 'C0HUB', log: desk.context.log };
  const listeners = new Map<string, Listener>();
  const app = {
    command: (name: string, listener: Listener) => listeners.set(name, listener),
    action: (_: RegExp, listener: Listener) => listeners.set('action', listener),
    view: (_: RegExp, listener: Listener) => listeners.set('view', listener),
    options: (_: RegExp, listener: Listener) => listeners.set('options', listener),
    event: (name: string, listener: Listener) => listeners.set(name, listener),
  };
  registerListeners(app as never, ui, await loadCommands());
  // Numbers that stand nowhere else.
  await desk.db.owner.query('alter table incidents alter column number restart with 7700');

  const subjects = async (isPrivate: boolean): Promise<Subjects> => {
    const founder = person('UFOUNDER');
    const title = isPrivate ? 'Zanzibar breach' : 'Orders are stuck';
    const { number } = await desk.declare({ title, private: isPrivate, actor: founder });
    await desk.tx(async (tx) => {
      await updateRoom(tx, number, { channel: isPrivate ? 'C0SECRET' : 'C0ROOM', thread: null });
      await updateCommander(tx, number, PEOPLE.commander.id);
    });
    const asker = person(PEOPLE['who asked'].id);
    const runs = runsOf(desk);
    const run = await runs.open('RB-1', number);
    const reason = isPrivate ? 'Zanzibar is open.' : 'It is stuck.';
    const approval = await runs.request(run, 'drain', { actor: asker, reason });
    const { stepRun } = await runs.approval(approval);
    // Its diagnostics wait, so that there is something to cancel.
    await startDiagnostics(desk.context, { run: run.id, actor: asker });
    const due = { incident: number, rung: 'l2', contact: 'lead', dueAt: new Date() };
    const page = await desk.tx((tx) => insertPage(tx, due));
    return { incident: number, run: run.id, stepRun, approval, page };
  };

  const act = async (row: Row, who: string, of: Subjects, how: Forged = {}): Promise<Outcome> => {
    // Presses within a second and a half are double clicks.
    world.ahead += 2_000;
    sent.length = 0;
    const answers: Record<string, unknown>[] = [];
    const acks: unknown[] = [];
    await perform(listeners, row, {
      who,
      of,
      how,
      respond: async (answer: Record<string, unknown>) => void answers.push(answer),
      ack: async (answer?: unknown) => void (answer === undefined ? 0 : acks.push(answer)),
    });
    const openly = (one: (typeof sent)[number]) =>
      one.method === 'files.completeUploadExternal' ||
      (one.method === 'chat.postMessage' && one.args.channel !== 'D0DIRECT');
    const alone = sent.filter(({ method }) => /^chat\./u.test(method));
    const views = sent.filter(({ method }) => /^views\./u.test(method));
    const notices = views.filter(
      ({ args }) =>
        (args.view as { callback_id?: string; type: string }).type === 'modal' &&
        !(args.view as { callback_id?: string }).callback_id,
    );
    return {
      said: JSON.stringify([answers, acks, alone.filter((one) => !openly(one)), notices]),
      shown: JSON.stringify(views),
      public: sent.filter(openly).map((one) => JSON.stringify(one)),
      ephemeral: answers.every((answer) => answer.response_type === 'ephemeral' && answer.replace_original === false),
    };
  };

  return Object.assign(world, { subjects, act, state: () => stateOf(desk) });
}

function refused(method: SlackMethod, code: string): SlackCallError {
  return new SlackCallError(method, { code, retry: false, uncertain: false, reason: code, afterMs: 0 });
}

type Hands = {
  who: string;
  how: Forged;
  of: Subjects;
  respond: (answer: Record<string, unknown>) => Promise<void>;
  ack: (answer?: unknown) => Promise<void>;
};

/** Calls the listener as Bolt would for what somebody did. */
async function perform(
  listeners: Map<string, Listener>,
  row: Row,
  { who, of, how, respond, ack }: Hands,
): Promise<void> {
  const listen = (name: string) => {
    const listener = listeners.get(name);
    if (!listener) throw new TypeError(`Nobody listens to ${name}.`);
    return listener;
  };
  const user = { id: who };
  const at = how.at ?? freshKey();
  if ('type' in row) {
    const command = row.type.split(' ')[0] ?? '';
    const typed = { user_id: who, channel_id: 'C0HUB', trigger_id: at, command, text: row.text(of) };
    return listen(command)({ ack, respond, command: typed });
  }
  if ('press' in row) {
    const action = { action_id: row.press, value: how.value ?? row.value(of), action_ts: at, type: 'button' };
    const message = { ts: '1.1' };
    const body = { user, trigger_id: freshKey(), actions: [action], channel: { id: 'C0HUB' }, container: {}, message };
    return listen('action')({ ack, respond, body });
  }
  if ('submit' in row) {
    const view = { ...viewOf(row.submit, row.form(of)), id: at };
    if (how.metadata !== undefined) view.private_metadata = how.metadata;
    return listen('view')({ ack, body: { user, trigger_id: freshKey() }, view });
  }
  if ('choose' in row) {
    const form = row.form(of);
    if (row.choose === 'runbook.pick')
      return listen('options')({ ack, body: { user }, payload: { action_id: row.choose, value: form.values.runbook } });
    const action = { action_id: row.choose, selected_option: { value: 'shop' }, action_ts: freshKey() };
    const body = {
      user,
      trigger_id: freshKey(),
      actions: [action],
      container: {},
      view: viewOf('incident.declare', form),
    };
    return listen('action')({ ack, respond, body });
  }
  return listen('app_home_opened')({ event: { tab: 'home', user: who } });
}

function viewOf(callback: string, form: { metadata: object; values: Readonly<Record<string, string>> }) {
  const values = Object.fromEntries(
    Object.entries(form.values).map(([block, value]) => [block, { value: { type: 'plain_text_input', value } }]),
  );
  const private_metadata = JSON.stringify(form.metadata);
  return { id: freshKey(), type: 'modal', callback_id: callback, private_metadata, state: { values }, hash: 'h' };
}

/** Who was seen, what came in, and who was refused, is written down; everything else has to stay as it is. */
const RECORDS = /^(?:people|requests|audit_\w+)$/u;

async function stateOf(desk: Desk): Promise<string> {
  const tables = await query<{ name: string }>(
    desk.db.pool,
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  );
  const parts = tables
    .filter(({ name }) => !RECORDS.test(name))
    .map(
      ({ name }) =>
        `select '${name}' as name, count(*)::text || ':' || coalesce(max(xmin::text::bigint), 0) as state from public."${name}"`,
    );
  return JSON.stringify(await query(desk.db.pool, parts.join(' union all ')));
}
