import type { ClientChannel, ClientMessage } from '../../client-protocol.ts';
import type { SandboxApi } from '../state/api.ts';
import { Composer } from './composer.tsx';
import { Icon } from './icon.tsx';
import { MessageList } from './message-list.tsx';

type Props = {
  readonly channel: ClientChannel;
  readonly thread: string;
  readonly messages: readonly ClientMessage[] | undefined;
  readonly api: SandboxApi;
  readonly onRefusal: (error: unknown) => void;
  readonly onClose: () => void;
};

/** The column on the right: a message and the answers to it. */
export function ThreadPane({ channel, thread, messages, api, onRefusal, onClose }: Props) {
  const replies = Math.max(0, (messages?.length ?? 1) - 1);
  return (
    <aside className="thread" aria-label="Thread">
      <header className="channel-header">
        <div className="channel-title">
          <h1>Thread</h1>
          <p className="channel-topic">
            # {channel.name} · {replies} {replies === 1 ? 'reply' : 'replies'}
          </p>
        </div>
        <button type="button" className="button-bare" aria-label="Close thread" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <MessageList
        label="Thread"
        messages={messages}
        intro={null}
        pins={[]}
        inThread
        api={api}
        onRefusal={onRefusal}
        onThread={() => undefined}
        onRead={() => undefined}
      />
      <Composer
        key={thread}
        api={api}
        channel={channel.id}
        thread={thread}
        placeholder="Reply…"
        onRefusal={onRefusal}
      />
    </aside>
  );
}
