import type { ReactNode } from 'react';
import type { ClientChannel, ClientState } from '../../client-protocol.ts';
import { HOME_CHANNEL } from '../state/route.ts';
import { personOf } from '../text/people.tsx';
import { PlainText } from '../text/text.tsx';
import { Avatar } from './avatar.tsx';
import { Icon } from './icon.tsx';
import { appChannel } from './sidebar.tsx';

/** Name, topic, members and pins of a channel. */
export function ChannelHeader({ channel, onPins }: { channel: ClientChannel; onPins: () => void }) {
  return (
    <Header>
      <div className="channel-title">
        <h1>
          <Icon name={channel.kind === 'private' ? 'lock' : 'hash'} />
          {channel.name}
        </h1>
        <p className="channel-topic" title={channel.topic}>
          <PlainText text={channel.topic === '' ? channel.purpose : channel.topic} />
        </p>
      </div>
      <div className="channel-facts">
        {channel.pins.length === 0 ? null : (
          <button
            type="button"
            className="fact"
            onClick={onPins}
            aria-label={`${channel.pins.length} pinned, go to it`}
          >
            <Icon name="pin" />
            {channel.pins.length}
          </button>
        )}
        <span className="fact" title={`${channel.members.length} members`}>
          <Icon name="people" />
          {channel.members.length}
          <span className="sr-only"> members</span>
        </span>
      </div>
    </Header>
  );
}

/** A direct conversation: the other person's name. */
export function DirectHeader({ data, channel }: { data: ClientState; channel: ClientChannel }) {
  const person = personOf(data, channel.user ?? '');
  return (
    <Header>
      <div className="channel-title">
        <h1>
          <Avatar person={person} size={24} />
          {person.real_name}
        </h1>
        <p className="channel-topic">{person.title}</p>
      </div>
    </Header>
  );
}

type AppProps = {
  readonly data: ClientState;
  readonly tab: 'home' | 'messages';
  readonly onOpen: (channel: string) => void;
};

/** The app: its name with the tabs Home and Messages. */
export function AppHeader({ data, tab, onOpen }: AppProps) {
  const messages = appChannel(data);
  return (
    <Header tabs>
      <div className="channel-title">
        <h1>
          <Avatar person={personOf(data, data.app.bot_user)} size={24} />
          {data.app.name}
          <span className="app-badge">APP</span>
        </h1>
        <div role="tablist" aria-label={data.app.name} className="tabs">
          <button type="button" role="tab" aria-selected={tab === 'home'} onClick={() => onOpen(HOME_CHANNEL)}>
            Home
          </button>
          {messages === undefined ? null : (
            <button type="button" role="tab" aria-selected={tab === 'messages'} onClick={() => onOpen(messages.id)}>
              Messages
            </button>
          )}
        </div>
      </div>
    </Header>
  );
}

function Header({ children, tabs = false }: { children: ReactNode; tabs?: boolean }) {
  return <header className={tabs ? 'channel-header channel-header-tabs' : 'channel-header'}>{children}</header>;
}
