import type { ReactNode } from 'react';
import type { ClientChannel, ClientState } from '../../client-protocol.ts';
import { HOME_CHANNEL } from '../state/route.ts';
import { personOf } from '../text/people.tsx';
import { Avatar } from './avatar.tsx';
import { Icon, Mark } from './icon.tsx';

type Props = {
  readonly data: ClientState;
  readonly current: string;
  readonly open: boolean;
  readonly onOpen: (channel: string) => void;
  readonly onSearch: () => void;
};

/** The left column: workspace, channels, direct messages, apps. */
export function Sidebar({ data, current, open, onOpen, onSearch }: Props) {
  const bot = personOf(data, data.app.bot_user);
  const rooms = data.channels
    .filter((channel) => channel.kind !== 'im' && !channel.is_archived && channel.is_member)
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const others = data.channels
    .filter((channel) => channel.kind === 'public' && !channel.is_archived && !channel.is_member)
    .toSorted((a, b) => a.name.localeCompare(b.name));
  const direct = data.channels.filter((channel) => channel.kind === 'im' && channel.user !== data.app.bot_user);
  const messages = appChannel(data);
  const item = (channel: ClientChannel, children: ReactNode) => (
    <SidebarItem key={channel.id} channel={channel} current={current === channel.id} onOpen={onOpen}>
      {children}
    </SidebarItem>
  );
  return (
    <nav className={open ? 'sidebar sidebar-open' : 'sidebar'} aria-label="Channels and apps" id="sidebar">
      <div className="workspace-name">
        <span className="workspace-mark">
          <Mark />
        </span>
        <span>
          <b>{data.team.name}</b>
          <small>Warroom sandbox</small>
        </span>
      </div>
      <button type="button" className="sidebar-search" onClick={onSearch}>
        <Icon name="search" />
        <span>Jump to…</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Group title="Channels">{rooms.map((channel) => item(channel, <ChannelLabel channel={channel} />))}</Group>
      {others.length === 0 ? null : (
        <Group title="More channels">
          {others.map((channel) => item(channel, <ChannelLabel channel={channel} />))}
        </Group>
      )}
      {direct.length === 0 ? null : (
        <Group title="Direct messages">
          {direct.map((channel) => {
            const person = personOf(data, channel.user ?? '');
            return item(
              channel,
              <>
                <Avatar person={person} size={20} />
                <span className="sidebar-label">{person.real_name}</span>
              </>,
            );
          })}
        </Group>
      )}
      <Group title="Apps">
        <li>
          <button
            type="button"
            className="sidebar-item"
            aria-current={current === HOME_CHANNEL || current === messages?.id ? 'page' : undefined}
            data-unread={(messages?.unread ?? 0) > 0}
            onClick={() => onOpen(HOME_CHANNEL)}
          >
            <Avatar person={bot} size={20} />
            <span className="sidebar-label">{data.app.name}</span>
            <span
              className={data.app.connected ? 'presence presence-on' : 'presence'}
              title={data.app.connected ? 'Connected' : 'Not connected'}
            />
            <Unread channel={messages} />
          </button>
        </li>
      </Group>
    </nav>
  );
}

/** The direct conversation with the app, which is its Messages tab. */
export function appChannel(data: ClientState): ClientChannel | undefined {
  return data.channels.find((channel) => channel.kind === 'im' && channel.user === data.app.bot_user);
}

/** `# incidents`, or a lock for a private room. */
export function ChannelLabel({ channel }: { channel: ClientChannel }) {
  return (
    <>
      <Icon name={channel.kind === 'private' ? 'lock' : 'hash'} />
      <span className="sidebar-label">{channel.name}</span>
    </>
  );
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="sidebar-group" aria-label={title}>
      <h2>{title}</h2>
      <ul>{children}</ul>
    </section>
  );
}

type ItemProps = {
  readonly channel: ClientChannel;
  readonly current: boolean;
  readonly onOpen: (channel: string) => void;
  readonly children: ReactNode;
};

function SidebarItem({ channel, current, onOpen, children }: ItemProps) {
  return (
    <li>
      <button
        type="button"
        className="sidebar-item"
        aria-current={current ? 'page' : undefined}
        data-unread={channel.unread > 0 && !current}
        onClick={() => onOpen(channel.id)}
      >
        {children}
        {current ? null : <Unread channel={channel} />}
      </button>
    </li>
  );
}

function Unread({ channel }: { channel: ClientChannel | undefined }) {
  if (channel === undefined || channel.unread === 0) return null;
  const count = channel.kind === 'im' ? channel.unread : channel.mentions;
  return (
    <>
      {count > 0 ? <span className="badge">{count}</span> : null}
      <span className="sr-only">, {channel.unread} unread</span>
    </>
  );
}
