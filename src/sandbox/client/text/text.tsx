import type { TextObject } from '@slack/types';
import { Fragment, memo, type ReactNode } from 'react';
import { now } from '../state/browser-clock.ts';
import { emojiOf } from './emoji.ts';
import { type Inline, parseMrkdwn, type TextBlock } from './mrkdwn.ts';
import { personOf, useDirectory } from './people.tsx';
import { formatSlackDate } from './time.ts';

/** mrkdwn as paragraphs, quotes and code. */
export const Mrkdwn = memo(function Mrkdwn({ text, verbatim = false }: { text: string; verbatim?: boolean }) {
  return parseMrkdwn(text, { verbatim }).map((block, index) => <Paragraph key={keyOf(index)} block={block} />);
});

function Paragraph({ block }: { block: TextBlock }) {
  switch (block.type) {
    case 'pre':
      return <pre className="code-block">{block.text}</pre>;
    case 'quote':
      return (
        <blockquote>
          <Inlines nodes={block.children} />
        </blockquote>
      );
    default:
      return (
        <div className="paragraph">
          <Inlines nodes={block.children} />
        </div>
      );
  }
}

/** A text object of Block Kit, of either type. */
export function Text({ text }: { text: TextObject | undefined }) {
  if (text === undefined) return null;
  if (text.type === 'mrkdwn') return <Mrkdwn text={text.text} verbatim={text.verbatim === true} />;
  return <PlainText text={text.text} emoji={text.emoji !== false} />;
}

/** plain_text: no markup, but emoji names are shown as emoji. */
export function PlainText({ text, emoji = true }: { text: string; emoji?: boolean }) {
  if (!emoji) return text;
  return text.split(/(:[a-z0-9_+'-]+:)/).map((part, index) => {
    const glyph = part.startsWith(':') ? emojiOf(part.slice(1, -1)) : null;
    return glyph === null ? (
      <Fragment key={keyOf(index)}>{part}</Fragment>
    ) : (
      <Emoji key={keyOf(index)} name={part.slice(1, -1)} />
    );
  });
}

function Inlines({ nodes }: { nodes: readonly Inline[] }): ReactNode {
  return nodes.map((node, index) => <InlineNode key={keyOf(index)} node={node} />);
}

function InlineNode({ node }: { node: Inline }): ReactNode {
  switch (node.type) {
    case 'text':
      return node.text;
    case 'code':
      return <code>{node.text}</code>;
    case 'emoji':
      return <Emoji name={node.name} />;
    case 'bold':
      return (
        <b>
          <Inlines nodes={node.children} />
        </b>
      );
    case 'italic':
      return (
        <i>
          <Inlines nodes={node.children} />
        </i>
      );
    case 'strike':
      return (
        <s>
          <Inlines nodes={node.children} />
        </s>
      );
    case 'link':
      return (
        <SafeLink url={node.url}>
          <Inlines nodes={node.children} />
        </SafeLink>
      );
    case 'user':
      return <UserMention id={node.id} label={node.label} />;
    case 'channel':
      return <ChannelMention id={node.id} label={node.label} />;
    case 'group':
      return <Mention text={node.label ?? node.id} />;
    case 'broadcast':
      return <Mention text={node.range.split('|')[0] ?? ''} loud />;
    case 'date':
      return <SlackDate seconds={node.seconds} format={node.format} url={node.url} fallback={node.fallback} />;
    default:
      return node satisfies never;
  }
}

/** An emoji by its short name; an unknown name stays readable. */
export function Emoji({ name }: { name: string }) {
  const glyph = emojiOf(name);
  if (glyph === null) return `:${name}:`;
  return (
    <span className="emoji" role="img" aria-label={name.replaceAll('_', ' ')} title={`:${name}:`}>
      {glyph}
    </span>
  );
}

/** A link that opens in a new tab, if its scheme is one that a message may use. */
export function SafeLink({ url, children }: { url: string; children: ReactNode }) {
  if (!/^(?:https?:|mailto:|tel:|slack:|\/|#|\?)/i.test(url)) return children;
  return (
    <a href={url} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}

/** `@nadia`, highlighted when it is the reader. */
export function UserMention({ id, label = null }: { id: string; label?: string | null }) {
  const { data } = useDirectory();
  const known = data.people.some((person) => person.id === id);
  const name = known ? personOf(data, id).real_name : (label ?? id);
  return <span className={id === data.me.id ? 'mention mention-me' : 'mention'}>@{name}</span>;
}

/** `#incidents`, a way into the channel. */
export function ChannelMention({ id, label = null }: { id: string; label?: string | null }) {
  const { data, openChannel } = useDirectory();
  const channel = data.channels.find((other) => other.id === id);
  if (channel === undefined) return <span className="mention">#{label ?? 'private-channel'}</span>;
  return (
    <button type="button" className="mention mention-link" onClick={() => openChannel(id)}>
      #{channel.name}
    </button>
  );
}

/** A group or `@channel`. */
export function Mention({ text, loud = false }: { text: string; loud?: boolean }) {
  return <span className={loud ? 'mention mention-loud' : 'mention'}>@{text.replace(/^@/, '')}</span>;
}

/** Slack's `<!date^…>` in the reader's time zone. */
export function SlackDate(props: { seconds: number; format: string; url?: string | null; fallback?: string }) {
  const date = new Date(props.seconds * 1_000);
  if (Number.isNaN(date.getTime())) return props.fallback ?? '';
  const text = formatSlackDate(props.seconds, props.format, now());
  const time = (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {text}
    </time>
  );
  return props.url == null ? time : <SafeLink url={props.url}>{time}</SafeLink>;
}

/** Texts never change their order, so the position is the identity. */
function keyOf(index: number): string {
  return `n${index}`;
}
