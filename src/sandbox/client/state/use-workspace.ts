import { type Dispatch, useCallback, useEffect, useReducer, useRef } from 'react';
import type { ClientEvent, ClientMessage } from '../../client-protocol.ts';
import { type SandboxApi, SandboxRefusal } from './api.ts';
import { HOME_CHANNEL, type Route } from './route.ts';
import { listen } from './socket.ts';
import { type Change, EMPTY_WORKSPACE, reduce, threadKey, type Workspace } from './workspace.ts';

export type WorkspaceHandle = {
  readonly workspace: Workspace;
  readonly dispatch: Dispatch<Change>;
  readonly onRefusal: (error: unknown) => void;
};

/** Keeps the page's knowledge true: loads, listens, loads again what was missed after a break. */
export function useWorkspace(api: SandboxApi, route: Route): WorkspaceHandle {
  const [workspace, dispatch] = useReducer(reduce, EMPTY_WORKSPACE);
  const { channel, thread } = route;
  const here = useRef({ channel, thread, api });
  here.current = { channel, thread, api };

  const onRefusal = useCallback((error: unknown) => {
    const code = error instanceof SandboxRefusal ? error.code : '';
    const text = error instanceof SandboxRefusal ? error.message : 'The sandbox could not be reached. Try again.';
    dispatch({ type: 'refused', channel: here.current.channel, text, error: code });
  }, []);

  const inFlight = useRef(new Set<ClientEvent[]>());
  /** An answer may be older than an event that overtook it: what arrived meanwhile is told again after it. */
  const load = useCallback(async (ask: () => Promise<Change>) => {
    const meanwhile: ClientEvent[] = [];
    inFlight.current.add(meanwhile);
    try {
      dispatch(await ask());
      for (const event of meanwhile) dispatch({ type: 'event', event });
    } finally {
      inFlight.current.delete(meanwhile);
    }
  }, []);

  const loadChannel = useCallback(
    async (id: string) => {
      if (id === '' || id === HOME_CHANNEL) return;
      await load(async () => ({
        type: 'messages',
        channel: id,
        messages: (await api.messages(id)).filter(isTopLevel),
      }));
    },
    [api, load],
  );
  const loadThread = useCallback(
    async (id: string, ts: string) => {
      if (ts === '') return;
      await load(async () => ({ type: 'thread', key: threadKey(id, ts), messages: await api.thread(id, ts) }));
    },
    [api, load],
  );

  useEffect(() => {
    const onUnreachable = (error: unknown) => {
      const text = error instanceof SandboxRefusal ? error.message : 'The sandbox does not answer. Is it running?';
      dispatch({ type: 'failed', text });
    };
    const reload = () => {
      const now = here.current;
      dispatch({ type: 'forget', channel: now.channel, thread: threadKey(now.channel, now.thread) });
      const loads = [
        load(async () => ({ type: 'loaded', data: await api.state() })),
        loadChannel(now.channel),
        loadThread(now.channel, now.thread),
      ];
      Promise.all(loads).catch(onUnreachable);
    };
    return listen(
      api.socketUrl(),
      (event) => {
        // A notice belongs to no list: told twice, it would be shown twice.
        if (event.type !== 'notice') for (const meanwhile of inFlight.current) meanwhile.push(event);
        dispatch({ type: 'event', event });
      },
      (connection) => {
        dispatch({ type: 'connection', connection });
        // Load after the socket is open: what happens in between arrives as an event, so nothing is missed.
        if (connection === 'open') reload();
        // A refused socket has no reason; the state says it (an unknown person, for example).
        else api.state().catch(onUnreachable);
      },
    );
  }, [api, load, loadChannel, loadThread]);

  const loaded = workspace.data !== null;
  useEffect(() => {
    if (loaded) loadChannel(channel).catch(onRefusal);
  }, [loaded, channel, loadChannel, onRefusal]);
  useEffect(() => {
    if (loaded) loadThread(channel, thread).catch(onRefusal);
  }, [loaded, channel, thread, loadThread, onRefusal]);
  useEffect(() => {
    if (loaded && channel === HOME_CHANNEL) api.home('home').catch(onRefusal);
  }, [loaded, channel, api, onRefusal]);

  return { workspace, dispatch, onRefusal };
}

function isTopLevel(message: ClientMessage): boolean {
  return message.thread_ts === null || message.thread_ts === message.ts || message.subtype === 'thread_broadcast';
}
