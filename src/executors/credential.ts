import { z } from 'zod';
import type { Effect } from '../domain/effect.ts';
import { parseSecretReference, SECRET_REFERENCE_FORMS } from '../domain/secret-reference.ts';
import type { TargetDefinition } from '../domain/system.ts';
import { canonicalJson, type Json } from '../lib/canonical-json.ts';
import { InternalError, UserError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';

/** A credential's value that is named, never written down: `{ secret: env:TOKEN, prefix: 'Bearer ' }`. */
export const secretReference = z.strictObject({
  secret: z.string().refine((text) => parseSecretReference(text) !== null, { error: SECRET_REFERENCE_FORMS }),
  prefix: z.string().optional(),
});
export type SecretReference = z.infer<typeof secretReference>;

/** Which of a target's two credentials a statement uses. */
export type CredentialName = 'read' | 'write';

/**
 * The one credential that a statement may load: `read` for reading, `write` for everything else. Throws UserError
 * `target_read_only` when the target has no write credential.
 */
export function credentialFor(target: TargetDefinition, allowed: Effect): CredentialName {
  if (allowed === 'read') return 'read';
  if (target.write === null) {
    throw new UserError(
      'target_read_only',
      `Target ${target.name} can only be read: give it a \`write\` credential in system.yml.`,
    );
  }
  return 'write';
}

/** The part of a target that an approval's hash covers: where it is and which credential (its reference, not its value) is used. */
export function canonicalTarget(target: TargetDefinition, credential: CredentialName): Json {
  const record = {
    name: target.name,
    executor: target.executor,
    options: target.options,
    credential,
    as: target[credential] ?? {},
  };
  return JSON.parse(canonicalJson(record)) as Json;
}

/** One sentence for each problem that a schema finds in a part of a target's definition. */
export function targetProblems(schema: z.ZodType, part: string, value: unknown): string[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.map((issue) => {
    const path = [part, ...issue.path.map(String)].join('.');
    return `\`${path}\`: ${issue.message}.`;
  });
}

/** A part of a target's definition, typed. Throws UserError `target_invalid` with all problems of that part. */
export function parseTargetPart<T>(schema: z.ZodType<T>, where: { target: string; part: string }, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = targetProblems(schema, where.part, value).join(' ');
  throw new UserError('target_invalid', `Target ${where.target} is not usable: ${problems}`);
}

/** Resolves references at the moment of use and remembers what it gave away, so that output can be masked. */
export class LoadedSecrets {
  readonly used: Secret[] = [];
  readonly #resolve: (reference: string) => Promise<Secret>;

  constructor(resolve: ((reference: string) => Promise<Secret>) | undefined) {
    this.#resolve =
      resolve ??
      (() => Promise.reject(new InternalError('secrets_missing', 'No resolver of secrets was given to the executors')));
  }

  /** The value with its prefix. Throws what the resolver throws (UserError `secret_missing`). */
  async text(reference: SecretReference): Promise<string> {
    const secret = await this.#resolve(reference.secret);
    this.used.push(secret);
    return `${reference.prefix ?? ''}${secret.reveal()}`;
  }

  /** Plain text as it is, a reference resolved, nothing as undefined. */
  async optional(value: SecretReference | undefined): Promise<string | undefined> {
    return value === undefined ? undefined : await this.text(value);
  }
}
