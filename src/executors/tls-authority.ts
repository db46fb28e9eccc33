import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '../lib/errors.ts';

/** The PEM text of `options.ca`. Throws UserError `target_invalid`. */
export async function readAuthority(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      'target_invalid',
      `The file of \`options.ca\` cannot be read (${messageOf(error)}): correct its path.`,
    );
  }
}
