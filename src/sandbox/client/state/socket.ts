import type { ClientEvent } from '../../client-protocol.ts';
import { after } from './browser-clock.ts';
import type { Connection } from './workspace.ts';

/**
 * Listens to the sandbox and comes back by itself, after 0.3 s at first and at most 4 s later. `onStatus('open')` is the
 * moment to load what was missed. The answer closes it for good.
 */
export function listen(
  url: string,
  onEvent: (event: ClientEvent) => void,
  onStatus: (s: Connection) => void,
): () => void {
  let closed = false;
  let socket: WebSocket | null = null;
  let cancelRetry: () => void = () => undefined;
  let attempt = 0;

  function connect(): void {
    cancelRetry();
    socket?.close();
    const current = new WebSocket(url);
    socket = current;
    current.onopen = () => {
      attempt = 0;
      onStatus('open');
    };
    current.onmessage = (frame) => onEvent(JSON.parse(String(frame.data)) as ClientEvent);
    current.onclose = () => {
      if (closed || socket !== current) return;
      onStatus('reconnecting');
      attempt += 1;
      cancelRetry = after(Math.min(300 * 2 ** (attempt - 1), 4_000), connect);
    };
  }

  // A laptop that wakes up or a network that returns should not wait for the timer.
  const wake = () => {
    if (!closed && socket?.readyState !== WebSocket.OPEN && socket?.readyState !== WebSocket.CONNECTING) connect();
  };
  window.addEventListener('online', wake);
  connect();
  return () => {
    closed = true;
    cancelRetry();
    window.removeEventListener('online', wake);
    socket?.close();
  };
}
