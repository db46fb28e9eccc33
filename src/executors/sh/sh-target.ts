import path from 'node:path';
import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import { UserError } from '../../lib/errors.ts';
import {
  type CredentialName,
  definitionProblems,
  type LoadedSecrets,
  readTarget,
  secretReference,
} from '../credential.ts';
import { isSteeringName } from './environment.ts';
import { type JobPlace, jobCredential, jobOptions, jobPlace, jobProblems } from './job/job-target.ts';
import { type ResourceLimits, resourceLimits } from './resource-limits.ts';

/** The pinned key of a machine: the fingerprint that `ssh-keygen -lf` prints, or a public key as in known_hosts. */
const hostKey = z
  .string()
  .regex(
    /^(?:SHA256:[A-Za-z0-9+/]{43}|(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) [A-Za-z0-9+/]+={0,2}(?: .*)?)$/u,
    'write the fingerprint SHA256:… of `ssh-keygen -lf`, or the public key `ssh-ed25519 AAAA…`',
  );

const ssh = z.strictObject({
  host: z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._:-]*[A-Za-z0-9])?$/u, 'write a host name or an address'),
  port: z.int().min(1).max(65_535).default(22),
  user: z.string().regex(/^[A-Za-z_][A-Za-z0-9._-]*$/u, 'write the name of an account'),
  hostKey,
});

const options = z.strictObject({
  /** Where the script runs; a new empty folder per run without it. Relative to where Warroom was started. */
  cwd: z.string().min(1).optional(),
  shell: z.enum(['/bin/sh', '/bin/bash']).default('/bin/sh'),
  /** Folders where a change looks for programs before the system's own, separated by colons; a step that reads never does. */
  path: z
    .string()
    .regex(/^(?:\/[^:\0]+(?::\/[^:\0]+)*)?$/u, 'write absolute folders, separated by colons')
    .default(''),
  /** On another machine instead of this one. */
  ssh: ssh.optional(),
  /** In a pod of a cluster instead of this machine, as a Job. */
  job: jobOptions.optional(),
  ...resourceLimits.shape,
});

const credential = z.strictObject({
  /** Secrets and settings that the scripts of this target find in their environment. */
  env: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/u, 'write the name of a variable')
        .refine((name) => !isSteeringName(name), 'programs obey a variable of that name: choose another'),
      z.union([z.string(), secretReference]),
    )
    .optional(),
  /** The account, when it is another one than `options.ssh.user`. */
  user: ssh.shape.user.optional(),
  /** Private key for ssh, in OpenSSH's or PEM form. */
  key: secretReference.optional(),
  passphrase: secretReference.optional(),
  ...jobCredential,
});

/** How to reach another machine, as one account. */
export type SshPlace = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly key: string;
  readonly passphrase: string | undefined;
};

/** Where and with what a script runs. */
export type ShellPlace = {
  /** Null, both: on this machine. */
  readonly ssh: SshPlace | null;
  readonly job: JobPlace | null;
  readonly limits: ResourceLimits;
  readonly cwd: string | null;
  readonly shell: string;
  /** Folders before those of the system, separated by colons; empty for none. */
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names in `env` whose values are secret. */
  readonly secretNames: ReadonlySet<string>;
};

const shape = { options, credential };

/** Problems of a target of this executor, one sentence each. */
export function shTargetProblems(target: TargetDefinition): string[] {
  const own = [...definitionProblems(target, shape), ...sshProblems(target)];
  const found = options.safeParse(target.options).data;
  if (found === undefined) return own;
  const login = (part: 'read' | 'write') =>
    target[part] === null ? null : (credential.safeParse(target[part]).data ?? null);
  const logins = { read: login('read'), write: login('write') };
  return [...own, ...jobProblems(found.job, logins, { ssh: found.ssh !== undefined, cwd: found.cwd })];
}

/** A machine is entered with a key of its own for each credential; on this machine there is nothing to enter. */
function sshProblems(target: TargetDefinition): string[] {
  const far = options.safeParse(target.options).data?.ssh !== undefined;
  return (['read', 'write'] as const).flatMap((part) => {
    const login = credential.safeParse(target[part] ?? {}).data;
    if (login === undefined || target[part] === null) return [];
    if (!far && (login.key ?? login.user ?? login.passphrase) !== undefined)
      return [`\`${part}\`: \`user\`, \`key\` and \`passphrase\` need \`options.ssh\`: name the machine there.`];
    if (far && login.key === undefined)
      return [`\`${part}.key\`: ssh needs a private key: write \`key: { secret: file:/path }\`.`];
    return [];
  });
}

/** Loads one credential and leaves the other one alone. Throws UserError `target_invalid` or what resolving a secret throws. */
export async function shellPlace(
  target: TargetDefinition,
  name: CredentialName,
  secrets: LoadedSecrets,
): Promise<ShellPlace> {
  const { place, login } = readTarget(target, name, shape);
  const env: Record<string, string> = {};
  const secretNames = new Set<string>();
  for (const [name, value] of Object.entries(login.env ?? {})) {
    env[name] = typeof value === 'string' ? value : await secrets.text(value);
    if (typeof value !== 'string') secretNames.add(name);
  }
  const { shell, cpuSeconds, memoryMb, fileMb, processes } = place;
  const limits = { cpuSeconds, memoryMb, fileMb, processes };
  // The reviewed list of reading programs means the system's programs of those names.
  const shared = { shell, path: name === 'write' ? place.path : '', env, secretNames, limits, ssh: null, job: null };
  if (place.job !== undefined) {
    const job = await jobPlace(place.job, login, { target: target.name, secrets });
    return { ...shared, job, cwd: place.cwd ?? null };
  }
  if (place.ssh === undefined) return { ...shared, cwd: place.cwd === undefined ? null : path.resolve(place.cwd) };
  if (login.key === undefined) {
    throw new UserError(
      'target_invalid',
      `Target ${target.name} is reached over ssh, but \`${name}\` has no \`key\`: name a private key.`,
    );
  }
  const key = await secrets.text(login.key);
  const passphrase = await secrets.optional(login.passphrase);
  const account = { user: login.user ?? place.ssh.user, key, passphrase };
  return { ...shared, ssh: { ...place.ssh, ...account }, cwd: place.cwd ?? null };
}
