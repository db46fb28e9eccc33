import { useEffect, useRef, useState } from 'react';
import type { ClientState, Persona } from '../../client-protocol.ts';
import { moveInMenu } from '../inputs/buttons.tsx';
import { Popover } from '../inputs/popover.tsx';
import { Avatar } from './avatar.tsx';
import { Icon } from './icon.tsx';

type Props = { readonly data: ClientState; readonly onSwitch: (person: string) => void };

/** Who is at the keyboard. Always visible; two clicks, or Enter and an arrow key, to be somebody else. */
export function PersonaSwitcher({ data, onSwitch }: Props) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open) list.current?.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const people = data.people.filter((person) => !person.is_bot);
  return (
    <>
      <button
        ref={button}
        type="button"
        className="persona"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={`You are ${data.me.real_name}, ${data.me.title}. Switch person`}
        onClick={() => setOpen(!open)}
      >
        <PersonaText person={data.me} />
        <Icon name="chevron" />
      </button>
      {open ? (
        <Popover anchor={button} onClose={() => setOpen(false)} align="end" className="menu persona-menu">
          <div className="menu-group">See the workspace as</div>
          <div role="menu" tabIndex={-1} ref={list} onKeyDown={(event) => moveInMenu(event, list.current, close)}>
            {people.map((person) => (
              <button
                key={person.id}
                type="button"
                role="menuitemradio"
                aria-checked={person.id === data.me.id}
                className="menu-item persona-item"
                onClick={() => (person.id === data.me.id ? close() : onSwitch(person.id))}
              >
                <PersonaText person={person} />
                {person.id === data.me.id ? <Icon name="check" /> : null}
              </button>
            ))}
          </div>
        </Popover>
      ) : null}
    </>
  );
}

function PersonaText({ person }: { person: Persona }) {
  return (
    <>
      <Avatar person={person} size={28} />
      <span className="persona-text">
        <b>{person.title === '' ? person.real_name : person.title}</b>
        <small>{person.real_name}</small>
      </span>
    </>
  );
}
