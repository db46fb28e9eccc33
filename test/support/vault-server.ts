import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Issued } from './certificates.ts';

/** What an imitation of Vault holds. It answers only what stands here. */
export type VaultWorld = {
  sealed: boolean;
  /** Engines by their path, with a slash at the end. */
  readonly engines: Readonly<
    Record<string, { readonly version: 1 | 2; readonly secrets: Record<string, Record<string, unknown>> }>
  >;
  /** Path prefixes that a token may read, and whether it may ask for the kind of an engine. */
  readonly tokens: Record<string, { readonly reads: readonly string[]; readonly preflight: boolean }>;
  /** Logins by their path below `auth/`: what has to be sent, and the token that comes back. */
  readonly logins: Readonly<
    Record<string, { readonly body: Readonly<Record<string, string>>; readonly token: string }>
  >;
};

export type VaultServer = {
  readonly url: string;
  /** `GET /v1/…` with the token that came along. */
  readonly requests: {
    readonly line: string;
    readonly token: string | undefined;
    readonly namespace: string | undefined;
  }[];
  readonly world: VaultWorld;
  stop(): Promise<void>;
};

type Reply = { readonly status: number; readonly body: unknown };

const refused = (status: number, ...errors: string[]): Reply => ({ status, body: { errors } });

/** Starts an imitation of Vault's HTTP API: KV of both versions, their preflight, AppRole and Kubernetes logins. */
export async function startVault(world: VaultWorld, tls?: Issued): Promise<VaultServer> {
  const requests: VaultServer['requests'] = [];
  const listener: RequestListener = (request, response) => {
    void readJson(request).then((body) => {
      const token = header(request, 'x-vault-token');
      requests.push({
        line: `${request.method} ${request.url}`,
        token,
        namespace: header(request, 'x-vault-namespace'),
      });
      const reply = answer(world, {
        method: request.method ?? '',
        path: decodeURI(request.url ?? '').replace(/^\/v1\//u, ''),
        token,
        body,
      });
      send(response, reply);
    });
  };
  const server = tls ? https.createServer({ key: tls.key, cert: tls.cert }, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    requests,
    world,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Asked = { method: string; path: string; token: string | undefined; body: Record<string, unknown> };

function answer(world: VaultWorld, asked: Asked): Reply {
  if (world.sealed) return refused(503, 'Vault is sealed');
  const { method, path, token = '' } = asked;
  if (method === 'POST' && path.startsWith('auth/') && path.endsWith('/login')) return logIn(world, asked);
  const rights = world.tokens[token];
  if (!rights) return refused(403, 'permission denied');
  if (method === 'POST' && path === 'auth/token/revoke-self') {
    delete world.tokens[token];
    return { status: 204, body: undefined };
  }
  const preflight = /^sys\/internal\/ui\/mounts\/(.+)$/u.exec(path)?.[1];
  const [mount, engine] = Object.entries(world.engines).find(([at]) => (preflight ?? path).startsWith(at)) ?? [];
  if (preflight !== undefined) {
    if (!rights.preflight || !mount || !engine) return refused(403, 'preflight capability check returned 403');
    const options = engine.version === 2 ? { version: '2' } : null;
    return { status: 200, body: { data: { path: mount, type: 'kv', options } } };
  }
  if (!rights.reads.some((prefix) => path.startsWith(prefix)))
    return refused(403, '1 error occurred: permission denied');
  const rest = path.slice(mount?.length ?? 0);
  const name = engine?.version === 2 ? rest.replace(/^data\//u, '') : rest;
  const data = engine?.version === 2 && !rest.startsWith('data/') ? undefined : engine?.secrets[name];
  if (!data) return refused(404);
  if (engine?.version === 1) return { status: 200, body: { data } };
  return { status: 200, body: { data: { data, metadata: { version: 3, destroyed: false } } } };
}

function logIn(world: VaultWorld, { path, body }: Asked): Reply {
  const login = world.logins[path.slice('auth/'.length, -'/login'.length)];
  if (!login || Object.entries(login.body).some(([key, value]) => body[key] !== value))
    return refused(400, 'invalid role or secret ID');
  return { status: 200, body: { auth: { client_token: login.token, lease_duration: 60 } } };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
