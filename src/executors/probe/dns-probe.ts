import { isIP } from 'node:net';
import type { Json } from '../../lib/canonical-json.ts';
import { UserError } from '../../lib/errors.ts';
import type { Findings } from '../results.ts';
import { addressesOf, records } from './names.ts';
import type { Probe } from './parse-probe.ts';
import type { ProbeUse } from './probe-use.ts';

/** Asks for the addresses of the target's host, or for records of it or of a name below it. */
export async function probeName(probe: Extract<Probe, { kind: 'dns' }>, use: ProbeUse): Promise<Findings> {
  const { host, resolver } = use.place;
  const name = probe.below === null ? host : `${probe.below}.${host}`;
  if (isIP(host) !== 0 && (probe.type !== 'PTR' || probe.below !== null))
    throw new UserError(
      'probe_unfit',
      `The target is the address ${host}, which has no names but its PTR: write \`dns PTR\`.`,
    );
  const found: Json[] = probe.type === null ? await addressesOf(name, use) : await records(probe.type, name, use);
  const addresses = found.filter((item): item is string => typeof item === 'string' && isIP(item) !== 0);
  const lines = found.map((item) => `  ${typeof item === 'string' ? item : JSON.stringify(item)}`);
  const asked = `${probe.type ?? 'addresses'} of ${name}${resolver === undefined ? '' : ` (asked ${resolver})`}`;
  return {
    status: 'ok',
    value: { name, records: found, addresses, resolver: resolver ?? null },
    output: [`${asked}:`, ...lines].join('\n'),
  };
}
