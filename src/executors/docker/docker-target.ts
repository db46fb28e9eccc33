import { isIP } from 'node:net';
import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import {
  type CredentialName,
  credentialHeaders,
  definitionProblems,
  type LoadedSecrets,
  readTarget,
  secretReference,
} from '../credential.ts';

const HOST =
  /^(?:unix:\/\/\/.+|(?:tcp|https):\/\/(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9_.-]+)(?::\d{1,5})?|ssh:\/\/(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9_][A-Za-z0-9_.-]*(?::\d{1,5})?)$/u;
const host = z
  .string()
  .regex(HOST, 'write unix:///path, tcp://host:2376, https://host or ssh://user@host')
  .refine(
    (text) => !text.startsWith('tcp://') || isEncrypted(text) || isHere(text),
    'a port without TLS is open to everybody: write tcp://host:2376 with TLS, or ssh://',
  );

const options = z.strictObject({
  host: host.default('unix:///var/run/docker.sock'),
  /** Name of the compose project that `docker compose` means. */
  project: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]*$/u, 'write the name of a compose project')
    .optional(),
  /** PEM file with the authority that signed the engine's certificate. */
  ca: z.string().startsWith('/', 'write an absolute path').optional(),
  /** File of known host keys for ssh; without it the one of the user that Warroom runs as. An unknown host is refused either way. */
  knownHosts: z.string().startsWith('/', 'write an absolute path').optional(),
});

const credential = z.strictObject({
  /** Another way to the same engine for this credential: a proxy that only reads, say. */
  host: host.optional(),
  certificate: secretReference.optional(),
  key: secretReference.optional(),
  /** Private key file for ssh. */
  identity: z.string().startsWith('/', 'write an absolute path').optional(),
  /** For a proxy in front of the engine. */
  headers: credentialHeaders.optional(),
});

/** How an engine is reached, with the one credential in use. */
export type DockerPlace = {
  readonly host: string;
  readonly project: string | null;
  readonly ca: string | null;
  readonly knownHosts: string | null;
  readonly identity: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
};

const shape = { options, credential };

/** Problems of a target of this executor, one sentence each. */
export function dockerTargetProblems(target: TargetDefinition): string[] {
  return definitionProblems(target, shape);
}

/** Loads the named credential and nothing else. Throws UserError `target_invalid` or what resolving a secret throws. */
export async function dockerPlace(
  target: TargetDefinition,
  use: { credential: CredentialName; secrets: LoadedSecrets },
): Promise<DockerPlace> {
  const { place, login } = readTarget(target, use.credential, shape);
  return {
    host: login.host ?? place.host,
    project: place.project ?? null,
    ca: place.ca ?? null,
    knownHosts: place.knownHosts ?? null,
    identity: login.identity ?? null,
    certificate: (await use.secrets.optional(login.certificate)) ?? null,
    key: (await use.secrets.optional(login.key)) ?? null,
    headers: await use.secrets.headers(login.headers),
  };
}

/** `tcp://` means TLS, but for an engine on this machine whose port is the one without (2375). */
export function isEncrypted(text: string): boolean {
  const url = new URL(text.replace(/^tcp:/u, 'http:'));
  return text.startsWith('https:') || !(url.port === '2375' || isHere(text));
}

function isHere(text: string): boolean {
  const { hostname, port } = new URL(text.replace(/^tcp:/u, 'http:'));
  const bare = hostname.replace(/^\[|\]$/gu, '');
  return (bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))) && port !== '2376';
}
