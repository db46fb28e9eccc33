import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { importPack } from '../../src/packs/import/import-pack.ts';
import { readSettings } from '../../src/packs/import/settings/read-settings.ts';
import { accountingFaults, reportOf, tools } from '../packs/import/accounting.ts';

const folder = join(import.meta.dirname, '../../../shared/seeds');
const inventoryFile = join(folder, 'inventory.yaml');

const step = z.object({
  id: z.string(),
  mode: z.enum(['executable', 'manual']),
  effect: z.enum(['read', 'change', 'destructive']),
  phase: z.string(),
  command: z.string().nullish(),
  src: z.string(),
});
const inventory = z.object({
  systems: z.array(
    z.object({
      id: z.string(),
      source: z.object({ file: z.string() }),
      runbooks: z.array(z.object({ id: z.string(), steps: z.array(step) })),
    }),
  ),
});

/** Commands are the same whatever their spaces, continued lines and comments. */
const bare = (command: string) =>
  command
    .replaceAll(/\\\n/gu, ' ')
    .replaceAll(/\s+#\s.*$/gmu, '')
    .replaceAll(/\s+/gu, '')
    .replace(/;$/u, '');

const rangesOf = (src: string) =>
  [...src.matchAll(/(\d+)(?:-(\d+))?/gu)].map(([, from, to]) => ({ from: Number(from), to: Number(to ?? from) }));

it.skipIf(!existsSync(inventoryFile))(
  'the five documents are imported whole, and their steps are those that a careful reader found',
  { timeout: 60_000 },
  async () => {
    const { systems } = inventory.parse(parse(readFileSync(inventoryFile, 'utf8')));
    const sum = {
      executable: 0,
      found: 0,
      phase: 0,
      effect: 0,
      lines: 0,
      runbooks: 0,
      steps: 0,
      manual: 0,
      unclear: 0,
    };
    const milder: string[] = [];
    for (const system of systems) {
      const { file } = system.source;
      const documents = [{ file, bytes: readFileSync(join(folder, file)) }];
      const pack = await importPack({ system: system.id, documents, words: {} }, tools, readSettings);
      expect(accountingFaults(pack)).toEqual([]);
      const report = reportOf(pack);
      const unclear = report.not_understood.reduce((lines, { from, to }) => lines + to - from + 1, 0);
      console.log(
        `${system.id}: ${report.lines} lines, ${report.entries.length} of ${system.runbooks.length} runbooks, ${report.steps.length} steps, ${report.manual.length} manual steps, ${unclear} lines not understood${report.encoding_repaired ? ', encoding repaired' : ''}`,
      );
      sum.lines += report.lines;
      sum.runbooks += report.entries.length;
      sum.steps += report.steps.length;
      sum.manual += report.manual.length;
      sum.unclear += unclear;
      const imported = (pack.documents[0]?.entries ?? [])
        .flatMap((entry) => entry.pieces)
        .filter((piece) => piece.kind === 'command');
      for (const wanted of system.runbooks.flatMap((entry) => entry.steps)) {
        if (wanted.mode !== 'executable') continue;
        sum.executable += 1;
        const near = imported.filter((piece) =>
          rangesOf(wanted.src).some(({ from, to }) => piece.from <= to && piece.to >= from),
        );
        const found = near.find((piece) => bare(piece.text) === bare(wanted.command ?? ''));
        if (found === undefined) continue;
        sum.found += 1;
        sum.phase += found.settledPhase === wanted.phase.replace('post-incident', 'after') ? 1 : 0;
        sum.effect += found.effect === wanted.effect ? 1 : 0;
        if (found.effect === 'read' && wanted.effect !== 'read') milder.push(wanted.id);
      }
    }
    const share = (part: number, whole: number) => `${part} of ${whole} (${((100 * part) / whole).toFixed(1)} %)`;
    console.log(
      `all: ${sum.lines} lines, ${sum.runbooks} runbooks, ${sum.steps} steps, ${sum.manual} manual steps, ${sum.unclear} lines not understood`,
    );
    console.log(
      `executable steps found with the same command: ${share(sum.found, sum.executable)}; of these the same phase: ${share(sum.phase, sum.found)}; the same effect: ${share(sum.effect, sum.found)}; read where a change is meant: ${milder.length}`,
    );
    expect(milder).toEqual([]);
    expect(sum.runbooks).toBe(83);
    expect(sum.found / sum.executable).toBeGreaterThan(0.95);
    expect(sum.phase / sum.found).toBeGreaterThan(0.81);
    expect(sum.effect / sum.found).toBeGreaterThan(0.84);
  },
);
