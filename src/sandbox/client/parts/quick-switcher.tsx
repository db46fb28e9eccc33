import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { ClientState } from '../../client-protocol.ts';
import { HOME_CHANNEL } from '../state/route.ts';
import { personOf } from '../text/people.tsx';
import { Icon } from './icon.tsx';

type Target = { readonly id: string; readonly name: string; readonly detail: string; readonly unread: boolean };
type Props = { readonly data: ClientState; readonly onOpen: (channel: string) => void; readonly onClose: () => void };

/** Ctrl+K: type a part of a name, Enter to go there. */
export function QuickSwitcher({ data, onOpen, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  useEffect(() => dialog.current?.showModal(), []);
  const shown = targetsOf(data).filter((target) =>
    target.name.toLowerCase().includes(query.toLowerCase().replace(/^#/, '')),
  );
  const go = (target: Target | undefined) => {
    if (target === undefined) return;
    onClose();
    onOpen(target.id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') go(shown[active]);
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    setActive((active + step + shown.length) % Math.max(1, shown.length));
  };
  return (
    <dialog ref={dialog} className="modal switcher" aria-label="Jump to" onCancel={onClose} onClose={onClose}>
      <div className="switcher-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded
          aria-controls="switcher-list"
          aria-activedescendant={shown[active] === undefined ? undefined : `switch-${shown[active].id}`}
          aria-label="Channel, person or app"
          placeholder="Jump to a channel, person or app"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div role="listbox" id="switcher-list" aria-label="Places" className="switcher-list">
        {shown.map((target, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active option
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the field
          <div
            key={target.id}
            id={`switch-${target.id}`}
            role="option"
            aria-selected={index === active}
            className={index === active ? 'menu-item menu-active' : 'menu-item'}
            onClick={() => go(target)}
          >
            <b className={target.unread ? '' : 'switcher-read'}>{target.name}</b>
            <small>{target.detail}</small>
          </div>
        ))}
        {shown.length === 0 ? <div className="menu-status">Nothing matches</div> : null}
      </div>
    </dialog>
  );
}

function targetsOf(data: ClientState): readonly Target[] {
  const channels = data.channels
    .filter((channel) => !channel.is_archived)
    .map((channel) => {
      const person = channel.user === null ? null : personOf(data, channel.user);
      const name = person === null ? `# ${channel.name}` : person.real_name;
      return { id: channel.id, name, detail: person?.title ?? channel.topic, unread: channel.unread > 0 };
    })
    .toSorted((a, b) => Number(b.unread) - Number(a.unread));
  return [...channels, { id: HOME_CHANNEL, name: `${data.app.name} Home`, detail: 'App', unread: false }];
}
