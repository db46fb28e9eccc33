import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSettingsFile } from '../../config/settings-file.ts';
import type { Packs } from '../load.ts';
import { wrongNames } from '../policy-names.ts';
import type { Problem } from '../problems.ts';

/** The policies stand beside the folder of the systems, so that a change of a runbook cannot change them. */
const FILE = '../warroom.yml';

/**
 * Names in the warroom.yml beside the packs that these do not have: whoever renames a target learns in the pull request
 * that a rule rests on it. A file that is missing or wrong in itself is the business of `warroom doctor`.
 */
export async function checkPolicyNames(dir: string, packs: Packs): Promise<Problem[]> {
  const text = await readFile(join(dir, FILE), 'utf8').catch(() => null);
  const file = text === null ? null : readSettingsFile(text);
  if (file === null || 'problems' in file) return [];
  return wrongNames(file.settings, packs).map(({ key, line, message, fix }) => ({
    ...{ rule: 'policy-name', severity: 'error', file: FILE, line: line ?? 1, column: 1 },
    message: `${key}: ${message}`,
    fix: `${fix.charAt(0).toUpperCase()}${fix.slice(1).replace('? there', '? There')}.`,
  }));
}
