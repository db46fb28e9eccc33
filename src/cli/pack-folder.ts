import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that existed and was left as it was. */
export type Kept = { readonly path: string };

/** Writes the files of a pack into `folder`. A file that exists is kept unless `force` is set, also when it appears meanwhile. */
export async function writePack(
  folder: string,
  files: readonly { readonly path: string; readonly text: string }[],
  force: boolean,
): Promise<{ written: number; kept: Kept[] }> {
  await mkdir(folder, { recursive: true });
  const kept: Kept[] = [];
  for (const { path, text } of files) {
    try {
      await writeFile(join(folder, path), text, { flag: force ? 'w' : 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      kept.push({ path });
    }
  }
  return { written: files.length - kept.length, kept };
}
