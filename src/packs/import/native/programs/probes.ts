import { lastValue, operandsOf, readItems } from '../options.ts';
import { type Invocation, type Translation, targetKind } from '../translation.ts';
import { readPlace } from './place.ts';

const HOST =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?$/u;
const TYPES = /^(?:A|AAAA|CAA|CNAME|MX|NS|PTR|SOA|SRV|TXT)$/iu;

/** A probe of a host that is fixed or a setting. Null for one that is filled in each time. */
function probe(call: Invocation, text: string, about: { host: string; notes?: readonly string[] }): Translation | null {
  const host = readPlace(about.host, call.placeholders);
  if (host === null || /WRMARK/u.test(text) || call.input !== null) return null;
  if (host.setting === null && !HOST.test(host.text)) return null;
  const name = host.text.replace(/\.$/u, '');
  const given = host.setting === null ? name : { setting: host.setting, default: name || '127.0.0.1' };
  return {
    language: 'probe',
    text,
    targetKind: targetKind('probe', host.setting ?? name),
    targetOptions: { host: given },
    notes: about.notes ?? [],
  };
}

function port(text: string | undefined): string | null {
  return text !== undefined && /^\d{1,5}$/u.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? text : null;
}

/** `openssl s_client -connect host:port`: the handshake and the chain. STARTTLS and certificates of one's own stay with openssl. */
export function translateOpenssl(call: Invocation): Translation | null {
  const [verb, ...args] = call.args;
  if (verb !== 's_client') return null;
  const options =
    '-connect: -servername: -showcerts -brief -verify: -verify_return_error -quiet -status -tls1_2 -tls1_3';
  const read = readItems(args, { options, whole: true });
  const [given, ...others] = read === null ? [] : operandsOf(read.items);
  const address = (read === null ? undefined : lastValue(read.items, '-connect')) ?? given;
  if (read === null || address == null || others.length > 0 || read.after !== null) return null;
  const pins = ['-tls1_2', '-tls1_3', '-status'].some((name) => lastValue(read.items, name) !== undefined);
  const [, host = '', number] = /^(.*):([^:]+)$/u.exec(address) ?? [];
  const asked = lastValue(read.items, '-servername') ?? host;
  const known = port(number);
  if (pins || known === null || asked !== host) return null;
  return probe(call, `tls ${known}`, { host, notes: ['The probe tells expiry, chain and names of the certificate.'] });
}

/** `nc -z host port`: only whether the port answers. */
export function translateNetcat(call: Invocation): Translation | null {
  const read = readItems(call.args, { options: '-z -v -w: -n -4 -G:' });
  const [host, number, ...others] = read === null ? [] : operandsOf(read.items);
  const known = port(number);
  if (read === null || host === undefined || known === null || others.length > 0) return null;
  return lastValue(read.items, '-z') === undefined ? null : probe(call, `tcp ${known}`, { host });
}

/** `telnet host port` shows whether the port answers; what is typed then is a person's business. */
export function translateTelnet(call: Invocation): Translation | null {
  const [host, number, ...others] = call.args;
  const known = port(number);
  if (host === undefined || known === null || others.length > 0 || host.startsWith('-')) return null;
  return probe(call, `tcp ${known}`, {
    host,
    notes: ['Only whether the port answers is looked at; nothing is typed.'],
  });
}

/** `nslookup`, `dig`, `host` with the name servers of the machine. Another server, reverse look-ups and traces stay with them. */
export function translateLookup(call: Invocation): Translation | null {
  const words = call.args.filter(
    (word) => !/^\+(?:short|noall|answer|nocmd|nocomments|tcp|time=\d+|tries=\d+)$/u.test(word),
  );
  const read = readItems(words, { options: '-t: -type: -query:', whole: true });
  if (read === null || words.some((word) => /^[@+]/u.test(word))) return null;
  const operands = operandsOf(read.items);
  const types = operands.filter((word) => TYPES.test(word));
  const [host, ...others] = operands.filter((word) => !TYPES.test(word));
  const type = lastValue(read.items, '-t', '-type', '-query') ?? types[0];
  if (host === undefined || others.length > 0 || types.length > 1 || (type != null && !TYPES.test(type))) return null;
  if (types.length > 0 && call.name !== 'dig') return null;
  if (/^[\d.]+$|:/u.test(host)) return null;
  return probe(call, type == null || type.toUpperCase() === 'A' ? 'dns' : `dns ${type.toUpperCase()}`, { host });
}

/** `ping -c 3 host`; without a count it would never end, and three answers tell as much. */
export function translatePing(call: Invocation): Translation | null {
  const read = readItems(call.args, { options: '-c: -W: -w: -i: -q -n -4' });
  const [host, ...others] = read === null ? [] : operandsOf(read.items);
  if (read === null || host === undefined || others.length > 0) return null;
  const count = lastValue(read.items, '-c');
  if (count === undefined)
    return probe(call, 'ping', { host, notes: ['ping would never end: three packets are sent.'] });
  return /^(?:[1-9]|1\d|20)$/u.test(count ?? '') ? probe(call, `ping ${count}`, { host }) : null;
}
