import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { bindCommand, parseCommand, quoteArgument } from '../../src/executors/redis/parse-command.ts';
import { createRedisExecutor } from '../../src/executors/redis/redis-executor.ts';
import { renderReply } from '../../src/executors/redis/render-reply.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { testRedis } from '../support/redis.ts';
import { execute, runContext } from './harness.ts';

const words = (text: string, values = {}) => bindCommand(parseCommand(text).args, values).sent;

describe('a command as redis-cli writes it', () => {
  it.each<[string, string[]]>([
    ['GET a', ['GET', 'a']],
    ['  SET  a   b ', ['SET', 'a', 'b']],
    ['SET a "b c"', ['SET', 'a', 'b c']],
    [`SET a 'b "c" \\' d'`, ['SET', 'a', `b "c" ' d`]],
    ['SET a "x\\n\\t\\"\\\\\\x41"', ['SET', 'a', 'x\n\t"\\A']],
    ['SET a ""', ['SET', 'a', '']],
    ['GET circuit_breaker:franco_retell', ['GET', 'circuit_breaker:franco_retell']],
  ])('%s is split into its arguments', (text, args) => {
    expect(words(text)).toEqual(args);
  });

  it('ends at a | by itself, behind which its filters stand; in quotes it is an argument', () => {
    expect(parseCommand('SMEMBERS a | grep x | wc -l').filters).toHaveLength(2);
    expect(words('SMEMBERS a | grep x')).toEqual(['SMEMBERS', 'a']);
    expect(words('SET a "|"')).toEqual(['SET', 'a', '|']);
    expect(words('SET a b|c')).toEqual(['SET', 'a', 'b|c']);
    expect(quoteArgument('|')).toBe('"|"');
  });

  it.each(['', 'SET a |', 'SET a "b', `SET a 'b`, 'SET a "b"c', 'SET a b"c"', 'GET a\nGET b', 'SET a "\\xff"'])(
    '%j is refused with one sentence',
    (text) => {
      expect(() => parseCommand(text)).toThrow(/: .+\.$/u);
    },
  );

  it('a value stays inside its argument, alone or with text around it, quoted or not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        fc.pre(!value.startsWith('-') && !value.includes('\0'));
        expect(words('SET k:${v} "<${v}>" x${v}', { v: value })).toEqual([
          'SET',
          `k:${value}`,
          `<${value}>`,
          `x${value}`,
        ]);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('what people approve reads back as exactly the arguments', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 }), { minLength: 1 }), (args) => {
        fc.pre(args.every((arg) => !arg.includes('${')));
        const line = ['ECHO', ...args].map(quoteArgument).join(' ');
        if (!line.includes('\\u')) expect(words(line)).toEqual(['ECHO', ...args]);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('replies look as redis-cli shows them', () => {
    expect([null, 1, 'a"b', [], ['a', ['b', 2], null]].map((reply) => renderReply(reply))).toEqual([
      '(nil)',
      '(integer) 1',
      '"a\\"b"',
      '(empty array)',
      '1) "a"\n2) 1) "b"\n   2) (integer) 2\n3) (nil)',
    ]);
  });
});

const server = await testRedis(['--busy-reply-threshold', '60000']);

describe.skipIf(server === null)('a changing Redis step', () => {
  const executor = createRedisExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')) });
  let target: TargetDefinition;
  let admin: Redis;

  beforeAll(() => {
    target = {
      name: 'cache',
      executor: 'redis',
      description: null,
      options: { socket: server?.path },
      read: {},
      write: {},
    };
    admin = new Redis(server?.path ?? '');
  });
  afterAll(async () => {
    admin.disconnect();
    await server?.stop();
  });

  it('closes a breaker and tells how many keys went', async () => {
    await admin.set('circuit_breaker:franco_retell', 'open');
    const result = await execute(executor, {
      text: 'DEL circuit_breaker:franco_retell',
      values: {},
      target,
      allowed: 'change',
    });
    expect(result).toMatchObject({ status: 'ok', value: { value: 1 }, output: '(integer) 1' });
  });

  it('shows what jq makes of a text that is kept as JSON', async () => {
    await admin.set('config', '{"flags":{"fast":true,"limit":3}}');
    const source = { text: `GET config | jq -c '.flags | keys'`, values: {}, target, allowed: 'read' } as const;
    expect(await execute(executor, source)).toMatchObject({ status: 'ok', value: { value: '["fast","limit"]' } });
  });

  it('a change whose filter fails has happened: it says so, shows everything and is no failure', async () => {
    await admin.set('stale', 'x');
    const result = await execute(executor, { text: 'DEL stale | jq .a', values: {}, target, allowed: 'change' });
    expect(result).toMatchObject({ status: 'ok', output: '1', error: null });
    expect(result.warnings).toContainEqual(expect.stringContaining('The command was carried out'));
    expect(await admin.exists('stale')).toBe(0);
  });

  it('the password of the target, kept in a key, is masked before a filter could cut it into pieces', async () => {
    await admin.call('ACL', 'SETUSER', 'guest', 'on', '>tulip-harbour-lantern', '~*', '+@all');
    await admin.set('note', 'the login is tulip-harbour-lantern, ask Bob');
    const secrets = () => Promise.resolve(new Secret('tulip-harbour-lantern'));
    const login = { username: 'guest', password: { secret: 'env:GUEST' } };
    const result = await execute(
      createRedisExecutor({ clock: systemClock, secrets }),
      { text: 'GET note | cut -c 1-25', values: {}, target: { ...target, read: login }, allowed: 'read' },
      { secrets },
    );
    expect(result).toMatchObject({ status: 'ok', value: { value: 'the login is <secret>, as' } });
    expect(JSON.stringify(result)).not.toContain('tulip');
  });

  it('an error of the server fails and is shown', async () => {
    await admin.set('word', 'text');
    const result = await execute(executor, { text: 'INCR word', values: {}, target, allowed: 'change' });
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining('not an integer') });
  });

  it('sent but never confirmed means unknown, for a person to decide', async () => {
    const busy = 'EVAL "local i = 0 while i < 100000000 do i = i + 1 end return i" 0';
    const statement = await executor.prepare({ text: busy, values: {}, target, allowed: 'change' });
    const result = await statement.run(runContext({ timeoutMs: 300 }));
    expect(result).toMatchObject({ status: 'unknown', error: expect.stringContaining('may or may not') });
    await admin.ping(); // the script has ended
  });

  it('a connection that is cut after sending means unknown', async () => {
    const own = await testRedis();
    const statement = await executor.prepare({
      text: 'EVAL "while true do end" 0',
      values: {},
      target: { ...target, options: { socket: own?.path } },
      allowed: 'change',
    });
    const running = statement.run(
      runContext({ timeoutMs: 15_000, secrets: () => Promise.resolve(new Secret('unused')) }),
    );
    const probe = new Redis(own?.path ?? '', { retryStrategy: () => null, commandTimeout: 200 });
    probe.on('error', () => undefined);
    // The script holds the whole server: as soon as nothing answers any more, it was sent.
    await expect
      .poll(
        () =>
          probe.ping().then(
            () => 'answers',
            () => 'busy',
          ),
        { timeout: 5_000 },
      )
      .toBe('busy');
    process.kill(own?.pid ?? 0, 'SIGKILL');
    expect((await running).status).toBe('unknown');
    probe.disconnect();
    await own?.stop();
  });

  it('a server that is not there is named with its address', async () => {
    const away = { ...target, options: { url: 'redis://127.0.0.1:1/0' } };
    const result = await execute(executor, { text: 'GET a', values: {}, target: away, allowed: 'read' });
    expect(result).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/No Redis server answers for target cache at 127\.0\.0\.1:1 \(.*ECONNREFUSED/u),
    });
  });
});
