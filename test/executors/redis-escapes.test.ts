import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createRedisExecutor } from '../../src/executors/redis/redis-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { testRedis } from '../support/redis.ts';
import { attempt, execute } from './harness.ts';

/** Commands that carry no `write` flag, or look harmless, and what they do. */
const ESCAPES: { name: string; statement: string; why: string }[] = [
  { name: 'EVAL', statement: `EVAL "return redis.call('SET', 'prey', 'x')" 0`, why: 'neither readonly nor write' },
  { name: 'EVAL_RO', statement: `EVAL_RO "return 1" 0`, why: 'a script holds the server' },
  { name: 'EVALSHA', statement: 'EVALSHA abc 0', why: 'a script' },
  { name: 'FCALL', statement: 'FCALL f 0', why: 'neither readonly nor write' },
  {
    name: 'FUNCTION LOAD',
    statement: `FUNCTION LOAD "#!lua name=l\\nredis.register_function('f', function() return 1 end)"`,
    why: 'leaves code behind',
  },
  { name: 'FUNCTION FLUSH', statement: 'FUNCTION FLUSH', why: 'destroys code' },
  { name: 'SCRIPT FLUSH', statement: 'SCRIPT FLUSH', why: 'destroys the script cache' },
  { name: 'SCRIPT KILL', statement: 'SCRIPT KILL', why: 'stops the work of others' },
  { name: 'PUBLISH', statement: 'PUBLISH channel message', why: 'neither readonly nor write' },
  { name: 'SPUBLISH', statement: 'SPUBLISH channel message', why: 'wakes subscribers' },
  { name: 'SHUTDOWN', statement: 'SHUTDOWN NOSAVE', why: 'neither readonly nor write' },
  { name: 'DEBUG', statement: 'DEBUG SLEEP 0', why: 'neither readonly nor write' },
  { name: 'REPLICAOF', statement: 'REPLICAOF 127.0.0.1 1', why: 'replaces all data' },
  { name: 'SLAVEOF', statement: 'SLAVEOF 127.0.0.1 1', why: 'replaces all data' },
  { name: 'FAILOVER', statement: 'FAILOVER', why: 'moves the primary' },
  { name: 'CONFIG SET', statement: 'CONFIG SET maxmemory 1', why: 'shares its name with CONFIG GET' },
  { name: 'CONFIG REWRITE', statement: 'CONFIG REWRITE', why: 'writes a file' },
  { name: 'CONFIG RESETSTAT', statement: 'CONFIG RESETSTAT', why: 'destroys evidence' },
  { name: 'CONFIG GET', statement: 'CONFIG GET *', why: 'shows passwords' },
  { name: 'CLIENT KILL', statement: 'CLIENT KILL TYPE normal', why: 'shares its name with CLIENT LIST' },
  { name: 'CLIENT PAUSE', statement: 'CLIENT PAUSE 100000', why: 'stops the server for everybody' },
  { name: 'CLIENT NO-EVICT', statement: 'CLIENT NO-EVICT on', why: 'steers the connection' },
  { name: 'MODULE LOAD', statement: 'MODULE LOAD /tmp/x.so', why: 'runs code' },
  { name: 'ACL SETUSER', statement: 'ACL SETUSER eve on nopass ~* +@all', why: 'gives rights away' },
  { name: 'ACL LIST', statement: 'ACL LIST', why: 'shows password hashes' },
  { name: 'SLOWLOG RESET', statement: 'SLOWLOG RESET', why: 'shares its name with SLOWLOG GET' },
  { name: 'LATENCY RESET', statement: 'LATENCY RESET', why: 'destroys evidence' },
  { name: 'MEMORY PURGE', statement: 'MEMORY PURGE', why: 'shares its name with MEMORY USAGE' },
  { name: 'CLUSTER RESET', statement: 'CLUSTER RESET HARD', why: 'shares its name with CLUSTER INFO' },
  { name: 'OBJECT HELP', statement: 'OBJECT HELP', why: 'a subcommand that nobody reviewed' },
  { name: 'XGROUP CREATE', statement: 'XGROUP CREATE s g $ MKSTREAM', why: 'creates a key' },
  { name: 'SAVE', statement: 'SAVE', why: 'blocks the server' },
  { name: 'BGSAVE', statement: 'BGSAVE', why: 'loads the server' },
  { name: 'BGREWRITEAOF', statement: 'BGREWRITEAOF', why: 'loads the server' },
  { name: 'GETDEL', statement: 'GETDEL prey', why: 'reads and deletes' },
  { name: 'GETEX', statement: 'GETEX prey EX 1', why: 'reads and sets an expiry' },
  { name: 'GETSET', statement: 'GETSET prey x', why: 'reads and writes' },
  { name: 'SORT STORE', statement: 'SORT list STORE stolen', why: 'writes by an option' },
  { name: 'GEORADIUS STORE', statement: 'GEORADIUS g 0 0 1 km STORE stolen', why: 'writes by an option' },
  { name: 'PFCOUNT', statement: 'PFCOUNT hll', why: 'writes its cache' },
  { name: 'TOUCH', statement: 'TOUCH prey', why: 'changes the access time' },
  { name: 'SET', statement: 'SET prey x', why: 'writes' },
  { name: 'set in lower case', statement: 'set prey x', why: 'case does not matter' },
  { name: 'quoted command', statement: '"SET" prey x', why: 'quotes do not matter' },
  { name: 'hex command', statement: '"\\x53ET" prey x', why: 'escapes do not matter' },
  { name: 'DEL', statement: 'DEL prey', why: 'destroys' },
  { name: 'UNLINK', statement: 'UNLINK prey', why: 'destroys' },
  { name: 'FLUSHALL', statement: 'FLUSHALL', why: 'destroys everything' },
  { name: 'FLUSHDB', statement: 'FLUSHDB ASYNC', why: 'destroys everything' },
  { name: 'SWAPDB', statement: 'SWAPDB 0 1', why: 'exchanges all data' },
  { name: 'MIGRATE', statement: 'MIGRATE 127.0.0.1 1 prey 0 10', why: 'moves a key away' },
  { name: 'RESTORE', statement: 'RESTORE prey 0 x REPLACE', why: 'overwrites' },
  { name: 'COPY', statement: 'COPY prey stolen', why: 'writes' },
  { name: 'MULTI', statement: 'MULTI', why: 'queues what follows' },
  { name: 'EXEC', statement: 'EXEC', why: 'runs a queue' },
  { name: 'SELECT', statement: 'SELECT 1', why: 'another database' },
  { name: 'AUTH', statement: 'AUTH admin pw', why: 'another user' },
  { name: 'HELLO', statement: 'HELLO 3 AUTH admin pw', why: 'another user' },
  { name: 'RESET', statement: 'RESET', why: 'drops the user' },
  { name: 'two lines', statement: 'GET prey\nDEL prey', why: 'two commands' },
  { name: 'carriage return', statement: 'GET prey\r\nDEL prey', why: 'two commands' },
  { name: 'KEYS', statement: 'KEYS *', why: 'blocks the server' },
  { name: 'MONITOR', statement: 'MONITOR', why: 'never ends and shows passwords' },
  { name: 'SUBSCRIBE', statement: 'SUBSCRIBE x', why: 'never ends' },
  { name: 'BLPOP', statement: 'BLPOP list 0', why: 'blocks and removes' },
  { name: 'XREAD BLOCK', statement: 'XREAD BLOCK 0 STREAMS s $', why: 'blocks' },
  { name: 'WAIT', statement: 'WAIT 1 0', why: 'blocks' },
  { name: 'SMEMBERS', statement: 'SMEMBERS s', why: 'no bound' },
  { name: 'HGETALL', statement: 'HGETALL h', why: 'no bound' },
  { name: 'LRANGE 0 -1', statement: 'LRANGE list 0 -1', why: 'no bound' },
  { name: 'ZRANGE BYSCORE', statement: 'ZRANGE z -inf +inf BYSCORE', why: 'no bound' },
  { name: 'SCAN COUNT huge', statement: 'SCAN 0 COUNT 100000000', why: 'KEYS by another name' },
  { name: 'XRANGE without COUNT', statement: 'XRANGE s - +', why: 'no bound' },
  { name: 'unknown command', statement: 'NEW.COMMAND prey', why: 'a module' },
];

const redis = await testRedis();
let admin: Redis;
let target: TargetDefinition;
const executor = createRedisExecutor({
  clock: systemClock,
  secrets: () => Promise.resolve(new Secret('unused')),
});

beforeAll(async () => {
  if (redis === null) return;
  admin = new Redis(redis.path, { connectionName: 'admin' });
  await admin.set('prey', 'untouched');
  await admin.rpush('list', 'a', 'b');
  await admin.call(
    'ACL',
    'SETUSER',
    'reader',
    'on',
    '>value-of-env:READ',
    '~*',
    '+@read',
    '+info',
    '+slowlog|get',
    '+command|info',
    '+acl|whoami',
  );
  target = {
    name: 'cache',
    executor: 'redis',
    description: null,
    options: { socket: redis.path },
    read: {},
    write: {},
  };
});

afterAll(async () => {
  admin?.disconnect();
  await redis?.stop();
});

async function state() {
  return {
    prey: await admin.get('prey'),
    keys: await admin.dbsize(),
    ttl: await admin.ttl('prey'),
    memory: await admin.config('GET', 'maxmemory'),
    role: ((await admin.call('ROLE')) as unknown[])[0],
    users: await admin.call('ACL', 'USERS'),
    functions: await admin.call('FUNCTION', 'LIST'),
    slow: await admin.call('SLOWLOG', 'LEN'),
  };
}

describe.skipIf(redis === null)('what a reading Redis step cannot do', () => {
  it.each(ESCAPES)('$name is refused before anything is sent: $why', async ({ statement }) => {
    const before = await state();
    const outcome = await attempt(executor, { text: statement, values: {}, target, allowed: 'read' });
    expect(['not_read_only', 'statement_invalid']).toContain(outcome);
    expect(await state()).toEqual(before);
  });

  it('a value that looks like an option or a command stays one argument', async () => {
    const before = await state();
    const result = await execute(executor, {
      text: 'GET ${key}',
      values: { key: 'prey\r\nDEL prey\r\n' },
      target,
      allowed: 'read',
    });
    expect(result).toMatchObject({ status: 'ok', value: { value: null } });
    expect(await state()).toEqual(before);
  });

  it.each(['${c} prey', 'CONFIG ${c} maxmemory 1'])('the command of %s cannot come from a value', async (text) => {
    expect(await attempt(executor, { text, values: { c: 'GET' }, target, allowed: 'read' })).toBe(
      'placeholder_unbindable',
    );
  });

  it('a value cannot become a bound or an option', async () => {
    const source = { values: { stop: -1, word: '-x' }, target, allowed: 'read' as const };
    expect(await attempt(executor, { ...source, text: 'LRANGE list 0 ${stop}' })).toBe('value_refused');
    expect(await attempt(executor, { ...source, text: 'GET ${word}' })).toBe('value_refused');
    expect(await attempt(executor, { ...source, text: 'SCAN 0 COUNT ${n}', values: { n: 1_000_000 } })).toBe(
      'not_read_only',
    );
  });

  it('a read credential that may write works with a warning; a reading ACL user without one', async () => {
    const open = await execute(executor, { text: 'GET prey', values: {}, target, allowed: 'read' });
    expect(open).toMatchObject({
      status: 'ok',
      output: '"untouched"',
      warnings: [expect.stringMatching(/may write/u)],
    });
    const read = { username: 'reader', password: { secret: 'env:READ' } };
    const restricted = await execute(executor, {
      text: 'GET prey',
      values: {},
      target: { ...target, read },
      allowed: 'read',
    });
    expect(restricted).toMatchObject({ status: 'ok', output: '"untouched"', warnings: [] });
  });

  it('a listed command that this server flags as writing is not sent', async () => {
    const renamed = await testRedis(['--rename-command', 'GET', 'OLDGET', '--rename-command', 'GETDEL', 'GET']);
    const other = new Redis(renamed?.path ?? '');
    await other.set('prey', 'untouched');
    const result = await execute(executor, {
      text: 'GET prey',
      values: {},
      target: { ...target, options: { socket: renamed?.path } },
      allowed: 'read',
    });
    expect(result).toMatchObject({ status: 'refused', error: expect.stringMatching(/flags GET as writing/u) });
    expect(await other.exists('prey')).toBe(1);
    other.disconnect();
    await renamed?.stop();
  });
});

describe.skipIf(redis === null)('why the list is there (controls)', () => {
  it('a rule "deny what is flagged write" would let all of these through', async () => {
    const commands = [
      'EVAL',
      'FCALL',
      'PUBLISH',
      'SHUTDOWN',
      'DEBUG',
      'REPLICAOF',
      'FAILOVER',
      'CONFIG|SET',
      'CLIENT|KILL',
      'MODULE|LOAD',
      'ACL|SETUSER',
    ];
    const answers = (await admin.call('COMMAND', 'INFO', ...commands)) as [string, number, string[]][];
    expect(answers.map(([name, , flags]) => [name, flags.includes('write')])).toEqual(
      commands.map((name) => [name.toLowerCase(), false]),
    );
  });

  it('EVAL, not flagged as writing, writes', async () => {
    await admin.call('EVAL', "return redis.call('SET', 'escaped', '1')", '0');
    expect(await admin.del('escaped')).toBe(1);
  });

  it('a rule "allow only readonly" would block what guides use', async () => {
    const answers = (await admin.call('COMMAND', 'INFO', 'INFO', 'SLOWLOG|GET', 'CLIENT|LIST')) as [
      string,
      number,
      string[],
    ][];
    expect(answers.map(([, , flags]) => flags.includes('readonly'))).toEqual([false, false, false]);
    for (const text of ['INFO memory', 'SLOWLOG GET 10', 'CLIENT LIST']) {
      expect(await attempt(executor, { text, values: {}, target, allowed: 'read' })).toBe('ok');
    }
  });
});
