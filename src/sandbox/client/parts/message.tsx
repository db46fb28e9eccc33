import { memo, useRef, useState } from 'react';
import type { ClientMessage } from '../../client-protocol.ts';
import { Blocks } from '../blocks/block.tsx';
import { Popover } from '../inputs/popover.tsx';
import { SurfaceProvider } from '../inputs/surface.tsx';
import type { Loose } from '../inputs/values.ts';
import type { SandboxApi } from '../state/api.ts';
import { PICKER_EMOJI } from '../text/emoji.ts';
import { personOf, useDirectory } from '../text/people.tsx';
import { Emoji, Mrkdwn } from '../text/text.tsx';
import { clockTime, dateOf } from '../text/time.ts';
import { Avatar } from './avatar.tsx';
import { Files } from './files.tsx';
import { Icon } from './icon.tsx';

export type MessageProps = {
  readonly message: ClientMessage;
  /** Stands under another of the same person, without name and picture. */
  readonly grouped: boolean;
  readonly inThread: boolean;
  readonly pinned: boolean;
  readonly api: SandboxApi;
  readonly onRefusal: (error: unknown) => void;
  readonly onThread: (ts: string) => void;
};

/** One message: who, when, what, and what others did with it. */
export const Message = memo(function Message(props: MessageProps) {
  const { message, grouped, pinned, api, onRefusal, inThread, onThread } = props;
  const { data } = useDirectory();
  const author = personOf(data, message.user);
  const date = dateOf(message.ts);
  const isNote =
    message.subtype !== null && message.subtype !== 'thread_broadcast' && message.subtype !== 'bot_message';
  const classes = [
    'message',
    grouped ? 'message-grouped' : '',
    message.ephemeral ? 'message-ephemeral' : '',
    pinned ? 'message-pinned' : '',
  ];
  return (
    <article className={classes.join(' ')} id={`m${message.ts}`} aria-label={`${author.real_name}, ${clockTime(date)}`}>
      {pinned && !grouped ? (
        <div className="message-flag">
          <Icon name="pin" /> Pinned
        </div>
      ) : null}
      {message.ephemeral ? (
        <div className="message-flag">
          <Icon name="eye" /> Only visible to you
        </div>
      ) : null}
      <div className="message-gutter">
        {grouped ? (
          <time dateTime={date.toISOString()}>{clockTime(date).replace(/ [AP]M$/, '')}</time>
        ) : (
          <Avatar person={author} />
        )}
      </div>
      <div className="message-main">
        {grouped ? null : (
          <div className="message-meta">
            <b>{author.real_name}</b>
            {author.is_bot ? <span className="app-badge">APP</span> : null}
            {author.is_bot || author.title === '' ? null : <span className="message-role">{author.title}</span>}
            <time dateTime={date.toISOString()} title={date.toLocaleString()}>
              {clockTime(date)}
            </time>
          </div>
        )}
        <MessageBody message={message} api={api} onRefusal={onRefusal} isNote={isNote} />
        <Reactions message={message} api={api} onRefusal={onRefusal} />
        {inThread || message.reply_count === 0 ? null : <ThreadLine message={message} onThread={onThread} />}
      </div>
      {message.ephemeral || message.deleted ? null : <HoverActions {...props} />}
    </article>
  );
});

type BodyProps = {
  readonly message: ClientMessage;
  readonly api: SandboxApi;
  readonly onRefusal: (error: unknown) => void;
  readonly isNote: boolean;
};

function MessageBody({ message, api, onRefusal, isNote }: BodyProps) {
  if (message.deleted) return <div className="message-note">This message was deleted.</div>;
  const blocks = message.blocks as unknown as readonly Loose[];
  return (
    <div className="message-body">
      {blocks.length > 0 ? (
        <SurfaceProvider
          api={api}
          place={{ kind: 'message', channel: message.channel, ts: message.ts }}
          blocks={blocks}
          onRefusal={onRefusal}
        >
          <Blocks blocks={blocks} />
        </SurfaceProvider>
      ) : (
        <div className={isNote ? 'message-note' : 'message-text'}>
          <Mrkdwn text={message.text} />
        </div>
      )}
      {message.edited ? <span className="message-edited"> (edited)</span> : null}
      <Files files={message.files} api={api} />
    </div>
  );
}

type ReactionProps = {
  readonly message: ClientMessage;
  readonly api: SandboxApi;
  readonly onRefusal: (error: unknown) => void;
};

function Reactions({ message, api, onRefusal }: ReactionProps) {
  const { data } = useDirectory();
  if (message.reactions.length === 0) return null;
  return (
    <div className="reactions">
      {message.reactions.map((reaction) => {
        const mine = reaction.users.includes(data.me.id);
        const names = reaction.users.map((id) => personOf(data, id).real_name).join(', ');
        return (
          <button
            key={reaction.name}
            type="button"
            className="reaction"
            aria-pressed={mine}
            title={`${names} reacted with :${reaction.name}:`}
            onClick={() =>
              void api
                .react({ channel: message.channel, ts: message.ts, name: reaction.name, remove: mine })
                .catch(onRefusal)
            }
          >
            <Emoji name={reaction.name} /> <span>{reaction.users.length}</span>
          </button>
        );
      })}
    </div>
  );
}

function ThreadLine({ message, onThread }: { message: ClientMessage; onThread: (ts: string) => void }) {
  const { data } = useDirectory();
  const count = message.reply_count;
  return (
    <button type="button" className="thread-line" onClick={() => onThread(message.ts)}>
      {message.reply_users.slice(0, 4).map((id) => (
        <Avatar key={id} person={personOf(data, id)} size={22} />
      ))}
      <b>
        {count} {count === 1 ? 'reply' : 'replies'}
      </b>
      <span>View thread</span>
    </button>
  );
}

function HoverActions({ message, api, onRefusal, onThread, inThread }: MessageProps) {
  const [picking, setPicking] = useState(false);
  const picker = useRef<HTMLButtonElement>(null);
  const react = (name: string) => {
    setPicking(false);
    api.react({ channel: message.channel, ts: message.ts, name }).catch(onRefusal);
  };
  return (
    <div className={picking ? 'hover-actions hover-actions-open' : 'hover-actions'}>
      {PICKER_EMOJI.slice(0, 3).map((name) => (
        <button
          key={name}
          type="button"
          aria-label={`React with ${name.replaceAll('_', ' ')}`}
          onClick={() => react(name)}
        >
          <Emoji name={name} />
        </button>
      ))}
      <button
        ref={picker}
        type="button"
        aria-label="Find another reaction"
        aria-expanded={picking}
        onClick={() => setPicking(!picking)}
      >
        <Icon name="react" />
      </button>
      {inThread ? null : (
        <button type="button" aria-label="Reply in thread" onClick={() => onThread(message.thread_ts ?? message.ts)}>
          <Icon name="thread" />
        </button>
      )}
      {picking ? (
        <Popover anchor={picker} onClose={() => setPicking(false)} align="end" className="emoji-picker">
          {PICKER_EMOJI.map((name) => (
            <button key={name} type="button" aria-label={name.replaceAll('_', ' ')} onClick={() => react(name)}>
              <Emoji name={name} />
            </button>
          ))}
        </Popover>
      ) : null}
    </div>
  );
}
