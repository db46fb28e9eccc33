import { z } from 'zod';
import type { Effect } from '../domain/effect.ts';
import { parseSecretReference, SECRET_REFERENCE_FORMS } from '../domain/secret-reference.ts';
import type { TargetDefinition } from '../domain/system.ts';
import { canonicalJson, type Json } from '../lib/canonical-json.ts';
import { InternalError, UserError } from '../lib/errors.ts';
import type { Secret } from '../lib/secret.ts';
import { suggest } from '../packs/problems.ts';
import { keysAt } from '../packs/schema-keys.ts';

/** A credential's value that is named, never written down: `{ secret: env:TOKEN, prefix: 'Bearer ' }`. */
export const secretReference = z.strictObject({
  secret: z.string().refine((text) => parseSecretReference(text) !== null, { error: SECRET_REFERENCE_FORMS }),
  prefix: z.string().optional(),
});
export type SecretReference = z.infer<typeof secretReference>;

const headerName = z.string().regex(/^[A-Za-z0-9-]+$/u, 'write the name of a header');

/** Headers that a credential sends with every request: written down, or named as a secret. */
export const credentialHeaders = z.record(headerName, z.union([z.string(), secretReference]));

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

/** What an executor wants of a target: its options, and what each of its two credentials is made of. */
export type TargetShape<O, C> = { readonly options: z.ZodType<O>; readonly credential: z.ZodType<C> };

/** One sentence for each problem that a schema finds in a part of a target's definition. */
function partProblems(schema: z.ZodType, part: string, value: unknown): string[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => {
    const path = [part, ...issue.path.map(String)].join('.');
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path);
      return issue.keys.map((key) => `\`${path}.${key}\` is not known. ${suggest(key, known) || 'Leave it out.'}`);
    }
    // What a schema says in words of its own is better than that.
    const ownWords = !issue.message.startsWith('Invalid input');
    if (issue.code === 'invalid_type' && !ownWords && isMissing(value, issue.path)) return [`\`${path}\` is missing.`];
    return [`\`${path}\`: ${issue.message}.`];
  });
}

function isMissing(value: unknown, path: readonly PropertyKey[]): boolean {
  const at = path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key], value);
  return at === undefined;
}

/** Problems of a target's options and of both its credentials, one sentence each; empty when it is usable. */
export function definitionProblems(target: TargetDefinition, shape: TargetShape<unknown, unknown>): string[] {
  return [
    ...partProblems(shape.options, 'options', target.options),
    ...partProblems(shape.credential, 'read', target.read),
    ...(target.write === null ? [] : partProblems(shape.credential, 'write', target.write)),
  ];
}

/** A target's options, typed. Throws UserError `target_invalid` with all their problems. */
export function readPlace<O>(target: TargetDefinition, shape: Pick<TargetShape<O, unknown>, 'options'>): O {
  return parsePart(shape.options, { target: target.name, part: 'options' }, target.options);
}

/**
 * A target's options and the one credential that a statement may load, typed; the other one is not looked at (design §5,
 * promise 12). Throws UserError `target_invalid` with all problems of the part that is wrong.
 */
export function readTarget<O, C>(
  target: TargetDefinition,
  credential: CredentialName,
  shape: TargetShape<O, C>,
): { readonly place: O; readonly login: C } {
  return {
    place: readPlace(target, shape),
    login: parsePart(shape.credential, { target: target.name, part: credential }, target[credential] ?? {}),
  };
}

function parsePart<T>(schema: z.ZodType<T>, where: { target: string; part: string }, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = partProblems(schema, where.part, value).join(' ');
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

  /** The headers of a credential, ready to be sent; their names in small letters. Throws what `text` throws. */
  async headers(named: z.infer<typeof credentialHeaders> = {}): Promise<Readonly<Record<string, string>>> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(named))
      headers[name.toLowerCase()] = typeof value === 'string' ? value : await this.text(value);
    return headers;
  }

  /** A reference resolved, nothing as undefined. */
  async optional(value: SecretReference | undefined): Promise<string | undefined> {
    return value === undefined ? undefined : await this.text(value);
  }
}
