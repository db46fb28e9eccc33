import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { UserError } from '../lib/errors.ts';

/** Answers a request when its path is its own: false, or a promise of true. */
export type Handle = (req: IncomingMessage, res: ServerResponse) => false | Promise<true>;
/** Takes over a WebSocket when its path is its own. */
export type Upgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => boolean;

/** A part of the process that listens on the common port. */
export type HttpPart = { readonly handle: Handle; readonly upgrade?: Upgrade };

/** One port for everything that listens: parts are added while the process starts. */
export type HttpServer = {
  readonly port: number;
  readonly url: string;
  /** Parts are asked in the order in which they were added. */
  add(part: HttpPart): void;
  close(): Promise<void>;
};

/** Listens at once, so that the address is known before the parts that need it. Throws UserError when the port is taken. */
export async function startHttpServer(where: { host: string; port: number }): Promise<HttpServer> {
  const parts: HttpPart[] = [];
  const server = createServer((req, res) => {
    for (const part of parts) if (part.handle(req, res) !== false) return;
    res.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
    res.end('There is nothing here.\n');
  });
  server.on('upgrade', (req, socket, head) => {
    if (!parts.some((part) => part.upgrade?.(req, socket, head))) socket.destroy();
  });
  await listen(server, where);
  const { port } = server.address() as AddressInfo;
  const host = where.host === '0.0.0.0' || where.host === '::' ? '127.0.0.1' : where.host;
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    add: (part) => parts.push(part),
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, where: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES' && error.code !== 'EADDRNOTAVAIL')
        return reject(error);
      const why = error.code === 'EADDRINUSE' ? 'is taken by another program' : 'cannot be used here';
      reject(
        new UserError(
          'port_unusable',
          `WARROOM_PORT: port ${where.port} of ${where.host} ${why}; set WARROOM_PORT to another one, or stop what uses it.`,
        ),
      );
    });
    server.listen(where.port, where.host, resolve);
  });
}
