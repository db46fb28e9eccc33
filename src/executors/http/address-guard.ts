import { BlockList, isIP } from 'node:net';

/**
 * Addresses at which clouds hand out credentials, and link-local ones: never contacted unless the target names exactly that address.
 * Sources: RFC 3927, RFC 4291, documentation of AWS, Google Cloud, Azure, Alibaba Cloud, Oracle Cloud.
 */
const NEVER = blockList(
  [
    '169.254.0.0/16',
    '100.100.100.200/32',
    '192.0.0.192/32',
    '168.63.129.16/32',
    '0.0.0.0/8',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ],
  ['fe80::/10', 'fd00:ec2::254/128', 'fd20:ce::254/128', 'ff00::/8'],
);
const UNSPECIFIED = blockList([], ['::/128']);

/** Private, loopback and shared ranges: allowed for the named target itself and for nothing else. */
const PRIVATE = blockList(
  ['10.0.0.0/8', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '198.18.0.0/15', '192.0.0.0/24'],
  ['::1/128', 'fc00::/7'],
);

/** True for an address that no step may contact, whatever name led to it. IPv4 inside IPv6 counts as IPv4. */
export function isForbiddenAddress(address: string): boolean {
  return listed(NEVER, address) || listed(UNSPECIFIED, address);
}

/** True for an address inside somebody's own network. */
export function isPrivateAddress(address: string): boolean {
  return isForbiddenAddress(address) || listed(PRIVATE, address);
}

function listed(list: BlockList, address: string): boolean {
  const plain = embeddedIpv4(address) ?? address;
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

/**
 * `::ffff:a.b.c.d`, `::a.b.c.d`, SIIT `::ffff:0:a.b.c.d` (RFC 2765), NAT64 `64:ff9b::`, 6to4 `2002::` and Teredo `2001:0::` (RFC 4380,
 * the client's, every bit turned over) carry an IPv4 address.
 */
function embeddedIpv4(address: string): string | null {
  if (isIP(address) !== 6) return null;
  const words = expand(address);
  const [high, low] = [words[6] ?? 0, words[7] ?? 0];
  const zeros = words.slice(0, 5).every((word) => word === 0);
  if (zeros && (words[5] === 0xffff || (words[5] === 0 && high !== 0))) return dotted(high, low);
  if (words.slice(0, 4).every((word) => word === 0) && words[4] === 0xffff && words[5] === 0) return dotted(high, low);
  if (words[0] === 0x2001 && words[1] === 0) return dotted(high ^ 0xffff, low ^ 0xffff);
  if (words[0] === 0x64 && words[1] === 0xff9b) return dotted(high, low);
  if (words[0] === 0x2002) return dotted(words[1] ?? 0, words[2] ?? 0);
  return null;
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function expand(address: string): number[] {
  const hex = (address.split('%')[0] ?? '').replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/u,
    (_all, a: string, b: string, c: string, d: string) => {
      const word = (x: string, y: string) => (Number(x) * 256 + Number(y)).toString(16);
      return `${word(a, b)}:${word(c, d)}`;
    },
  );
  const [left = '', right] = hex.split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16)));
  const head = parse(left);
  const tail = right === undefined ? [] : parse(right);
  return [...head, ...new Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail];
}

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const [entries, family] of [
    [ipv4, 'ipv4'],
    [ipv6, 'ipv6'],
  ] as const) {
    for (const entry of entries) {
      const [network = '', prefix] = entry.split('/');
      list.addSubnet(network, Number(prefix), family);
    }
  }
  return list;
}
