import type { ClientAction, ClientMessage, ClientState } from '../../client-protocol.ts';

/** A refusal of the sandbox, in words that can be shown. */
export class SandboxRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'SandboxRefusal';
    this.code = code;
  }
}

export type OptionShape = {
  readonly text: { readonly type: string; readonly text: string };
  readonly value?: string;
  readonly description?: { readonly type: string; readonly text: string };
};
export type OptionAnswer = {
  readonly options?: readonly OptionShape[];
  readonly option_groups?: readonly {
    readonly label: { readonly text: string };
    readonly options: readonly OptionShape[];
  }[];
};
export type SubmitAnswer = { readonly ok: boolean; readonly errors?: Readonly<Record<string, string>> };
export type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Every request of the page to the sandbox, in the name of one person. See client-protocol.ts. */
export type SandboxApi = ReturnType<typeof createApi>;

/** `person` is a user id; the empty string lets the server choose. */
export function createApi(person: string) {
  const as = person === '' ? '' : `?as=${encodeURIComponent(person)}`;

  async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const response = await fetch(`/sandbox${path}${as}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json().catch(() => null);
    const refusal = answer as { ok?: boolean; error?: string; message?: string; errors?: unknown } | null;
    const hasFieldErrors = refusal?.errors !== undefined;
    if ((!response.ok || refusal?.ok === false) && !hasFieldErrors) {
      const code = refusal?.error ?? `http_${response.status}`;
      throw new SandboxRefusal(code, refusal?.message ?? `The sandbox answered with "${code}". Try again.`);
    }
    return answer as T;
  }

  const channelPath = (id: string) => `/channels/${encodeURIComponent(id)}`;
  return {
    person,
    state: () => call<ClientState>('GET', '/state'),
    messages: async (channel: string) =>
      (await call<{ messages: ClientMessage[] }>('GET', `${channelPath(channel)}/messages`)).messages,
    thread: async (channel: string, ts: string) =>
      (await call<{ messages: ClientMessage[] }>('GET', `${channelPath(channel)}/threads/${ts}`)).messages,
    send: (message: { channel: string; text: string; thread_ts?: string }) => call('POST', '/messages', message),
    act: (action: ClientAction) => call('POST', '/actions', action),
    options: (question: Readonly<Record<string, unknown>>) => call<OptionAnswer>('POST', '/options', question),
    submit: (view: string, values: Values) =>
      call<SubmitAnswer>('POST', `/views/${encodeURIComponent(view)}/submit`, { values }),
    close: (view: string) => call('POST', `/views/${encodeURIComponent(view)}/close`, {}),
    home: (tab: 'home' | 'messages') => call('POST', '/home', { tab }),
    join: (channel: string) => call('POST', `${channelPath(channel)}/join`, {}),
    leave: (channel: string) => call('POST', `${channelPath(channel)}/leave`, {}),
    react: (reaction: { channel: string; ts: string; name: string; remove?: boolean }) =>
      call('POST', '/reactions', reaction),
    read: (channel: string, ts: string) => call('POST', '/read', { channel, ts }),
    fileUrl: (id: string) => `/sandbox/files/${encodeURIComponent(id)}${as}`,
    socketUrl: () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/sandbox/socket${as}`,
  };
}
