import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { PHASES } from '../domain/runbook.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { strict } from './settings-schema.ts';

/** `import:` of warroom.yml: headings of the owner's documents and the phases that they mean. */
export const importSchema = strict({
  phases: z.partialRecord(z.enum(PHASES), z.array(z.string().trim().min(1)).min(1)).default({}),
}).default({ phases: {} });

export type ImportWords = z.output<typeof importSchema>['phases'];

/**
 * The headings that warroom.yml teaches the importer. Only this key is looked at, so that documents can be imported before
 * anything else is set up. Without the file there are none; `path` null means warroom.yml in `folder`. Throws UserError.
 */
export function readImportWords(path: string | null, folder: string): ImportWords {
  const file = path ?? `${folder}/warroom.yml`;
  if (path === null && !existsSync(file)) return {};
  let data: unknown;
  try {
    data = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError('import_words', `${file} cannot be read: ${messageOf(error).split('\n')[0]}`);
  }
  const parsed = z.looseObject({ import: importSchema }).safeParse(data ?? {});
  if (parsed.success) return parsed.data.import.phases;
  const issue = parsed.error.issues[0];
  throw new UserError(
    'import_words',
    `${file}, ${issue?.path.join('.') ?? 'import'}: ${issue?.message ?? 'is wrong'}; write import: { phases: { diagnose: ["First look"] } }.`,
  );
}
