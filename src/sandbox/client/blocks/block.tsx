import type { KnownBlock } from '@slack/types';
import { useId } from 'react';
import { InteractiveElement } from '../inputs/element.tsx';
import { useSurface } from '../inputs/surface.tsx';
import { blockIdOf, isLoose, type Loose } from '../inputs/values.ts';
import { BlockBoundary, ErrorBox } from '../parts/error-box.tsx';
import { PlainText } from '../text/text.tsx';
import { Alert, Card, Carousel, Container } from './cards.tsx';
import { LibraryBlock } from './library-block.tsx';
import { FileBlock, ImageBlock, VideoBlock } from './media.tsx';
import { RichText } from './rich-text.tsx';
import { Context, Section } from './section.tsx';
import { DataTable, Table } from './tables.tsx';

/** The blocks of a message or view, in order; a broken one stays alone with its fault. */
export function Blocks({ blocks }: { blocks: readonly Loose[] }) {
  return blocks.map((block, index) => {
    const id = blockIdOf(block, index);
    return (
      <BlockBoundary key={`${id}:${block.type}`} type={block.type}>
        <div className={`block block-${block.type}`}>
          <AnyBlock block={block as unknown as KnownBlock} blockId={id} />
        </div>
      </BlockBoundary>
    );
  });
}

function AnyBlock({ block, blockId }: { block: KnownBlock; blockId: string }) {
  switch (block.type) {
    case 'header':
      return (
        <h3 className="block-heading">
          <PlainText text={block.text.text} emoji={block.text.emoji !== false} />
        </h3>
      );
    case 'section':
      return <Section block={block} blockId={blockId} />;
    case 'context':
      return <Context block={block} />;
    case 'divider':
      return <hr />;
    case 'actions':
    case 'context_actions':
      return <Actions block={block} blockId={blockId} />;
    case 'input':
      return <Input block={block as unknown as Loose} blockId={blockId} />;
    case 'image':
      return <ImageBlock block={block} />;
    case 'file':
      return <FileBlock block={block} />;
    case 'video':
      return <VideoBlock block={block} />;
    case 'rich_text':
      return <RichText block={block} />;
    case 'table':
      return <Table block={block} />;
    case 'data_table':
      return <DataTable block={block} />;
    case 'alert':
      return <Alert block={block} />;
    case 'card':
      return <Card block={block} blockId={blockId} />;
    case 'carousel':
      return <Carousel block={block} />;
    case 'container':
      return (
        <Container block={block}>
          <Blocks blocks={block.child_blocks as unknown as readonly Loose[]} />
        </Container>
      );
    case 'markdown':
    case 'plan':
    case 'task_card':
      return <LibraryBlock block={block} />;
    default:
      return <ErrorBox what="block" type={(block satisfies never as Loose).type} />;
  }
}

function Actions({ block, blockId }: { block: { readonly elements: readonly unknown[] }; blockId: string }) {
  return (
    <div className="actions">
      {block.elements.filter(isLoose).map((element, index) => (
        <InteractiveElement
          key={typeof element.action_id === 'string' ? element.action_id : `e${index}`}
          element={element}
          blockId={blockId}
          label={labelOf(element)}
          labelId={`${blockId}-${index}`}
          input={false}
          dispatch
        />
      ))}
    </div>
  );
}

function Input({ block, blockId }: { block: Loose; blockId: string }) {
  const surface = useSurface();
  const id = useId();
  const element = block.element;
  const label = (block.label as { text?: string } | undefined)?.text ?? '';
  const hint = (block.hint as { text?: string } | undefined)?.text;
  const error = surface.errors[blockId];
  if (!isLoose(element)) return <ErrorBox what="block" type="input" detail="it has no element" />;
  return (
    <div className="input-block" data-block-id={blockId}>
      <label className="input-label" htmlFor={id}>
        <PlainText text={label} />
        {block.optional === true ? <span className="input-optional"> (optional)</span> : null}
      </label>
      <InteractiveElement
        element={element}
        blockId={blockId}
        label={block.optional === true ? `${label} (optional)` : label}
        labelId={id}
        input
        dispatch={block.dispatch_action === true}
      />
      <div id={`${id}-note`}>
        {error === undefined ? null : (
          <div className="input-error" role="alert">
            {error}
          </div>
        )}
        {hint === undefined ? null : (
          <div className="input-hint">
            <PlainText text={hint} />
          </div>
        )}
      </div>
    </div>
  );
}

/** What a screen reader calls an element that has no label of its own. */
export function labelOf(element: Loose): string {
  const named = (element.placeholder ?? element.text) as { text?: string } | undefined;
  return named?.text ?? element.type.replaceAll('_', ' ');
}
