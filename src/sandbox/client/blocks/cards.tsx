import type { AlertBlock, CardBlock, CarouselBlock, ContainerBlock } from '@slack/types';
import { type ReactNode, useState } from 'react';
import { InteractiveElement } from '../inputs/element.tsx';
import { asList, blockIdOf, isLoose, type Loose } from '../inputs/values.ts';
import { Icon } from '../parts/icon.tsx';
import { PlainText, Text } from '../text/text.tsx';
import { imageUrl } from './media.tsx';
import { RichText } from './rich-text.tsx';

/** A coloured banner. */
export function Alert({ block }: { block: AlertBlock }) {
  const level = block.level ?? 'default';
  return (
    <div className={`alert alert-${level}`} role={level === 'error' || level === 'warning' ? 'alert' : 'status'}>
      <Icon name={level === 'success' ? 'check' : level === 'error' || level === 'warning' ? 'warning' : 'info'} />
      <div>
        <Text text={block.text} />
      </div>
    </div>
  );
}

/** A card with picture, text and buttons. */
export function Card({ block, blockId }: { block: CardBlock; blockId: string }) {
  const actions = asList(block.actions).filter(isLoose);
  return (
    <article className="card">
      {block.hero_image === undefined ? null : (
        <img className="card-hero" src={imageUrl(block.hero_image)} alt={block.hero_image.alt_text} />
      )}
      <div className="card-head">
        {block.icon === undefined ? null : (
          <img className="card-icon" src={imageUrl(block.icon)} alt={block.icon.alt_text} />
        )}
        <div>
          <div className="card-title">
            <Text text={block.title} />
          </div>
          <div className="card-subtitle">
            <Text text={block.subtitle} />
          </div>
        </div>
      </div>
      <Text text={block.body} />
      {actions.length === 0 ? null : (
        <div className="actions">
          {actions.map((element, index) => (
            <InteractiveElement
              key={String(element.action_id ?? index)}
              element={element}
              blockId={blockId}
              label=""
              labelId={`${blockId}-${index}`}
              input={false}
              dispatch
            />
          ))}
        </div>
      )}
    </article>
  );
}

/** Cards in a row that scrolls sideways. */
export function Carousel({ block }: { block: CarouselBlock }) {
  return (
    <ul className="carousel" aria-label="Cards">
      {block.elements.map((card, index) => (
        <li key={`card${String(index)}`}>
          <Card block={card} blockId={blockIdOf(card as unknown as Loose, index)} />
        </li>
      ))}
    </ul>
  );
}

/** Blocks in a frame with a title, which may fold; `children` are its blocks. */
export function Container({ block, children }: { block: ContainerBlock; children: ReactNode }) {
  const [open, setOpen] = useState(block.default_collapsed !== true);
  const title: ReactNode =
    block.rich_text_title === undefined ? (
      <PlainText text={block.title?.text ?? ''} />
    ) : (
      <RichText block={block.rich_text_title} />
    );
  const head = (
    <>
      {block.icon === undefined ? null : (
        <img className="card-icon" src={imageUrl(block.icon)} alt={block.icon.alt_text} />
      )}
      <span className="container-title">
        {title}
        {block.subtitle === undefined ? null : (
          <small>
            <Text text={block.subtitle} />
          </small>
        )}
      </span>
    </>
  );
  return (
    <section className="container-block">
      {block.is_collapsible === true ? (
        <button type="button" className="container-head" aria-expanded={open} onClick={() => setOpen(!open)}>
          {head}
          <Icon name="chevron" />
        </button>
      ) : (
        <div className="container-head">{head}</div>
      )}
      {open ? children : null}
    </section>
  );
}
