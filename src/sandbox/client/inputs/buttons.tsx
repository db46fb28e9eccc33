import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Icon } from '../parts/icon.tsx';
import { PlainText } from '../text/text.tsx';
import type { ElementProps } from './element-props.ts';
import { Popover } from './popover.tsx';
import { useSurface } from './surface.tsx';
import { asList, type Loose } from './values.ts';

/** A button; with `url` it opens the address and tells the bot as well. While the click travels it cannot be clicked again. */
export function ActionButton({ element, blockId }: ElementProps) {
  const surface = useSurface();
  const [busy, setBusy] = useState(false);
  const style = element.style;
  const url = typeof element.url === 'string' ? element.url : null;
  const text = (element.text as { text?: string } | undefined)?.text ?? 'Button';
  const click = async () => {
    if (busy) return;
    setBusy(true);
    await surface.act(blockId, element, typeof element.value === 'string' ? { value: element.value } : {});
    setBusy(false);
  };
  const common = {
    className: `button ${style === 'primary' ? 'button-primary' : style === 'danger' ? 'button-danger' : ''}`,
    ...(typeof element.accessibility_label === 'string' ? { 'aria-label': element.accessibility_label } : {}),
    'aria-busy': busy,
  };
  if (url !== null && /^https?:|^\//i.test(url)) {
    return (
      <a {...common} href={url} target="_blank" rel="noreferrer noopener" onClick={() => void click()}>
        <PlainText text={text} />
      </a>
    );
  }
  return (
    <button {...common} type="button" onClick={() => void click()}>
      <PlainText text={text} />
    </button>
  );
}

type MenuOption = { readonly text: { readonly text: string }; readonly value?: string; readonly url?: string };

/** The menu behind three dots. */
export function OverflowMenu({ element, blockId, label }: ElementProps) {
  const surface = useSurface();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const options = asList(element.options) as readonly MenuOption[];
  useEffect(() => {
    if (open) list.current?.querySelector<HTMLElement>('button')?.focus();
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const pick = (option: MenuOption) => {
    close();
    if (option.url !== undefined) window.open(option.url, '_blank', 'noopener');
    void surface.act(blockId, element, { selected_option: option });
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        className="button button-icon"
        aria-label={label === '' ? 'More actions' : label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" />
      </button>
      {open ? (
        <Popover anchor={button} onClose={() => setOpen(false)} align="end" className="menu">
          <div role="menu" tabIndex={-1} ref={list} onKeyDown={(event) => moveInMenu(event, list.current, close)}>
            {options.map((option) => (
              <button
                key={option.value ?? option.text.text}
                type="button"
                role="menuitem"
                className="menu-item"
                onClick={() => pick(option)}
              >
                <PlainText text={option.text.text} />
              </button>
            ))}
          </div>
        </Popover>
      ) : null}
    </>
  );
}

/** Arrow keys move between the buttons of a menu, Escape leaves it. */
export function moveInMenu(event: KeyboardEvent, list: HTMLElement | null, close: () => void): void {
  if (event.key === 'Escape') {
    event.preventDefault();
    event.stopPropagation();
    close();
    return;
  }
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step === 0 || list === null) return;
  event.preventDefault();
  const items = [...list.querySelectorAll<HTMLElement>('button')];
  const index = items.indexOf(document.activeElement as HTMLElement);
  items[(index + step + items.length) % items.length]?.focus();
}

/** Thumbs up and down under an answer. */
export function FeedbackButtons({ element, blockId }: ElementProps) {
  const surface = useSurface();
  const sides = ['positive_button', 'negative_button'] as const;
  return sides.map((side) => {
    const button = element[side] as (Loose & { text?: { text: string }; value?: string }) | undefined;
    if (button === undefined) return null;
    return (
      <button
        key={side}
        type="button"
        className="button button-quiet"
        onClick={() => void surface.act(blockId, element, { value: button.value })}
      >
        <PlainText text={`${side === 'positive_button' ? ':+1:' : ':-1:'} ${button.text?.text ?? ''}`} />
      </button>
    );
  });
}
