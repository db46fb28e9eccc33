import type { ClientChannel, ClientMessage, ClientState } from '../../client-protocol.ts';
import type { SandboxApi } from '../state/api.ts';
import { personOf } from '../text/people.tsx';
import { PlainText } from '../text/text.tsx';
import { AppHeader, ChannelHeader, DirectHeader } from './channel-header.tsx';
import { Composer } from './composer.tsx';
import { Icon } from './icon.tsx';
import { MessageList } from './message-list.tsx';

type Props = {
  readonly data: ClientState;
  readonly channel: ClientChannel;
  readonly messages: readonly ClientMessage[] | undefined;
  readonly api: SandboxApi;
  readonly onRefusal: (error: unknown) => void;
  readonly onOpen: (channel: string) => void;
  readonly onThread: (ts: string) => void;
};

/** The middle column: header, messages, composer. */
export function Conversation({ data, channel, messages, api, onRefusal, onOpen, onThread }: Props) {
  const other = channel.user === null ? null : personOf(data, channel.user);
  const isApp = channel.user === data.app.bot_user;
  const toPin = () => document.getElementById(`m${channel.pins.at(-1) ?? ''}`)?.scrollIntoView({ block: 'center' });
  return (
    <>
      {isApp ? (
        <AppHeader data={data} tab="messages" onOpen={onOpen} />
      ) : other === null ? (
        <ChannelHeader channel={channel} onPins={toPin} />
      ) : (
        <DirectHeader data={data} channel={channel} />
      )}
      <MessageList
        key={`list-${channel.id}`}
        label={other === null ? `Messages in ${channel.name}` : `Messages with ${other.real_name}`}
        messages={messages}
        intro={<Intro channel={channel} name={other?.real_name ?? null} />}
        pins={channel.pins}
        inThread={false}
        api={api}
        onRefusal={onRefusal}
        onThread={onThread}
        onRead={(ts) => {
          // A read mark that gets lost is set by the next message.
          if (document.visibilityState === 'visible') api.read(channel.id, ts).catch(() => undefined);
        }}
      />
      {channel.is_member || channel.kind === 'im' ? (
        <Composer
          key={`composer-${channel.id}`}
          api={api}
          channel={channel.id}
          thread={null}
          placeholder={other === null ? `Message #${channel.name}` : `Message ${other.real_name}`}
          onRefusal={onRefusal}
        />
      ) : (
        <div className="join">
          <span>
            You are looking at <b>#{channel.name}</b>
          </span>
          <button
            type="button"
            className="button button-solid"
            onClick={() => void api.join(channel.id).catch(onRefusal)}
          >
            Join channel
          </button>
        </div>
      )}
    </>
  );
}

function Intro({ channel, name }: { channel: ClientChannel; name: string | null }) {
  return (
    <div className="intro">
      {name === null ? (
        <>
          <h2>
            <Icon name={channel.kind === 'private' ? 'lock' : 'hash'} />
            {channel.name}
          </h2>
          <p>
            {channel.purpose === '' ? (
              `This is the very beginning of #${channel.name}.`
            ) : (
              <PlainText text={channel.purpose} />
            )}
          </p>
        </>
      ) : (
        <p>
          This conversation is between you and <b>{name}</b>.
        </p>
      )}
    </div>
  );
}
