import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { Icon } from '../parts/icon.tsx';
import { PlainText } from '../text/text.tsx';
import { Popover } from './popover.tsx';

/** One choice of a menu. `data` is what Slack sends when it is chosen. */
export type Choice = {
  readonly id: string;
  readonly label: string;
  readonly description: string | null;
  readonly group: string | null;
  readonly data: unknown;
};

type ComboboxProps = {
  readonly label: string;
  readonly placeholder: string;
  readonly choices: readonly Choice[];
  readonly selected: readonly Choice[];
  readonly multiple: boolean;
  readonly max: number;
  /** Set when the choices come from the app: called with what was typed. Without it, typing filters the choices. */
  readonly onQuery?: (query: string) => void;
  readonly status: string | null;
  readonly clearable: boolean;
  readonly autoFocus: boolean;
  readonly compact: boolean;
  readonly invalid: boolean;
  readonly onChange: (selected: readonly Choice[]) => void;
};

/** A menu in which one can type. Arrow keys, Enter, Escape; Backspace takes back the last of several. */
export function Combobox(props: ComboboxProps) {
  const { choices, selected, multiple, onQuery, onChange } = props;
  const anchor = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const [open, setOpen] = useState(false);
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const shown = onQuery === undefined ? choices.filter((choice) => matches(choice, query)) : choices;
  const full = multiple && selected.length >= props.max;

  const show = () => {
    if (open) return;
    setOpen(true);
    const current = multiple ? -1 : choices.findIndex((choice) => choice.id === selected[0]?.id);
    setActive(Math.max(0, current));
    onQuery?.('');
  };
  const hide = () => {
    setOpen(false);
    setQuery('');
  };
  const type = (text: string) => {
    show();
    setQuery(text);
    setActive(0);
    onQuery?.(text);
  };
  const pick = (choice: Choice) => {
    if (!multiple) {
      onChange([choice]);
      hide();
      return;
    }
    const has = selected.some((other) => other.id === choice.id);
    if (!has && full) return;
    onChange(has ? selected.filter((other) => other.id !== choice.id) : [...selected, choice]);
    setQuery('');
    onQuery?.('');
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Backspace' && query === '' && multiple && selected.length > 0) onChange(selected.slice(0, -1));
    if (event.key === 'Tab') hide();
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) show();
      else setActive((active + (event.key === 'ArrowDown' ? 1 : -1) + shown.length) % Math.max(1, shown.length));
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      const choice = shown[active];
      if (!open) show();
      else if (choice !== undefined) pick(choice);
    }
    if (event.key === 'Escape' && open) {
      // The modal around must stay: Escape closes the innermost thing.
      event.preventDefault();
      event.stopPropagation();
      hide();
    }
  };

  const single = !multiple && !open ? (selected[0]?.label ?? '') : query;
  return (
    <div className={props.compact ? 'combo combo-compact' : 'combo'}>
      <div ref={anchor} className={props.invalid ? 'combo-field field-invalid' : 'combo-field'}>
        {multiple ? <Chips selected={selected} onRemove={pick} /> : null}
        <input
          ref={input}
          type="text"
          role="combobox"
          aria-expanded={open}
          aria-controls={`${id}-list`}
          aria-activedescendant={open && shown[active] !== undefined ? `${id}-${active}` : undefined}
          aria-autocomplete="list"
          aria-label={props.label}
          aria-invalid={props.invalid}
          autoComplete="off"
          // biome-ignore lint/a11y/noAutofocus: the bot asks for it with focus_on_load, as in Slack
          autoFocus={props.autoFocus}
          className={single === '' ? 'combo-empty' : ''}
          placeholder={
            !multiple && selected[0] !== undefined ? selected[0].label : selected.length > 0 ? '' : props.placeholder
          }
          value={single}
          onChange={(event) => type(event.target.value)}
          onPointerDown={show}
          onKeyDown={onKeyDown}
          onBlur={hide}
        />
        {props.clearable && selected.length > 0 && !multiple ? (
          <button type="button" className="combo-clear" aria-label="Clear" onClick={() => onChange([])}>
            <Icon name="close" />
          </button>
        ) : null}
        <Icon name="chevron" />
      </div>
      {open ? (
        <Popover anchor={anchor} onClose={hide} matchWidth className="menu">
          <ListBox id={id} label={props.label} shown={shown} active={active} selected={selected} onPick={pick} />
          {props.status !== null || shown.length === 0 ? (
            <div className="menu-status" role="status">
              {props.status ?? 'No matches'}
            </div>
          ) : null}
        </Popover>
      ) : null}
    </div>
  );
}

function Chips({ selected, onRemove }: { selected: readonly Choice[]; onRemove: (choice: Choice) => void }) {
  return selected.map((choice) => (
    <span key={choice.id} className="chip">
      <PlainText text={choice.label} />
      <button type="button" aria-label={`Remove ${choice.label}`} onClick={() => onRemove(choice)}>
        <Icon name="close" />
      </button>
    </span>
  ));
}

type ListBoxProps = {
  readonly id: string;
  readonly label: string;
  readonly shown: readonly Choice[];
  readonly active: number;
  readonly selected: readonly Choice[];
  readonly onPick: (choice: Choice) => void;
};

function ListBox({ id, label, shown, active, selected, onPick }: ListBoxProps) {
  return (
    <div role="listbox" id={`${id}-list`} aria-label={label}>
      {shown.map((choice, index) => {
        const chosen = selected.some((other) => other.id === choice.id);
        return (
          <div key={choice.id}>
            {choice.group !== null && choice.group !== shown[index - 1]?.group ? (
              <div className="menu-group">
                <PlainText text={choice.group} />
              </div>
            ) : null}
            {/** biome-ignore lint/a11y/useFocusableInteractive: the input keeps the focus and names the active option */}
            {/** biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the input of the combobox */}
            <div
              role="option"
              id={`${id}-${index}`}
              aria-selected={chosen}
              className={index === active ? 'menu-item menu-active' : 'menu-item'}
              ref={index === active ? scrollIntoView : undefined}
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => onPick(choice)}
            >
              <span className="menu-label">
                <PlainText text={choice.label} />
                {choice.description === null ? null : <small>{choice.description}</small>}
              </span>
              {chosen ? <Icon name="check" /> : null}
            </div>
          </div>
        );
      })}
    </div>
  );
}

function scrollIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

function matches(choice: Choice, query: string): boolean {
  const text = `${choice.label} ${choice.description ?? ''} ${choice.group ?? ''}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
