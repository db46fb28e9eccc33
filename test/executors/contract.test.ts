import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import type { Language } from '../../src/domain/runbook.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { InternalError } from '../../src/lib/errors.ts';
import { shopCluster } from '../support/kube/shop-cluster.ts';
import { testRedis } from '../support/redis.ts';
import { type ContractSetup, describeExecutor } from './contract.ts';
import { probe } from './subjects/probe.ts';
import { pooledSql, sql } from './subjects/sql.ts';

const executors = createExecutors({
  secrets: () => Promise.reject(new InternalError('test', 'the run gives its own')),
});
const executorOf = (language: Language) => {
  const found = executors.get(language);
  if (!found) throw new Error(`no executor for ${language}`);
  return found;
};
const field = (value: unknown, ...keys: (string | number)[]): unknown =>
  keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);

const redis: ContractSetup = async () => {
  const server = await testRedis(['--enable-debug-command', 'yes']);
  if (server === null) return null;
  const admin = new Redis(server.path);
  await admin.call(
    'ACL',
    'SETUSER',
    'reader',
    'on',
    '>read-secret-4711',
    '~*',
    '+@read',
    '+echo',
    '+command|info',
    '+acl|whoami',
  );
  await admin.call('ACL', 'SETUSER', 'writer', 'on', '>write-secret-4712', '~*', '+@all');
  await admin.set(
    'large',
    `FIRST\n${'x'.repeat(50)}\n`.concat(...Array.from({ length: 200 }, () => `${'y'.repeat(50)}\n`), 'LAST'),
  );
  const target: TargetDefinition = {
    name: 'cache',
    executor: 'redis',
    description: null,
    options: { socket: server.path },
    read: { username: 'reader', password: { secret: 'env:READ_SECRET' } },
    write: { username: 'writer', password: { secret: 'env:WRITE_SECRET' } },
  };
  return {
    subject: {
      executor: executorOf('redis'),
      target,
      effect: 'read',
      echo: { text: 'ECHO ${value}', read: (value) => field(value, 'value') },
      refuses: (value) => value.startsWith('-'),
      slow: 'GET large',
      makeSlow: async () => {
        const blocker = new Redis(server.path);
        await blocker.ping();
        const sleeping = blocker.call('DEBUG', 'SLEEP', '1.5');
        return async () => {
          await sleeping;
          blocker.disconnect();
        };
      },
      large: 'GET large',
      change: 'RPUSH prey caught',
      state: async () => await admin.lrange('prey', 0, -1),
      unreachable: { ...target, options: { url: 'redis://127.0.0.1:1/0' } },
      badTargets: [
        { ...target, options: {} },
        { ...target, options: { url: 'redis://:password@x:6379' } },
        { ...target, options: { url: 'http://x' } },
        { ...target, read: { password: 'plain' } },
      ],
      variants: [
        { text: 'ECHO "a ${value}"' },
        { target: { ...target, options: { socket: server.path, db: 1 } } },
        { target: { ...target, read: { username: 'other' } } },
      ],
    },
    stop: async () => {
      admin.disconnect();
      await server.stop();
    },
  };
};

const web: ContractSetup = async () => {
  let posts = 0;
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    if (url.pathname === '/slow') return;
    if (request.method === 'POST') posts += 1;
    response.setHeader('content-type', url.pathname === '/large' ? 'text/plain' : 'application/json');
    if (url.pathname === '/large') response.end(`FIRST\n${'x'.repeat(50_000)}\nLAST`);
    else
      response.end(
        JSON.stringify({ value: url.searchParams.get('value'), parameters: [...url.searchParams.keys()].length }),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const header = (name: string) => ({ headers: { authorization: { secret: `env:${name}`, prefix: 'Bearer ' } } });
  const target: TargetDefinition = {
    name: 'api',
    executor: 'http',
    description: null,
    options: { baseUrl: base },
    read: header('READ_SECRET'),
    write: header('WRITE_SECRET'),
  };
  return {
    subject: {
      executor: executorOf('http'),
      target,
      effect: 'read',
      echo: {
        text: 'GET /echo?value=${value}',
        read: (value) =>
          field(value, 'body', 'parameters') === 1 ? field(value, 'body', 'value') : 'several parameters',
      },
      slow: 'GET /slow',
      large: 'GET /large',
      change: 'POST /things',
      state: () => Promise.resolve(posts),
      unreachable: { ...target, options: { baseUrl: 'http://127.0.0.1:1' } },
      badTargets: [
        { ...target, options: {} },
        { ...target, options: { baseUrl: 'ftp://x' } },
        { ...target, options: { baseUrl: 'http://me:password@x' } },
        { ...target, options: { baseUrl: 'http://x/?a=b' } },
        { ...target, read: { headers: { authorization: { secret: 'plain' } } } },
      ],
      variants: [
        { text: 'GET /other?value=${value}' },
        { text: 'GET /echo?value=${value}\nAccept: text/plain' },
        { target: { ...target, options: { baseUrl: `${base}/v2` } } },
      ],
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const shell: ContractSetup = async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-contract-'));
  const target: TargetDefinition = {
    name: 'worker',
    executor: 'sh',
    description: null,
    options: { cwd: dir },
    read: {},
    write: { env: { API_KEY: { secret: 'env:WRITE_SECRET' } } },
  };
  return {
    subject: {
      executor: executorOf('sh'),
      target,
      effect: 'change',
      echo: { text: `printf '%s' "$value"`, read: (value) => field(value, 'stdout') },
      slow: 'sleep 60',
      large: `echo FIRST\nhead -c 200000 /dev/zero | tr '\\0' 'x'\necho\necho LAST`,
      change: 'echo caught >> prey',
      state: async () => ({
        files: await readdir(dir),
        prey: await readFile(path.join(dir, 'prey'), 'utf8').catch(() => null),
      }),
      // The machine is always there; what is not is the folder.
      unreachable: { ...target, options: { cwd: path.join(dir, 'gone') } },
      badTargets: [
        { ...target, options: { shell: '/usr/bin/python3' } },
        { ...target, options: { host: 'elsewhere' } },
        { ...target, write: { env: { PATH: '/tmp' } } },
        { ...target, write: { env: { API_KEY: { secret: 'nowhere' } } } },
      ],
      variants: [
        { text: `printf '%s ' "$value"` },
        { target: { ...target, options: { cwd: '/tmp' } } },
        { target: { ...target, options: { cwd: dir, shell: '/bin/bash' } } },
      ],
    },
    stop: () => rm(dir, { recursive: true, force: true }),
  };
};

const kubectl: ContractSetup = async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'warroom-contract-kube-'));
  const server = shopCluster();
  server.logs.set('shop/web-2/app', `FIRST\n${`${'x'.repeat(99)}\n`.repeat(500)}LAST\n`);
  server.run = (argv) => Promise.resolve({ stdout: argv.at(-1) ?? '' });
  const address = await server.start();
  const certificateAuthority = path.join(dir, 'ca.pem');
  await writeFile(certificateAuthority, server.authority);
  const options = { server: address, certificateAuthority, namespace: 'shop' };
  const target: TargetDefinition = {
    name: 'cluster',
    executor: 'kubectl',
    description: null,
    options,
    read: { token: { secret: 'env:READ_SECRET' } },
    write: { token: { secret: 'env:WRITE_SECRET' } },
  };
  return {
    subject: {
      executor: executorOf('kubectl'),
      target,
      effect: 'change',
      echo: { text: 'exec web-1 -c app -- printf %s ${value}', read: (value) => field(value, 'stdout') },
      refuses: (value) => value.startsWith('-'),
      slow: 'rollout status deployment/stuck',
      large: 'logs web-2 -c app',
      change: 'delete pod prey',
      state: () => Promise.resolve(server.store.snapshot()),
      unreachable: { ...target, options: { ...options, server: 'https://127.0.0.1:1' } },
      badTargets: [
        { ...target, options: {} },
        { ...target, options: { server: 'http://cluster.example.com' } },
        { ...target, options: { server: 'https://me:password@x' } },
        { ...target, options: { ...options, inCluster: true } },
        { ...target, write: { token: { secret: 'plain' } } },
      ],
      variants: [
        { text: 'exec web-1 -c app -- printf %s "a ${value}"' },
        { text: 'exec web-2 -c app -- printf %s ${value}' },
        { target: { ...target, options: { ...options, namespace: 'other' } } },
      ],
    },
    stop: async () => {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
};

describeExecutor('sql', sql);
describeExecutor('sql behind a pooler', pooledSql);
describeExecutor('redis', redis);
describeExecutor('http', web);
describeExecutor('sh', shell);
describeExecutor('probe', probe);
describeExecutor('kubectl', kubectl);
