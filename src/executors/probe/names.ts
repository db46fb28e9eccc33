import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Json } from '../../lib/canonical-json.ts';
import { messageOf, UserError } from '../../lib/errors.ts';
import { isForbiddenAddress } from '../http/address-guard.ts';
import type { ResolveName } from '../http/send-request.ts';
import { unlessAborted } from '../limits.ts';
import type { RecordType } from './parse-probe.ts';
import type { ProbePlace } from './probe-target.ts';

/** The name is not known, or nobody answered who could know it. */
export class NameError extends Error {
  /** A name server answered that there is no such name or record. */
  readonly absent: boolean;

  constructor(message: string, absent: boolean) {
    super(message);
    this.name = 'NameError';
    this.absent = absent;
  }
}

export type Lookup = { readonly place: ProbePlace; readonly resolveName: ResolveName; readonly signal: AbortSignal };

/**
 * All addresses of the target's host, from its own resolver or as the machine resolves names. Throws NameError, and UserError
 * `address_refused` when a name leads to an address that no step may contact.
 */
export async function hostAddresses(lookup: Lookup): Promise<string[]> {
  const { host } = lookup.place;
  if (isIP(host) !== 0) return [host]; // named by its number in the target itself
  const addresses = await addressesOf(host, lookup);
  const forbidden = addresses.find(isForbiddenAddress);
  if (forbidden !== undefined) {
    throw new UserError(
      'address_refused',
      `${host} leads to ${forbidden}, an address at which clouds hand out credentials: correct the target or its name server.`,
    );
  }
  return addresses;
}

/** The addresses of a name, unguarded: to be shown, never to be contacted. Throws NameError. */
export async function addressesOf(name: string, lookup: Lookup): Promise<string[]> {
  if (lookup.place.resolver !== undefined) {
    const [four, six] = await Promise.allSettled([records('A', name, lookup), records('AAAA', name, lookup)]);
    const found = [four, six].flatMap((part) => (part.status === 'fulfilled' ? part.value : [])).map(String);
    if (found.length > 0) return found;
    throw four.status === 'rejected' ? four.reason : new NameError(`${name} has no address`, true);
  }
  try {
    return (await unlessAborted(lookup.signal, lookup.resolveName(name))).map(({ address }) => address);
  } catch (error) {
    throw nameError(name, error);
  }
}

/** The records of one type, texts and objects as Node gives them. Throws NameError. */
export async function records(type: RecordType, name: string, lookup: Lookup): Promise<Json[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (lookup.place.resolver !== undefined) resolver.setServers([lookup.place.resolver]);
  const onAbort = () => resolver.cancel();
  lookup.signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (isIP(name) !== 0) return await resolver.reverse(name);
    const answer = (await unlessAborted(lookup.signal, resolver.resolve(name, type))) as unknown;
    const list = Array.isArray(answer) ? answer : [answer];
    // the pieces of one long TXT record belong together (RFC 7208, 3.3)
    return list.map((item: unknown) => (Array.isArray(item) ? item.join('') : (item as Json)));
  } catch (error) {
    throw nameError(name, error);
  } finally {
    lookup.signal.removeEventListener('abort', onAbort);
  }
}

function nameError(name: string, error: unknown): unknown {
  if (error instanceof DOMException) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
  if (/^(?:ENOTFOUND|ENODATA|EAI_NONAME|EAI_NODATA)$/u.test(code))
    return new NameError(`${name} is not known (${code})`, true);
  return new NameError(`no name server answers for ${name} (${code})`, false);
}
