import type { RichTextBlock, RichTextElement } from '@slack/types';
import type { ReactNode } from 'react';
import { ErrorBox } from '../parts/error-box.tsx';
import { ChannelMention, Emoji, Mention, SafeLink, SlackDate, UserMention } from '../text/text.tsx';

type Container = RichTextBlock['elements'][number];

/** rich_text with its four containers. What is inside is literal: no mark in it means anything. */
export function RichText({ block }: { block: RichTextBlock }) {
  const containers = withStarts(block.elements);
  return (
    <div className="rich-text">
      {containers.map(({ element, start }, index) => (
        <RichContainer key={`r${String(index)}`} element={element} start={start} />
      ))}
    </div>
  );
}

function RichContainer({ element, start }: { element: Container; start: number }): ReactNode {
  switch (element.type) {
    case 'rich_text_section':
      return (
        <div className="paragraph">
          <Parts parts={element.elements} />
        </div>
      );
    case 'rich_text_preformatted':
      return (
        <pre className="code-block">
          <Parts parts={element.elements} />
        </pre>
      );
    case 'rich_text_quote':
      return (
        <blockquote>
          <Parts parts={element.elements} />
        </blockquote>
      );
    case 'rich_text_list': {
      const items = element.elements.map((item, index) => (
        <li key={`l${String(index)}`}>
          <Parts parts={item.elements} />
        </li>
      ));
      const level = `list-level-${(element.indent ?? 0) % 3}`;
      const style = { marginLeft: `${(element.indent ?? 0) * 28}px` };
      return element.style === 'ordered' ? (
        <ol className={level} style={style} start={start}>
          {items}
        </ol>
      ) : (
        <ul className={level} style={style}>
          {items}
        </ul>
      );
    }
    default:
      return <ErrorBox what="element" type={(element satisfies never as { type: string }).type} />;
  }
}

/** A list that goes on after a deeper one continues its numbers, as in Slack; `offset` moves the first. */
function withStarts(elements: readonly Container[]): readonly { element: Container; start: number }[] {
  const counts = new Map<number, number>();
  return elements.map((element) => {
    if (element.type !== 'rich_text_list') {
      counts.clear();
      return { element, start: 1 };
    }
    const indent = element.indent ?? 0;
    for (const deeper of [...counts.keys()].filter((level) => level > indent)) counts.delete(deeper);
    const offset = (element as { offset?: number }).offset ?? counts.get(indent) ?? 0;
    counts.set(indent, offset + element.elements.length);
    return { element, start: offset + 1 };
  });
}

function Parts({ parts }: { parts: readonly RichTextElement[] }): ReactNode {
  return parts.map((part, index) => <Part key={`p${String(index)}`} part={part} />);
}

function Part({ part }: { part: RichTextElement }): ReactNode {
  const content = <PartContent part={part} />;
  const style = part.style;
  if (style === undefined) return content;
  let node = content;
  if (style.code === true) node = <code>{node}</code>;
  if (style.strike === true) node = <s>{node}</s>;
  if (style.underline === true) node = <u>{node}</u>;
  if (style.italic === true) node = <i>{node}</i>;
  return style.bold === true ? <b>{node}</b> : node;
}

function PartContent({ part }: { part: RichTextElement }): ReactNode {
  switch (part.type) {
    case 'text':
      return part.text;
    case 'link':
      return <SafeLink url={part.url}>{part.text ?? part.url}</SafeLink>;
    case 'emoji':
      return <Emoji name={part.name} />;
    case 'user':
      return <UserMention id={part.user_id} />;
    case 'channel':
      return <ChannelMention id={part.channel_id} />;
    case 'usergroup':
      return <Mention text={part.usergroup_id} />;
    case 'team':
      return <Mention text={part.team_id} />;
    case 'broadcast':
      return <Mention text={part.range} loud />;
    case 'date':
      return (
        <SlackDate
          seconds={part.timestamp}
          format={part.format}
          url={part.url ?? null}
          fallback={part.fallback ?? ''}
        />
      );
    case 'color':
      return (
        <span className="swatch">
          <span style={{ background: part.value }} />
          {part.value}
        </span>
      );
    default:
      return <ErrorBox what="element" type={(part satisfies never as { type: string }).type} />;
  }
}
