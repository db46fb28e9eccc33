import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import {
  type CredentialName,
  credentialHeaders,
  definitionProblems,
  type LoadedSecrets,
  readTarget,
} from '../credential.ts';
import { readAuthority } from '../tls-authority.ts';
import { isForbiddenAddress } from './address-guard.ts';

const baseUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol),
    'write an address such as https://host:port/prefix',
  )
  .refine(
    (text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '',
    'credentials do not stand in the address: put `headers` into the credential',
  )
  .refine((text) => !hidesAddress(text), 'write the number of the host as people read it, such as 10.0.0.1')
  .refine(
    (text) => !URL.canParse(text) || new URL(text).search + new URL(text).hash === '',
    'the address has no query and no fragment',
  );

/** An address that nobody may contact by accident is named by its number only as it is always written: not `0xa9fea9fe`, not octal. */
function hidesAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { hostname } = new URL(text);
  return isForbiddenAddress(hostname.replace(/^\[|\]$/gu, '')) && !text.toLowerCase().includes(hostname);
}

const options = z.strictObject({
  baseUrl,
  /** Largest answer in bytes; a larger one is cut off and fails. */
  maxResponseBytes: z
    .int()
    .min(1_024)
    .max(64 * 1024 * 1024)
    .default(4 * 1024 * 1024),
  /** PEM file with the authority that signed the target's certificate; without it those that the machine trusts. */
  ca: z.string().startsWith('/', 'write an absolute path').optional(),
});

const credential = z.strictObject({ headers: credentialHeaders.optional() });

/** Where requests of a target go, with the headers of the one credential in use. */
export type HttpPlace = {
  readonly base: URL;
  readonly maxResponseBytes: number;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM text; null for what the machine trusts. */
  readonly ca: string | null;
};

const shape = { options, credential };

/** Problems of a target of this executor, one sentence each. */
export function httpTargetProblems(target: TargetDefinition): string[] {
  return definitionProblems(target, shape);
}

/** Loads the named credential and nothing else. Throws UserError `target_invalid` or what resolving a secret throws. */
export async function httpPlace(
  target: TargetDefinition,
  use: { credential: CredentialName; secrets: LoadedSecrets },
): Promise<HttpPlace> {
  const { place, login } = readTarget(target, use.credential, shape);
  const headers = await use.secrets.headers(login.headers);
  const ca = place.ca === undefined ? null : await readAuthority(place.ca);
  return { base: new URL(place.baseUrl), maxResponseBytes: place.maxResponseBytes, headers, ca };
}
