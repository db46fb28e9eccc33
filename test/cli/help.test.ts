import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** What the command line prints and ends with, as a person at a terminal meets it. */
async function warroom(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [join(process.cwd(), 'bin/warroom.mjs'), ...args]);
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

describe('help at the command line', () => {
  it('tells how a verb is used, asked before or behind it', { timeout: 60_000 }, async () => {
    const asked = await warroom('help', 'deny');
    expect(asked.out).toContain('warroom deny N --as=U012ABCDEF');
    expect(await warroom('deny', '--help')).toEqual(asked);
    expect(await warroom('deny', '12', '-h')).toEqual(asked);
  });

  it('says so when there is no such verb', { timeout: 60_000 }, async () => {
    const refused = { code: 2, out: '', err: 'There is no `warroom aproove`: `warroom help` lists what there is.\n' };
    expect(await warroom('aproove')).toEqual(refused);
    expect(await warroom('help', 'aproove')).toEqual(refused);
  });
});
