import { readFile } from 'node:fs/promises';
import { parseSecretReference, SECRET_REFERENCE_FORMS, type SecretReferenceParts } from '../domain/secret-reference.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { MIN_SECRET, Secret } from '../lib/secret.ts';

/** Resolves the name of a secret (`env:NAME`, `file:/path`, `vault:path#key`, `k8s:namespace/name#key`) to its value. */
export type SecretResolver = (reference: string) => Promise<Secret>;

type Environment = (name: string) => string | undefined;

/**
 * Makes the resolver. Values are looked up at every use and kept nowhere; a file loses its last line break. `environment`
 * is given in because the environment has one reader. Throws UserError `secret_missing` with what to do, and
 * `secret_too_short` for a value that could not be masked in output.
 */
export function createSecretResolver(environment: Environment): SecretResolver {
  return async (reference) => {
    const parts = parseSecretReference(reference);
    if (!parts) {
      throw new UserError('secret_missing', `“${reference}” does not name a secret: ${SECRET_REFERENCE_FORMS}.`);
    }
    const secret = await lookUp(environment, parts);
    if (secret.reveal().trim().length >= MIN_SECRET) return secret;
    throw new UserError(
      'secret_too_short',
      `The secret ${reference} is shorter than ${MIN_SECRET} characters and could not be masked in output: choose a longer one.`,
    );
  };
}

/** The stores come with the first reference that needs them. */
async function lookUp(environment: Environment, parts: SecretReferenceParts): Promise<Secret> {
  switch (parts.scheme) {
    case 'env':
      return fromEnvironment(environment, parts.name);
    case 'file':
      return fromFile(parts.path);
    case 'vault':
      return (await import('./secret-sources/vault.ts')).readFromVault(environment, parts);
    case 'k8s':
      return (await import('./secret-sources/kubernetes.ts')).readFromKubernetes(environment, parts);
  }
}

function fromEnvironment(environment: Environment, name: string): Secret {
  const value = environment(name);
  if (value !== undefined && value !== '') return new Secret(value);
  throw new UserError(
    'secret_missing',
    `The secret env:${name} is not set: set the environment variable ${name} and start again.`,
  );
}

async function fromFile(path: string): Promise<Secret> {
  try {
    const text = (await readFile(path, 'utf8')).replace(/\r?\n$/u, '');
    if (text !== '') return new Secret(text);
  } catch (error) {
    throw new UserError(
      'secret_missing',
      `The secret file ${path} cannot be read: check that it exists and who may read it.`,
      {
        reason: messageOf(error),
      },
    );
  }
  throw new UserError('secret_missing', `The secret file ${path} is empty: put the value into it.`);
}
