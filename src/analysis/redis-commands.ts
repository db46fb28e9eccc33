/** When a command only reads. Numbers of arguments count what follows the command (and subcommand). */
export type RedisRead = {
  readonly min: number;
  /** No upper bound without it. */
  readonly max?: number;
  /** Index in the whole command of the first of two positions that bound the answer. */
  readonly range?: number;
  /** COUNT is looked at. */
  readonly count?: true;
  /** Reads, but may block or flood the server: why it is refused and what to use. */
  readonly instead?: string;
};

const exactly = (count: number): RedisRead => ({ min: count, max: count });
const between = (min: number, max: number): RedisRead => ({ min, max });
const instead = (text: string): RedisRead => ({ min: 0, instead: text });

/** The reviewed list: a command that is not here is never taken for reading. */
export const REDIS_READS: ReadonlyMap<string, RedisRead> = new Map<string, RedisRead>([
  ...[
    'get',
    'strlen',
    'type',
    'ttl',
    'pttl',
    'expiretime',
    'pexpiretime',
    'hlen',
    'llen',
    'scard',
    'zcard',
    'xlen',
  ].map((name): [string, RedisRead] => [name, exactly(1)]),
  ['dump', instead('returns the whole value in binary form: use GET, or STRLEN for its size.')],
  ['mget', between(1, 100)],
  ['exists', between(1, 100)],
  ['getrange', { min: 3, max: 3 }],
  ['substr', exactly(3)],
  ['getbit', exactly(2)],
  ['bitcount', between(1, 4)],
  ['bitpos', between(2, 5)],
  ['hget', exactly(2)],
  ['hmget', between(2, 100)],
  ['hexists', exactly(2)],
  ['hstrlen', exactly(2)],
  ['lindex', exactly(2)],
  ['lpos', between(2, 8)],
  ['lrange', { min: 3, max: 3, range: 2 }],
  ['sismember', exactly(2)],
  ['smismember', between(2, 100)],
  ['sintercard', between(2, 20)],
  ['zscore', exactly(2)],
  ['zmscore', between(2, 100)],
  ['zrank', between(2, 3)],
  ['zrevrank', between(2, 3)],
  ['zcount', exactly(3)],
  ['zlexcount', exactly(3)],
  ['zrange', { min: 3, max: 5, range: 2 }],
  ['zrevrange', { min: 3, max: 4, range: 2 }],
  ['pfcount', instead('may write its cache into the key: it is a change.')],
  ['geopos', between(2, 100)],
  ['geodist', between(3, 4)],
  ['geohash', between(2, 100)],
  ['scan', { min: 1, max: 7, count: true }],
  ['hscan', { min: 2, max: 7, count: true }],
  ['sscan', { min: 2, max: 6, count: true }],
  ['zscan', { min: 2, max: 6, count: true }],
  ['srandmember', exactly(1)],
  ['randomkey', exactly(0)],
  ['dbsize', exactly(0)],
  ['ping', between(0, 1)],
  ['echo', exactly(1)],
  ['time', exactly(0)],
  ['lastsave', exactly(0)],
  ['role', exactly(0)],
  ['info', between(0, 10)],
  ['lolwut', exactly(0)],
  ['xrange', { min: 5, max: 5, count: true }],
  ['xrevrange', { min: 5, max: 5, count: true }],
  ['xpending', { min: 2, max: 2 }],
  ['xinfo|stream', exactly(1)],
  ['xinfo|groups', exactly(1)],
  ['xinfo|consumers', exactly(2)],
  ['object|encoding', exactly(1)],
  ['object|idletime', exactly(1)],
  ['object|freq', exactly(1)],
  ['object|refcount', exactly(1)],
  ['memory|usage', between(1, 3)],
  ['memory|stats', exactly(0)],
  ['memory|doctor', exactly(0)],
  ['slowlog|get', between(1, 1)],
  ['slowlog|len', exactly(0)],
  ['latency|latest', exactly(0)],
  ['latency|history', exactly(1)],
  ['latency|doctor', exactly(0)],
  ['client|list', between(0, 20)],
  ['client|info', exactly(0)],
  ['client|id', exactly(0)],
  ['client|getname', exactly(0)],
  ['config|get', instead('shows passwords of the server (requirepass, masterauth): use INFO.')],
  ['command|count', exactly(0)],
  ['command|info', between(1, 20)],
  ['pubsub|channels', exactly(1)],
  ['pubsub|numsub', between(1, 20)],
  ['pubsub|numpat', exactly(0)],
  ['cluster|info', exactly(0)],
  ['cluster|nodes', exactly(0)],
  ['cluster|shards', exactly(0)],
  ['cluster|slots', exactly(0)],
  ['cluster|myid', exactly(0)],
  ['cluster|keyslot', exactly(1)],
  ['cluster|countkeysinslot', exactly(1)],
  ['acl|whoami', exactly(0)],
  ['module|list', exactly(0)],
  ['keys', instead('walks over every key and blocks the server: use SCAN 0 MATCH pattern COUNT 100.')],
  ['smembers', instead('returns the whole set at once: use SSCAN key 0 COUNT 100, or SCARD for its size.')],
  ['hgetall', instead('returns the whole hash at once: use HSCAN key 0 COUNT 100, or HMGET with the fields you need.')],
  ['hkeys', instead('returns all fields at once: use HSCAN key 0 COUNT 100.')],
  ['hvals', instead('returns all values at once: use HSCAN key 0 COUNT 100.')],
  ['sinter', instead('computes whole sets: use SINTERCARD with LIMIT.')],
  ['sunion', instead('computes whole sets: use SSCAN on each.')],
  ['sdiff', instead('computes whole sets: use SSCAN and SMISMEMBER.')],
  ['sort_ro', instead('sorts a whole collection inside the server: use ZRANGE or SSCAN.')],
  ['xread', instead('may block: use XRANGE key - + COUNT 100.')],
]);

/** Commands that destroy data or end the server's work. A bare name covers all its subcommands. */
export const REDIS_DESTRUCTIVE: ReadonlySet<string> = new Set(
  `flushdb flushall shutdown swapdb debug replicaof slaveof failover migrate module|load module|loadex module|unload script|flush
  function|flush function|delete function|restore cluster|reset cluster|flushslots cluster|failover cluster|forget
  cluster|delslots cluster|setslot xgroup|destroy acl|deluser acl|load restore`.split(/\s+/u),
);

/** Commands whose first argument is a command of its own. */
export const REDIS_CONTAINERS: ReadonlySet<string> = new Set(
  'acl client cluster command config debug function latency memory module object pubsub script slowlog xgroup xinfo'.split(
    ' ',
  ),
);

const own = 'steers the connection, which is opened by Warroom: leave it out.';
const endless = 'never ends: it cannot be a step.';

/** Commands that are never sent, whatever the step may do: they steer the connection, or their answer has no end. */
export const REDIS_REFUSED: ReadonlyMap<string, string> = new Map([
  ...[
    'multi',
    'exec',
    'discard',
    'watch',
    'unwatch',
    'auth',
    'hello',
    'select',
    'quit',
    'reset',
    'readonly',
    'readwrite',
    'asking',
  ].map((name): [string, string] => [name, `${name.toUpperCase()} ${own}`]),
  ...[
    'monitor',
    'subscribe',
    'psubscribe',
    'ssubscribe',
    'unsubscribe',
    'punsubscribe',
    'sunsubscribe',
    'sync',
    'psync',
    'replconf',
  ].map((name): [string, string] => [name, `${name.toUpperCase()} ${endless}`]),
  ...['blpop', 'brpop', 'brpoplpush', 'blmove', 'blmpop', 'bzpopmin', 'bzpopmax', 'bzmpop', 'wait', 'waitaof'].map(
    (name): [string, string] => [name, `${name.toUpperCase()} waits: use the form that answers at once.`],
  ),
]);
