import { Fragment, type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import type { ClientMessage } from '../../client-protocol.ts';
import type { SandboxApi } from '../state/api.ts';
import { now } from '../state/browser-clock.ts';
import { dateOf, dayKey, dayName } from '../text/time.ts';
import { Icon } from './icon.tsx';
import { Message } from './message.tsx';

/** Messages of one person within this time stand together, as in Slack. */
const GROUP_SECONDS = 300;
/** How far from its end a list still follows new messages. */
const STICKY_PIXELS = 60;

type Props = {
  readonly label: string;
  readonly messages: readonly ClientMessage[] | undefined;
  readonly intro: ReactNode;
  readonly pins: readonly string[];
  readonly inThread: boolean;
  readonly api: SandboxApi;
  readonly onRefusal: (error: unknown) => void;
  readonly onThread: (ts: string) => void;
  readonly onRead: (ts: string) => void;
};

/** The messages, oldest first. Stays at the end unless the reader scrolled up; then a pill says that there is more. */
export function MessageList(props: Props) {
  const { messages, inThread } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const lastTop = useRef(0);
  const [hasNew, setHasNew] = useState(false);
  const newest = messages?.at(-1)?.ts ?? '';
  const onRead = useRef(props.onRead);
  onRead.current = props.onRead;

  useLayoutEffect(() => {
    if (newest === '') return;
    if (atEnd.current) {
      scrollToEnd(scroller.current);
      onRead.current(newest);
    } else {
      setHasNew(true);
    }
  }, [newest]);
  // Pictures, previews and edited cards change the height later; who was at the end stays there.
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => {
      if (atEnd.current) scrollToEnd(scroller.current);
    });
    if (content.current !== null) observer.observe(content.current);
    if (scroller.current !== null) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  const onScroll = () => {
    const box = scroller.current;
    if (box === null) return;
    const near = box.scrollHeight - box.scrollTop - box.clientHeight < STICKY_PIXELS;
    // Only who moves up leaves the end. A picture that grows in the meantime also takes the end away, but not the reader.
    if (near) atEnd.current = true;
    else if (box.scrollTop < lastTop.current) atEnd.current = false;
    lastTop.current = box.scrollTop;
    if (atEnd.current && hasNew) {
      setHasNew(false);
      onRead.current(newest);
    }
  };
  return (
    <div className="list-frame">
      <div
        ref={scroller}
        className="list"
        role="log"
        aria-label={props.label}
        aria-live="polite"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling log must be reachable with the keyboard
        tabIndex={0}
        onScroll={onScroll}
      >
        <div ref={content} className={inThread ? 'list-content list-thread' : 'list-content'}>
          {props.intro}
          {messages === undefined ? (
            <Skeleton />
          ) : (
            messages.map((message, index) => (
              <Row
                key={`${message.ephemeral ? 'e' : ''}${message.ts}`}
                {...props}
                message={message}
                previous={messages[index - 1]}
              />
            ))
          )}
        </div>
      </div>
      {hasNew ? (
        <button type="button" className="new-pill" onClick={() => scrollToEnd(scroller.current)}>
          <Icon name="down" /> New messages
        </button>
      ) : null}
    </div>
  );
}

function scrollToEnd(box: HTMLElement | null): void {
  if (box !== null) box.scrollTop = box.scrollHeight;
}

type RowProps = Props & { readonly message: ClientMessage; readonly previous: ClientMessage | undefined };

function Row({ message, previous, pins, inThread, api, onRefusal, onThread }: RowProps) {
  const date = dateOf(message.ts);
  const newDay = previous === undefined || dayKey(dateOf(previous.ts)) !== dayKey(date);
  const pinned = pins.includes(message.ts);
  const name = dayName(date, now());
  return (
    <Fragment>
      {newDay && !inThread ? (
        <div className="day">
          <span>{name}</span>
        </div>
      ) : null}
      <Message
        message={message}
        grouped={!newDay && previous !== undefined && belongsTo(previous, message) && !pinned}
        inThread={inThread}
        pinned={pinned}
        api={api}
        onRefusal={onRefusal}
        onThread={onThread}
      />
    </Fragment>
  );
}

/** Whether a message stands under the one before it without name and picture. Pure. */
export function belongsTo(previous: ClientMessage, message: ClientMessage): boolean {
  const close = Number(message.ts) - Number(previous.ts) < GROUP_SECONDS;
  const sameKind =
    previous.ephemeral === message.ephemeral && previous.subtype === message.subtype && !previous.deleted;
  return previous.user === message.user && close && sameKind && previous.reply_count === 0;
}

/** Grey lines in the place of messages that are on their way, so that nothing jumps. */
function Skeleton() {
  return (
    <div className="skeleton" role="status" aria-label="Loading messages">
      {['a', 'b', 'c'].map((key) => (
        <div key={key} className="skeleton-row">
          <span />
          <div>
            <i />
            <i />
          </div>
        </div>
      ))}
    </div>
  );
}
