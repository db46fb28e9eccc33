import { describe, expect, it } from 'vitest';
import { httpEffect } from '../../src/analysis/http-effect.ts';
import { redisEffect } from '../../src/analysis/redis-effect.ts';

describe('the effect of a Redis command', () => {
  it.each([
    'GET a',
    'get a',
    'MGET a b c',
    'EXISTS a',
    'TTL a',
    'TYPE a',
    'INFO',
    'INFO memory',
    'SLOWLOG GET 10',
    'CLIENT LIST',
    'DBSIZE',
    'PING',
    'LLEN a',
    'LRANGE a 0 99',
    'LRANGE a -10 -1',
    'ZRANGE a 0 9 WITHSCORES',
    'SCAN 0',
    'SCAN 0 MATCH a:* COUNT 100',
    'HSCAN h 0',
    'HGET h f',
    'XRANGE s - + COUNT 10',
    'MEMORY USAGE a',
    'OBJECT ENCODING a',
    'LATENCY LATEST',
    'ROLE',
    'CLUSTER INFO',
    'ACL WHOAMI',
  ])('%s reads', (command) => {
    expect(redisEffect(command.split(' '))).toMatchObject({ effect: 'read', reasons: [], refusal: null });
  });

  it.each([
    ['SET a b', 'change'],
    ['DEL a', 'change'],
    ['EVAL x 0', 'change'],
    ['CONFIG SET a b', 'change'],
    ['CLIENT KILL x', 'change'],
    ['GET', 'change'],
    ['GET a b', 'change'],
    ['LRANGE a 0 -1', 'change'],
    ['LRANGE a 0 1000', 'change'],
    ['LRANGE a x y', 'change'],
    ['SCAN 0 COUNT 5000', 'change'],
    ['KEYS *', 'change'],
    ['HGETALL h', 'change'],
    ['', 'change'],
    ['FLUSHALL', 'destructive'],
    ['flushdb async', 'destructive'],
    ['SHUTDOWN', 'destructive'],
    ['DEBUG SEGFAULT', 'destructive'],
    ['SCRIPT FLUSH', 'destructive'],
    ['MODULE LOAD x', 'destructive'],
    ['CLUSTER RESET', 'destructive'],
    ['REPLICAOF a 1', 'destructive'],
    ['XGROUP DESTROY s g', 'destructive'],
  ])('%s is a %s', (command, effect) => {
    const found = redisEffect(command.split(' '));
    expect(found.effect).toBe(effect);
    expect(found.reasons[0]).toMatch(/\.$/u);
  });

  it.each([
    ['KEYS *', 'SCAN'],
    ['SMEMBERS s', 'SSCAN'],
    ['HGETALL h', 'HSCAN'],
    ['LRANGE a 0 -1', '0 99'],
  ])('%s names what to use instead: %s', (command, offer) => {
    expect(redisEffect(command.split(' ')).reasons[0]).toContain(offer);
  });

  it.each(['MULTI', 'SELECT 1', 'AUTH a b', 'MONITOR', 'SUBSCRIBE a', 'BLPOP a 0'])('%s is never sent', (command) => {
    expect(redisEffect(command.split(' ')).refusal).toMatch(/\.$/u);
  });
});

describe('the effect of the other languages', () => {
  it('HTTP methods mean what HTTP says', () => {
    expect(
      ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS', 'DELETE'].map((method) => httpEffect(method).effect),
    ).toEqual(['read', 'read', 'change', 'change', 'change', 'change', 'destructive']);
  });
});
