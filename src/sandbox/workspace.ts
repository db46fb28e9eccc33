import { randomBytes } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { WorkspaceSeed } from './default-workspace.ts';
import type { AppManifest } from './manifest.ts';
import type {
  ChannelRecord,
  FileRecord,
  MessageRecord,
  ResponseUrlRecord,
  ScheduledRecord,
  UsergroupRecord,
  UserRecord,
  ViewRecord,
} from './records.ts';
import type { Store, Table } from './store.ts';

/** Something that happened in the workspace; the app's events and the page's updates are made from it. */
export type Change =
  | { readonly type: 'message'; readonly message: MessageRecord }
  | {
      readonly type: 'message_changed';
      readonly message: MessageRecord;
      readonly previous: MessageRecord;
      readonly silent: boolean;
    }
  | { readonly type: 'message_deleted'; readonly message: MessageRecord }
  | {
      readonly type: 'channel';
      readonly channel: ChannelRecord;
      readonly change: ChannelChange;
      readonly actor: string;
    }
  | {
      readonly type: 'member';
      readonly channel: ChannelRecord;
      readonly user: string;
      readonly joined: boolean;
      readonly inviter: string | null;
    }
  | {
      readonly type: 'reaction';
      readonly message: MessageRecord;
      readonly user: string;
      readonly name: string;
      readonly added: boolean;
    }
  | {
      readonly type: 'pin';
      readonly channel: ChannelRecord;
      readonly message: MessageRecord;
      readonly user: string;
      readonly added: boolean;
    }
  /** What Slack shows to one person when an app fails them. */
  | {
      readonly type: 'notice';
      readonly user: string;
      readonly channel: string | null;
      readonly text: string;
      readonly error: string;
    }
  | { readonly type: 'views'; readonly user: string }
  | { readonly type: 'home'; readonly user: string };

export type ChannelChange = 'created' | 'renamed' | 'archived' | 'unarchived' | 'notes' | 'bookmarks' | 'read';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** All that the workspace knows, its ids and its clock. The rules of Slack live in the modules around it. */
export class Workspace {
  readonly store: Store;
  readonly clock: Clock;
  readonly team: WorkspaceSeed['team'];
  readonly app: WorkspaceSeed['app'];
  readonly manifest: AppManifest;
  readonly users: Table<UserRecord>;
  readonly channels: Table<ChannelRecord>;
  readonly files: Table<FileRecord>;
  readonly views: Table<ViewRecord>;
  /** For each user the ids of the open modals, bottom first. */
  readonly stacks: Table<readonly string[]>;
  readonly usergroups: Table<UsergroupRecord>;
  readonly responseUrls: Table<ResponseUrlRecord>;
  readonly scheduled: Table<ScheduledRecord>;
  readonly #numbers: Table<number>;
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(options: { store: Store; clock: Clock; seed: WorkspaceSeed; manifest: AppManifest }) {
    this.store = options.store;
    this.clock = options.clock;
    this.team = options.seed.team;
    this.app = options.seed.app;
    this.manifest = options.manifest;
    this.users = this.store.table('users');
    this.channels = this.store.table('channels');
    this.files = this.store.table('files');
    this.views = this.store.table('views');
    this.stacks = this.store.table('stacks');
    this.usergroups = this.store.table('usergroups');
    this.responseUrls = this.store.table('response_urls');
    this.scheduled = this.store.table('scheduled');
    this.#numbers = this.store.table('numbers');
    if (this.store.isEmpty) this.store.atomically(() => this.#plant(options.seed));
  }

  /** The messages of one channel by ts, oldest first, ephemeral ones included. */
  messages(channel: string): Table<MessageRecord> {
    return this.store.table(`messages:${channel}`);
  }

  /** Unix seconds, whole. */
  seconds(): number {
    return Math.floor(this.clock.now().getTime() / 1_000);
  }

  /** A timestamp as Slack makes them: seconds with six digits, larger than every one before, even if the clock goes back. */
  nextTs(): string {
    const now = this.clock.now().getTime() * 1_000;
    const micros = Math.max(now, (this.#numbers.get('ts') ?? 0) + 1);
    this.#numbers.set('ts', micros);
    return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
  }

  /** A new id such as `C` + ten characters. */
  newId(prefix: string): string {
    return prefix + [...randomBytes(10)].map((byte) => ALPHABET[byte % 36]).join('');
  }

  /** A number that grows: for block ids, event ids and hashes. */
  nextNumber(name: string): number {
    return this.#numbers.set(name, (this.#numbers.get(name) ?? 0) + 1);
  }

  /** Calls `listener` after each change; returns how to stop. */
  watch(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells the listeners, but never of something that is not in the journal yet. */
  announce(change: Change): void {
    this.store.afterwards(() => {
      for (const listener of this.#listeners) listener(change);
    });
  }

  #plant(seed: WorkspaceSeed): void {
    const created = this.seconds();
    for (const row of seed.people) this.users.set(row.id, row);
    this.users.set(seed.app.botUser, {
      id: seed.app.botUser,
      name: this.manifest.botName.toLowerCase().replace(/[^a-z0-9]+/gu, ''),
      real_name: this.manifest.botName,
      title: '',
      email: '',
      tz: 'UTC',
      color: '4a154b',
      bot_id: seed.app.botId,
      is_admin: false,
      is_restricted: false,
      deleted: false,
    });
    const creator = seed.people[0]?.id ?? seed.app.botUser;
    for (const row of seed.channels) {
      this.channels.set(row.id, {
        ...emptyChannel({ id: row.id, name: row.name, kind: row.kind, created, creator }),
        purpose: { value: row.purpose, creator, last_set: created },
        members: row.members,
        is_general: row.is_general === true,
      });
    }
    for (const row of seed.usergroups) this.usergroups.set(row.id, row);
  }
}

/** A channel with nobody and nothing in it. */
export function emptyChannel(row: Pick<ChannelRecord, 'id' | 'name' | 'kind' | 'created' | 'creator'>): ChannelRecord {
  const note = { value: '', creator: '', last_set: 0 };
  return {
    ...row,
    topic: note,
    purpose: note,
    members: [],
    is_archived: false,
    is_general: false,
    previous_names: [],
    pins: [],
    bookmarks: [],
    read: {},
  };
}
