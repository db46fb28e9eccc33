import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createDockerExecutor } from '../../src/executors/docker/docker-executor.ts';
import type { Executor, StatementResult } from '../../src/executors/executor.ts';
import { createHttpExecutor } from '../../src/executors/http/http-executor.ts';
import { resolveBySystem } from '../../src/executors/http/send-request.ts';
import { createKubectlExecutor } from '../../src/executors/kubectl/kubectl-executor.ts';
import { createPromqlExecutor } from '../../src/executors/promql/promql-executor.ts';
import { createRedisExecutor } from '../../src/executors/redis/redis-executor.ts';
import { createSqlExecutor } from '../../src/executors/sql/sql-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { InternalError } from '../../src/lib/errors.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { execute } from './harness.ts';

/** What each target is ready to send. */
const FLOOD = 2 ** 30;
/** What a step may cost beyond what the process had: the largest cap is 32 MiB, and a text of it is held a few times over. */
const MOST_GROWTH = 300 * 2 ** 20;
const CHUNK = Buffer.from(`${'a line of some log that goes on and on '.repeat(26)}\n`.repeat(64));

const common = { clock: systemClock, secrets: () => Promise.reject(new InternalError('test', 'none')) };
let dir: string;
let database: TestDatabase;
let flooded = 0;
const closers: (() => void)[] = [];

/** Writes a GiB as fast as it is taken. */
function flood(socket: NodeJS.WritableStream, frame: (chunk: Buffer) => Buffer = (chunk) => chunk): void {
  const piece = frame(CHUNK);
  socket.on('error', () => undefined);
  const more = () => {
    while (flooded < FLOOD) {
      flooded += piece.length;
      if (!socket.write(piece)) return void socket.once('drain', more);
    }
    socket.end();
  };
  more();
}

async function listen(server: net.Server, where?: string): Promise<number> {
  await new Promise<void>((resolve) =>
    where ? server.listen(where, resolve) : server.listen(0, '127.0.0.1', resolve),
  );
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-memory-'));
  database = await testDatabase();
});
afterAll(async () => {
  for (const close of closers) close();
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  flooded = 0;
});

async function growth(
  executor: Executor,
  text: string,
  parts: Partial<TargetDefinition>,
): Promise<[StatementResult, number]> {
  const target = {
    name: 'target',
    executor: executor.language,
    description: null,
    options: {},
    read: {},
    write: {},
    ...parts,
  };
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 5);
  const result = await execute(executor, { text, values: {}, target, allowed: 'read' }, { timeoutMs: 30_000 });
  clearInterval(watch);
  most = Math.max(most, process.memoryUsage().rss);
  process.stdout.write(
    `${executor.language}: ${result.status}, took ${Math.round(flooded / 2 ** 20)} MiB of the flood, grew by ${Math.round((most - before) / 2 ** 20)} MiB\n`,
  );
  expect(result.output.length).toBeLessThan(20_000);
  expect(JSON.stringify(result.value).length).toBeLessThan(12 * 2 ** 20);
  return [result, most - before];
}

it('a target that sends a GiB costs little memory over HTTP', async () => {
  const port = await listen(http.createServer((_request, response) => flood(response)));
  const executor = createHttpExecutor({ ...common, resolveName: resolveBySystem });
  const [result, grown] = await growth(executor, 'GET /', { options: { baseUrl: `http://127.0.0.1:${port}` } });
  expect(result.status).toBe('failed');
  expect(grown).toBeLessThan(MOST_GROWTH);
});

it('a query that Prometheus answers with a GiB costs little memory', async () => {
  const port = await listen(
    http.createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      flood(response);
    }),
  );
  const executor = createPromqlExecutor({ ...common, resolveName: resolveBySystem });
  const [result, grown] = await growth(executor, 'up', { options: { baseUrl: `http://127.0.0.1:${port}` } });
  expect(result.status).toBe('failed');
  expect(grown).toBeLessThan(MOST_GROWTH);
});

it('a log of a GiB that a server sends although it was asked for less costs little memory', async () => {
  const pod = { metadata: { name: 'web' }, spec: { containers: [{ name: 'app' }] } };
  const port = await listen(
    http.createServer((request, response) => {
      if (request.url?.includes('/log')) return flood(response);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(pod));
    }),
  );
  const executor = createKubectlExecutor(common);
  const [result, grown] = await growth(executor, 'logs web', { options: { server: `http://127.0.0.1:${port}` } });
  expect(result.status).toBe('failed');
  expect(grown).toBeLessThan(MOST_GROWTH);
});

it('a log of a GiB of a container costs little memory', async () => {
  const socket = path.join(dir, 'docker.sock');
  await listen(
    http.createServer((request, response) => {
      if (request.url?.includes('/logs')) {
        return flood(response, (chunk) => {
          const header = Buffer.alloc(8);
          header[0] = 1;
          header.writeUInt32BE(chunk.length, 4);
          return Buffer.concat([header, chunk]);
        });
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      const about = {
        Id: 'a'.repeat(64),
        Name: '/api',
        Config: { Tty: false, Labels: {} },
        State: { Status: 'running' },
      };
      response.end(JSON.stringify(request.url?.includes('/containers/json') ? [] : about));
    }),
    socket,
  );
  const executor = createDockerExecutor(common);
  const [result, grown] = await growth(executor, 'docker logs api', { options: { host: `unix://${socket}` } });
  expect(result.status).toBe('ok');
  expect(result.warnings?.[0]).toContain('was cut after 8 MiB');
  expect(grown).toBeLessThan(MOST_GROWTH);
});

it.each<[string, string, string]>([
  ['one text of a GiB', `$${FLOOD}\r\n`, CHUNK.toString()],
  ['a list of millions', '*5000000\r\n', '$1\r\nx\r\n'.repeat(9_000)],
  ['a list without end', '*100000000\r\n', '$1\r\nx\r\n'.repeat(9_000)],
])('a Redis reply of %s costs little memory', async (_title, head, piece) => {
  const port = await listen(
    net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const text = data.toString().toUpperCase();
        if (text.startsWith('*4\r\n$6\r\nLRANGE')) {
          socket.write(head);
          return flood(socket, () => Buffer.from(piece));
        }
        if (text.includes('COMMAND')) return socket.write('*1\r\n*3\r\n$6\r\nlrange\r\n:4\r\n*1\r\n+readonly\r\n');
        if (text.includes('ACL')) return socket.write('-NOPERM no\r\n');
        socket.write('+OK\r\n');
      });
    }),
  );
  const executor = createRedisExecutor(common);
  const [result, grown] = await growth(executor, 'LRANGE list 0 99', { options: { url: `redis://127.0.0.1:${port}` } });
  expect(result.status).toBe('failed');
  expect(grown).toBeLessThan(MOST_GROWTH);
});

it.each([
  ['few rows that are large', `SELECT repeat('x', 50000000) FROM generate_series(1, 20)`],
  ['rows without end', `SELECT repeat('x', 1000) FROM generate_series(1, 1000000)`],
])('a question to PostgreSQL with %s costs little memory', async (_title, text) => {
  const role = `memory_${database.name}`;
  await database.owner.query(`CREATE ROLE ${role} LOGIN`);
  const embedded = { read: { ...database.connection, user: role }, write: database.connection };
  const executor = createSqlExecutor({ ...common, embedded });
  const [result, grown] = await growth(executor, text, {
    options: { connection: { embedded: true } },
  });
  await database.owner.query(`DROP ROLE ${role}`);
  expect(['ok', 'failed']).toContain(result.status);
  expect(grown).toBeLessThan(MOST_GROWTH);
});
