import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { clientChannels, clientMessage, clientView, isTopLevel, personaOf } from './client-json.ts';
import type { ClientState } from './client-protocol.ts';
import { isSubscribed } from './events.ts';
import type { FileShelf } from './file-shelf.ts';
import { readBody, sendJson } from './http.ts';
import type { Interactions } from './interactions.ts';
import { asString, isObject, type JsonObject, parseJson } from './json.ts';
import { joinChannel, leaveChannel, openDirect } from './membership.ts';
import { addMessage } from './messages.ts';
import { getPerson, getVisibleChannel } from './people.ts';
import { setReaction } from './reactions.ts';
import type { MessageRecord, UserRecord } from './records.ts';
import { Refusal } from './refusal.ts';
import { type Outgoing, runCommand } from './slash-commands.ts';
import { type ViewDesk, viewJson } from './view-desk.ts';

/** What Slack's client says in words. */
const SENTENCES: Readonly<Record<string, string>> = {
  action_gone: 'This button or field is no longer there.',
  channel_not_found: 'There is no such channel.',
  command_in_thread: 'Slash commands do not work in threads.',
  invalid_choice: 'This choice is not offered here.',
  is_archived: 'This channel is archived.',
  message_not_found: 'This message is no longer there.',
  messages_tab_disabled: 'Sending messages to this app has been turned off.',
  not_in_channel: 'Join the channel to write in it.',
  operation_timeout: 'We had some trouble connecting. Try again?',
  unknown_command: 'This is not a valid command.',
  unknown_person: 'There is no such person in this workspace.',
  view_not_found: 'This window is no longer open.',
};

type Request = { readonly me: UserRecord; readonly parts: readonly string[]; readonly body: JsonObject };
type Route = (request: Request) => JsonObject | Promise<JsonObject>;

/** The client's side of the workspace: what the page, or a test that plays a person, can see and do. */
export class ClientApi {
  readonly #out: Outgoing;
  readonly #desk: ViewDesk;
  readonly #interactions: Interactions;
  readonly #files: FileShelf;
  readonly #log: Log;

  constructor(options: { out: Outgoing; desk: ViewDesk; interactions: Interactions; files: FileShelf; log: Log }) {
    this.#out = options.out;
    this.#desk = options.desk;
    this.#interactions = options.interactions;
    this.#files = options.files;
    this.#log = options.log;
  }

  /** Answers `/sandbox/…`. */
  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '', 'http://local');
    const parts = url.pathname.split('/').slice(2);
    try {
      if (parts[0] === 'files') return this.#sendFile(res, parts[1] ?? '');
      const me = getPerson(this.#out.workspace, url.searchParams.get('as'));
      const parsed = parseJson((await readBody(req)).toString('utf8') || '{}');
      const route = this.#routes[`${req.method} ${shapeOf(parts)}`];
      if (!route) throw new Refusal('not_found');
      sendJson(res, 200, await route({ me, parts, body: isObject(parsed) ? parsed : {} }));
    } catch (error) {
      if (!(error instanceof Refusal))
        this.#log.error({ error: messageOf(error) }, 'The client API of the sandbox failed.');
      const code = error instanceof Refusal ? error.code : 'fatal_error';
      sendJson(res, error instanceof Refusal ? 400 : 500, {
        ok: false,
        error: code,
        message: SENTENCES[code] ?? `This does not work: ${code}.`,
      });
    }
  }

  readonly #routes: Readonly<Record<string, Route>> = {
    'GET state': ({ me }) => ({ ...this.#state(me) }) as unknown as JsonObject,
    'GET channels/:id/messages': ({ me, parts }) => {
      const rows = this.#visible(me, parts[1] ?? '')
        .filter(isTopLevel)
        .slice(-200);
      return { messages: rows.map((row) => clientMessage(this.#out.workspace, row)) as unknown as JsonObject[] };
    },
    'GET channels/:id/threads/:ts': ({ me, parts }) => {
      const ts = parts[3] ?? '';
      const rows = this.#visible(me, parts[1] ?? '').filter((row) => row.ts === ts || row.thread_ts === ts);
      return { messages: rows.map((row) => clientMessage(this.#out.workspace, row)) as unknown as JsonObject[] };
    },
    'POST messages': ({ me, body }) => this.#say(me, body),
    'POST actions': ({ me, body }) => {
      this.#later(this.#interactions.act(me, body));
      return { ok: true };
    },
    'POST options': ({ me, body }) => this.#interactions.options(me, body),
    'POST views/:id/submit': async ({ me, parts, body }) => {
      const errors = await this.#interactions.submit(me, parts[1] ?? '', isObject(body.values) ? body.values : {});
      return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true };
    },
    'POST views/:id/close': ({ me, parts }) => {
      this.#interactions.close(me, parts[1] ?? '');
      return { ok: true };
    },
    'POST home': ({ me, body }) => this.#openHome(me, asString(body.tab) ?? 'home'),
    'POST channels/:id/join': ({ me, parts }) => this.#join(me, parts[1] ?? ''),
    'POST channels/:id/leave': ({ me, parts }) => this.#leave(me, parts[1] ?? ''),
    'POST reactions': ({ me, body }) => {
      const row = this.#visible(me, asString(body.channel) ?? '').find(
        (entry) => entry.ts === body.ts && entry.ephemeral_to === null,
      );
      if (!row) throw new Refusal('message_not_found');
      setReaction(this.#out.workspace, row, {
        name: asString(body.name) ?? '',
        user: me.id,
        added: body.remove !== true,
      });
      return { ok: true };
    },
    'POST read': ({ me, body }) => {
      const { workspace } = this.#out;
      const channel = getVisibleChannel(workspace, me.id, asString(body.channel) ?? '');
      const read = workspace.channels.set(channel.id, {
        ...channel,
        read: { ...channel.read, [me.id]: asString(body.ts) ?? '' },
      });
      workspace.announce({ type: 'channel', channel: read, change: 'read', actor: me.id });
      return { ok: true };
    },
  };

  #state(me: UserRecord): ClientState {
    const { workspace, link } = this.#out;
    const home = this.#desk.home(me.id);
    return {
      team: { id: workspace.team.id, name: workspace.team.name },
      me: personaOf(me),
      people: workspace.users
        .values()
        .filter((row) => !row.deleted)
        .map(personaOf),
      channels: clientChannels(workspace, me.id),
      commands: workspace.manifest.commands.map(({ command, description, usage_hint }) => ({
        command,
        description,
        usage_hint,
      })),
      app: { bot_user: workspace.app.botUser, name: workspace.manifest.botName, connected: link.connected() },
      views: this.#desk.stack(me.id).map((view) => clientView(workspace, view)),
      home: home ? clientView(workspace, home) : null,
    };
  }

  #visible(me: UserRecord, channelId: string): MessageRecord[] {
    const { workspace } = this.#out;
    const channel = getVisibleChannel(workspace, me.id, channelId);
    return workspace
      .messages(channel.id)
      .values()
      .filter((row) => row.ephemeral_to === null || row.ephemeral_to === me.id);
  }

  #say(me: UserRecord, body: JsonObject): JsonObject {
    const { workspace } = this.#out;
    const channel = getVisibleChannel(workspace, me.id, asString(body.channel) ?? '');
    const text = asString(body.text) ?? '';
    const thread = asString(body.thread_ts) ?? null;
    if (text.trim() === '') throw new Refusal('no_text');
    if (channel.is_archived) throw new Refusal('is_archived');
    if (text.startsWith('/')) {
      this.#later(runCommand(this.#out, { user: me, channel, text, inThread: thread !== null }));
      return { ok: true };
    }
    if (!channel.members.includes(me.id)) throw new Refusal('not_in_channel');
    if (channel.kind === 'im' && workspace.manifest.messagesTab !== 'on') throw new Refusal('messages_tab_disabled');
    const parent = thread === null ? undefined : workspace.messages(channel.id).get(thread);
    if (thread !== null && !parent) throw new Refusal('message_not_found');
    const message = addMessage(workspace, {
      channel: channel.id,
      user: me.id,
      text,
      thread_ts: parent?.thread_ts ?? thread,
    });
    return { ok: true, ts: message.ts };
  }

  #openHome(me: UserRecord, tab: string): JsonObject {
    const { workspace, link } = this.#out;
    const { channel } = openDirect(workspace, me.id);
    const home = this.#desk.home(me.id);
    const view = home && tab === 'home' ? { view: viewJson(workspace, home) } : {};
    if (isSubscribed(workspace, 'app_home_opened')) {
      link.event({
        type: 'app_home_opened',
        user: me.id,
        channel: channel.id,
        tab,
        ...view,
        event_ts: workspace.nextTs(),
      });
    }
    return { ok: true };
  }

  #join(me: UserRecord, id: string): JsonObject {
    const channel = getVisibleChannel(this.#out.workspace, me.id, id);
    if (channel.is_archived) throw new Refusal('is_archived');
    if (channel.kind === 'public') joinChannel(this.#out.workspace, channel, { user: me.id, inviter: null });
    return { ok: true };
  }

  #leave(me: UserRecord, id: string): JsonObject {
    const channel = getVisibleChannel(this.#out.workspace, me.id, id);
    if (channel.is_general) throw new Refusal('cant_leave_general');
    if (channel.kind !== 'im' && channel.members.includes(me.id)) leaveChannel(this.#out.workspace, channel, me.id);
    return { ok: true };
  }

  #sendFile(res: ServerResponse, id: string): void {
    const file = this.#out.workspace.files.get(id);
    if (file?.state !== 'complete') throw new Refusal('file_not_found');
    const disposition = file.mimetype.startsWith('image/') ? 'inline' : 'attachment';
    res.writeHead(200, {
      'content-type': file.mimetype,
      'content-disposition': `${disposition}; filename*=UTF-8''${encodeURIComponent(file.name)}`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
    });
    res.end(this.#files.get(id));
  }

  /** The person does not wait for the app: what fails later is a notice. What is refused at once throws here. */
  #later(work: Promise<void>): void {
    work.catch((error: unknown) => this.#log.error({ error: messageOf(error) }, 'The app could not be told.'));
  }
}

/** `channels/C1/messages` → `channels/:id/messages`. */
function shapeOf(parts: readonly string[]): string {
  return parts.map((part, index) => (index === 1 ? ':id' : index === 3 ? ':ts' : part)).join('/');
}
