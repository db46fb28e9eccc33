import type { Tx } from './transaction.ts';

/** A picture of what a step found. */
export type StepPicture = { readonly name: string; readonly alt: string; readonly png: Buffer };

export async function insertPictures(tx: Tx, stepRun: number, pictures: readonly StepPicture[]): Promise<void> {
  for (const [index, { name, alt, png }] of pictures.entries()) {
    await tx.query(
      'insert into step_pictures (step_run, ordinal, name, alt, png) values ($1, $2, $3, $4, $5) on conflict do nothing',
      [stepRun, index + 1, name, alt, png],
    );
  }
}

/** Pictures of a step run in their order. */
export async function listPictures(tx: Tx, stepRun: number): Promise<StepPicture[]> {
  return tx.query<StepPicture>('select name, alt, png from step_pictures where step_run = $1 order by ordinal', [
    stepRun,
  ]);
}
