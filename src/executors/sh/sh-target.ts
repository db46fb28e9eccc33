import path from 'node:path';
import { z } from 'zod';
import type { TargetDefinition } from '../../domain/system.ts';
import {
  type CredentialName,
  type LoadedSecrets,
  parseTargetPart,
  secretReference,
  targetProblems,
} from '../credential.ts';
import { isSteeringName } from './environment.ts';

const options = z.strictObject({
  /** Where the script runs; a new empty folder per run without it. Relative to where Warroom was started. */
  cwd: z.string().min(1).optional(),
  shell: z.enum(['/bin/sh', '/bin/bash']).default('/bin/sh'),
  /** Folders where a change looks for programs before the system's own, separated by colons; a step that reads never does. */
  path: z
    .string()
    .regex(/^(?:\/[^:\0]+(?::\/[^:\0]+)*)?$/u, 'write absolute folders, separated by colons')
    .default(''),
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
});

/** Where and with what a script runs. */
export type ShellPlace = {
  readonly cwd: string | null;
  readonly shell: string;
  /** Folders before those of the system, separated by colons; empty for none. */
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
};

/** Problems of a target of this executor, one sentence each. */
export function shTargetProblems(target: TargetDefinition): string[] {
  return [
    ...targetProblems(options, 'options', target.options),
    ...targetProblems(credential, 'read', target.read),
    ...(target.write === null ? [] : targetProblems(credential, 'write', target.write)),
  ];
}

/** Loads one credential and leaves the other one alone. Throws UserError `target_invalid` or what resolving a secret throws. */
export async function shellPlace(
  target: TargetDefinition,
  name: CredentialName,
  secrets: LoadedSecrets,
): Promise<ShellPlace> {
  const place = parseTargetPart(options, { target: target.name, part: 'options' }, target.options);
  const login = parseTargetPart(credential, { target: target.name, part: name }, target[name] ?? {});
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(login.env ?? {}))
    env[name] = typeof value === 'string' ? value : await secrets.text(value);
  return {
    cwd: place.cwd === undefined ? null : path.resolve(place.cwd),
    shell: place.shell,
    // The reviewed list of reading programs means the system's programs of those names.
    path: name === 'write' ? place.path : '',
    env,
  };
}
