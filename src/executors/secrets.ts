import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';

/** Resolves the name of a secret (`env:NAME`, `file:/path`) to its value. */
export type SecretResolver = (reference: string) => Promise<Secret>;

/**
 * Makes the resolver. Values are looked up at every use and kept nowhere; a file loses its last line break. `environment`
 * is given in because the environment has one reader. Throws UserError `secret_missing` with what to do.
 */
export function createSecretResolver(environment: (name: string) => string | undefined): SecretResolver {
  return async (reference) => {
    const [scheme, name] = [reference.slice(0, reference.indexOf(':')), reference.slice(reference.indexOf(':') + 1)];
    if (scheme === 'env') {
      const value = environment(name);
      if (value !== undefined && value !== '') return new Secret(value);
      throw new UserError(
        'secret_missing',
        `The secret ${reference} is not set: set the environment variable ${name} and start again.`,
      );
    }
    if (scheme === 'file' && name.startsWith('/')) return await fromFile(name);
    throw new UserError('secret_missing', `${reference} does not name a secret: write env:NAME or file:/path.`);
  };
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
