import type { ClientState } from '../../client-protocol.ts';
import type { Theme } from '../state/theme.ts';
import type { Connection } from '../state/workspace.ts';
import { Icon } from './icon.tsx';
import { PersonaSwitcher } from './persona-switcher.tsx';

type Props = {
  readonly data: ClientState;
  readonly theme: Theme;
  readonly connection: Connection;
  readonly sidebarOpen: boolean;
  readonly onTheme: () => void;
  readonly onSidebar: () => void;
  readonly onSwitch: (person: string) => void;
};

/** The bar above everything: the way to the sidebar on a phone, what this place is, the theme, the person. */
export function TopBar({ data, theme, connection, sidebarOpen, onTheme, onSidebar, onSwitch }: Props) {
  const next = theme === 'dark' ? 'light' : 'dark';
  return (
    <header className="top-bar">
      <button
        type="button"
        className="top-button top-menu"
        aria-label="Channels"
        aria-expanded={sidebarOpen}
        aria-controls="sidebar"
        onClick={onSidebar}
      >
        <Icon name="menu" />
      </button>
      <p className="top-note">
        <span className="top-dot" data-state={connection === 'open' && data.app.connected ? 'on' : 'off'} />
        <b>Local sandbox.</b> <span>The same bot as in your Slack; nothing here leaves this machine.</span>
      </p>
      <button
        type="button"
        className="top-button"
        aria-label={`Use the ${next} theme`}
        title={`Use the ${next} theme`}
        onClick={onTheme}
      >
        <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
      </button>
      <PersonaSwitcher data={data} onSwitch={onSwitch} />
    </header>
  );
}

/** A strip that says that something is not as it should be. */
export function StatusStrip({ data, connection }: { data: ClientState; connection: Connection }) {
  if (connection === 'reconnecting') {
    return (
      <div className="strip" role="status">
        <span className="spinner" /> Reconnecting… messages appear again as soon as the sandbox answers.
      </div>
    );
  }
  if (!data.app.connected) {
    return (
      <div className="strip" role="status">
        <Icon name="warning" /> {data.app.name} is not connected to the sandbox. Commands and buttons will fail until it
        is back.
      </div>
    );
  }
  return null;
}
