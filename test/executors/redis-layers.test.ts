import { Redis } from 'ioredis';
import { afterAll, beforeAll, vi } from 'vitest';
import { createRedisExecutor } from '../../src/executors/redis/redis-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { testRedis } from '../support/redis.ts';
import { describeLayers, thatChanged } from './escape-layers.ts';
import { attempt } from './harness.ts';

/** Layers are left out here and nowhere else: this file replaces their modules, production code has no switch. */
const off = vi.hoisted(() => new Set<string>());

vi.mock('../../src/analysis/redis-effect.ts', async (load) => {
  const real = await load<typeof import('../../src/analysis/redis-effect.ts')>();
  const redisEffect: typeof real.redisEffect = (args) => {
    const found = real.redisEffect(args);
    return off.has('list of commands') ? { ...found, effect: 'read', reasons: [], refusal: null } : found;
  };
  return { ...real, redisEffect };
});
vi.mock('../../src/executors/redis/redis-session.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/redis/redis-session.ts')>();
  const askServer: typeof real.askServer = async (client, name) =>
    off.has('flags of the server') ? { known: true, flags: [] } : await real.askServer(client, name);
  return { ...real, askServer };
});

type Escape = { readonly name: string; readonly text: string; readonly renamed?: true };
const ESCAPES: readonly Escape[] = [
  { name: 'SET', text: 'SET prey x' },
  { name: 'DEL', text: 'DEL prey' },
  { name: 'GETDEL', text: 'GETDEL prey' },
  { name: 'GETEX', text: 'GETEX prey EX 1000' },
  { name: 'COPY', text: 'COPY prey stolen' },
  { name: 'SORT STORE', text: 'SORT list ALPHA STORE stolen' },
  { name: 'FLUSHALL', text: 'FLUSHALL' },
  { name: 'EVAL', text: `EVAL "return redis.call('SET', 'prey', 'x')" 0` },
  {
    name: 'FUNCTION LOAD',
    text: `FUNCTION LOAD "#!lua name=l\\nredis.register_function('f', function() return 1 end)"`,
  },
  { name: 'PUBLISH', text: 'PUBLISH channel message' },
  { name: 'CONFIG SET', text: 'CONFIG SET maxmemory 100000000' },
  { name: 'CLIENT KILL', text: 'CLIENT KILL TYPE pubsub' },
  { name: 'ACL SETUSER', text: 'ACL SETUSER eve on nopass ~* +@all' },
  { name: 'REPLICAOF', text: 'REPLICAOF 127.0.0.1 1' },
  { name: 'SCRIPT FLUSH', text: 'SCRIPT FLUSH' },
  { name: 'GET, renamed from GETDEL', text: 'GET prey', renamed: true },
];

const redis = await testRedis();
const renamed = await testRedis(['--rename-command', 'GET', 'OLDGET', '--rename-command', 'GETDEL', 'GET']);
const executor = createRedisExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')) });
let admin: Redis;
let other: Redis;
let listener: Redis;
let script = '';
let heard = 0;

beforeAll(async () => {
  if (redis === null || renamed === null) return;
  admin = new Redis(redis.path);
  other = new Redis(renamed.path);
  for (const client of [admin, other])
    await client.call(
      ...(['ACL', 'SETUSER', 'reader', 'on', '>value-of-env:READ', '~*', '&*'] as const),
      ...['+@read', '+slowlog|get', '+command|info', '+acl|whoami'],
    );
  listener = new Redis(redis.path, { retryStrategy: () => 5 });
  listener.on('message', () => {
    heard += 1;
  });
  await listener.subscribe('channel');
  await reset();
});

afterAll(async () => {
  for (const client of [admin, other, listener]) client?.disconnect();
  await redis?.stop();
  await renamed?.stop();
});

async function state(): Promise<unknown> {
  const listening = String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
  return {
    prey: await admin.getBuffer('prey').then(String),
    keys: await admin.dbsize(),
    ttl: await admin.ttl('prey'),
    memory: await admin.config('GET', 'maxmemory'),
    role: ((await admin.call('ROLE')) as unknown[])[0],
    users: await admin.call('ACL', 'USERS'),
    functions: await admin.call('FUNCTION', 'LIST'),
    scripts: await admin.script('EXISTS', script),
    listener: /id=\d+/u.exec(listening)?.[0],
    heard,
    other: await other.exists('prey'),
  };
}

async function reset(): Promise<void> {
  await admin.call('REPLICAOF', 'NO', 'ONE');
  await admin.flushall();
  await admin.set('prey', 'untouched');
  await admin.rpush('list', 'b', 'a');
  await admin.call('ACL', 'DELUSER', 'eve');
  await admin.call('FUNCTION', 'FLUSH');
  script = String(await admin.script('LOAD', 'return 1'));
  await admin.config('SET', 'maxmemory', '0');
  await other.set('prey', 'untouched');
  await vi.waitUntil(async () => String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).includes('id='), 5_000);
}

async function run({ text, renamed: there }: Escape): Promise<string> {
  const read = off.has('ACL user') ? {} : { username: 'reader', password: { secret: 'env:READ' } };
  const options = { socket: (there ? renamed : redis)?.path };
  const target = { name: 'cache', executor: 'redis', description: null, options, read, write: {} } as const;
  const heardBefore = heard;
  const outcome = await attempt(executor, { text, values: {}, target, allowed: 'read' });
  if (outcome === 'ok' && text.startsWith('PUBLISH')) await vi.waitUntil(() => heard > heardBefore, 5_000);
  return outcome;
}

describeLayers({
  executor: 'redis',
  off,
  escapes: ESCAPES,
  layers: [
    { name: 'list of commands', behind: ['ACL user'] },
    { name: 'flags of the server', behind: ['ACL user'] },
    { name: 'ACL user', behind: ['list of commands'] },
  ],
  attempt: () => thatChanged(ESCAPES, { run, state, reset }),
  missing: () => (redis === null ? 'redis-server is not on this machine' : null),
});
