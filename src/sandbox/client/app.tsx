import { useCallback, useEffect, useMemo, useState } from 'react';
import type { ClientState } from '../client-protocol.ts';
import { ConfirmProvider } from './inputs/confirm.tsx';
import { AppHeader } from './parts/channel-header.tsx';
import { Conversation } from './parts/conversation.tsx';
import { Home } from './parts/home.tsx';
import { Mark } from './parts/icon.tsx';
import { ModalStack } from './parts/modal.tsx';
import { QuickSwitcher } from './parts/quick-switcher.tsx';
import { Sidebar } from './parts/sidebar.tsx';
import { ThreadPane } from './parts/thread-pane.tsx';
import { Toasts } from './parts/toasts.tsx';
import { StatusStrip, TopBar } from './parts/top-bar.tsx';
import { createApi, type SandboxApi } from './state/api.ts';
import { formatRoute, HOME_CHANNEL, parseRoute, type Route } from './state/route.ts';
import { applyTheme, initialTheme } from './state/theme.ts';
import { useWorkspace, type WorkspaceHandle } from './state/use-workspace.ts';
import { threadKey } from './state/workspace.ts';
import { DirectoryContext } from './text/people.tsx';

/** The whole page: the address says who and where. */
export function App() {
  const [route, setRoute] = useState(() => parseRoute(location.search, location.hash));
  useEffect(() => {
    const read = () => setRoute(parseRoute(location.search, location.hash));
    window.addEventListener('popstate', read);
    return () => window.removeEventListener('popstate', read);
  }, []);
  const go = useCallback((next: Route, replace = false) => {
    history[replace ? 'replaceState' : 'pushState'](null, '', formatRoute(next));
    setRoute(next);
  }, []);
  // Another person is another client: nothing of the one before may remain.
  return <Client key={route.person} route={route} go={go} />;
}

type Go = (next: Route, replace?: boolean) => void;

function Client({ route, go }: { route: Route; go: Go }) {
  const api = useMemo(() => createApi(route.person), [route.person]);
  const handle = useWorkspace(api, route);
  const { data, failure } = handle.workspace;
  const firstChannel = data === null ? '' : startChannel(data);
  const missing = data !== null && (route.channel === '' || !knows(data, route.channel));
  useEffect(() => {
    if (missing && firstChannel !== '') go({ ...route, channel: firstChannel, thread: '' }, true);
  }, [missing, firstChannel, route, go]);
  if (data === null) return <Loading failure={failure} />;
  return <Shell data={data} route={route} go={go} api={api} handle={handle} />;
}

function Loading({ failure }: { failure: string | null }) {
  return (
    <main className="loading">
      <Mark />
      <p role="status">{failure ?? 'Opening the workspace…'}</p>
    </main>
  );
}

type ShellProps = {
  readonly data: ClientState;
  readonly route: Route;
  readonly go: Go;
  readonly api: SandboxApi;
  readonly handle: WorkspaceHandle;
};

function Shell({ data, route, go, api, handle }: ShellProps) {
  const { workspace, dispatch, onRefusal } = handle;
  const [theme, setTheme] = useState(initialTheme);
  const [drawer, setDrawer] = useState(false);
  const [switching, setSwitching] = useState(false);
  const channel = data.channels.find((other) => other.id === route.channel);
  const open = useCallback(
    (id: string) => {
      setDrawer(false);
      go({ ...route, channel: id, thread: '' });
    },
    [route, go],
  );
  const openThread = useCallback((ts: string) => go({ ...route, thread: ts }), [route, go]);
  const dismiss = useCallback((id: number) => dispatch({ type: 'dismiss', id }), [dispatch]);
  const directory = useMemo(() => ({ data, openChannel: open }), [data, open]);

  useEffect(() => applyTheme(theme, false), [theme]);
  useEffect(() => {
    const place = channel === undefined ? data.app.name : channel.kind === 'im' ? 'Direct message' : `#${channel.name}`;
    document.title = `${place} · Warroom sandbox`;
  }, [channel, data.app.name]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const modal = document.querySelector('dialog[open]') !== null;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && !modal) {
        event.preventDefault();
        setSwitching(true);
      } else if (event.key === 'Escape' && !modal && !event.defaultPrevented) {
        if (drawer) setDrawer(false);
        else if (route.thread !== '') go({ ...route, thread: '' });
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [drawer, route, go]);

  return (
    <DirectoryContext value={directory}>
      <ConfirmProvider>
        <div className={route.thread === '' ? 'shell' : 'shell shell-thread'}>
          <TopBar
            data={data}
            theme={theme}
            connection={workspace.connection}
            sidebarOpen={drawer}
            onTheme={() => {
              const next = theme === 'dark' ? 'light' : 'dark';
              applyTheme(next, true);
              setTheme(next);
            }}
            onSidebar={() => setDrawer(!drawer)}
            onSwitch={(person) => go({ ...route, person, thread: '' })}
          />
          <Sidebar
            data={data}
            current={route.channel}
            open={drawer}
            onOpen={open}
            onSearch={() => setSwitching(true)}
          />
          {drawer ? (
            <button type="button" className="scrim" aria-label="Close channels" onClick={() => setDrawer(false)} />
          ) : null}
          <main className="middle">
            <StatusStrip data={data} connection={workspace.connection} />
            {route.channel === HOME_CHANNEL ? (
              <>
                <AppHeader data={data} tab="home" onOpen={open} />
                <Home data={data} api={api} onRefusal={onRefusal} />
              </>
            ) : channel === undefined ? null : (
              <Conversation
                data={data}
                channel={channel}
                messages={workspace.messages[channel.id]}
                api={api}
                onRefusal={onRefusal}
                onOpen={open}
                onThread={openThread}
              />
            )}
          </main>
          {route.thread === '' || channel === undefined ? null : (
            <ThreadPane
              key={route.thread}
              channel={channel}
              thread={route.thread}
              messages={workspace.threads[threadKey(channel.id, route.thread)]}
              api={api}
              onRefusal={onRefusal}
              onClose={() => go({ ...route, thread: '' })}
            />
          )}
        </div>
        <ModalStack views={data.views} api={api} onRefusal={onRefusal} />
        {switching ? <QuickSwitcher data={data} onOpen={open} onClose={() => setSwitching(false)} /> : null}
        <Toasts notices={workspace.notices} onDismiss={dismiss} />
      </ConfirmProvider>
    </DirectoryContext>
  );
}

/** Where a visitor lands: the shared incident channel, else the first one. */
function startChannel(data: ClientState): string {
  const rooms = data.channels.filter((channel) => channel.kind !== 'im' && channel.is_member && !channel.is_archived);
  return (rooms.find((channel) => channel.name.startsWith('incidents')) ?? rooms[0])?.id ?? HOME_CHANNEL;
}

function knows(data: ClientState, channel: string): boolean {
  return channel === HOME_CHANNEL || data.channels.some((other) => other.id === channel);
}
