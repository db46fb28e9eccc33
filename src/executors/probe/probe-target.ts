import { isIP } from 'node:net';
import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import { definitionProblems, readTarget } from '../credential.ts';

const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*$/u;
const name = z.string().regex(HOST_NAME, 'write a host name');

const options = z.strictObject({
  /** The only host that probes of this target reach: a name or an address, without port. */
  host: z
    .string()
    .refine(
      (text) => HOST_NAME.test(text) || isIP(text) !== 0,
      'write a host name or an address, without scheme and port',
    ),
  /** Name server to ask in the place of the machine's own: `1.1.1.1`, `10.0.0.2:5353`, `[::1]:53`. */
  resolver: z
    .string()
    .refine((text) => isResolver(text), 'write the address of a name server, such as 1.1.1.1 or 10.0.0.2:5353')
    .optional(),
  /** Name that TLS asks for, when it is not the host's. */
  servername: name.optional(),
  /** PEM file with the certificate authority that signs for this host, in the place of the public ones. */
  ca: z.string().startsWith('/', 'write an absolute path').optional(),
});
export type ProbePlace = z.output<typeof options>;

/** A probe has no credentials. */
const shape = { options, credential: z.strictObject({}) };

/** Problems of a target of this executor, one sentence each. A probe has no credentials. */
export function probeTargetProblems(target: TargetDefinition): string[] {
  return definitionProblems(target, shape);
}

/** Where the probes of a target go. Throws UserError `target_invalid`. */
export function probePlace(target: TargetDefinition): ProbePlace {
  return readTarget(target, 'read', shape).place;
}

function isResolver(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const parts = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:]+)):(?<port>\d{1,5})$/u.exec(text)?.groups;
  const port = Number(parts?.port ?? 0);
  return isIP(parts?.v6 ?? parts?.v4 ?? '') !== 0 && port >= 1 && port <= 65_535;
}
