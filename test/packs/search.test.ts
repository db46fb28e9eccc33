import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Runbook } from '../../src/domain/runbook.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { loadPacks } from '../../src/packs/load.ts';
import { buildSearchIndex, type SearchIndex, searchRunbooks } from '../../src/packs/search.ts';
import { parse, runbookText } from './support.ts';

let index: SearchIndex;
let runbooks: Runbook[];
beforeAll(async () => {
  const dir = join(import.meta.dirname, '../../runbooks');
  const packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
  runbooks = [...packs.runbooks.values()];
  index = buildSearchIndex(runbooks);
});

const top = (words: string, system?: string) => searchRunbooks(index, words, system === undefined ? {} : { system })[0];

describe('search over the shipped packs', () => {
  it.each([
    ['RB-012', 'RB-012'],
    ['rb-012', 'RB-012'],
    ['franco_retention_backlog', 'RB-012'],
    ['franco', 'RB-012'],
    ['retention calls are not placed', 'RB-012'],
    ['retenton calls', 'RB-012'],
    ['circuit_breaker:franco_retell', 'RB-012'],
    ['cache: slow', 'RB-002'],
    ['Hume AI quota', 'RB-003'],
    ['The Hume AI quota is used up fast', 'RB-002'],
    ['Hume AI quota used up fast', 'RB-002'],
    ['cache miss rate = 100 %', 'RB-002'],
    ['db: disconnected', 'RB-001'],
    ['postgres down', 'RB-001'],
    ['idle in transaction', 'WR-001'],
    ['warroom_job_backlog', 'WR-002'],
    ['job queue', 'WR-002'],
    ['healthz', 'WR-003'],
  ])('%s finds %s first in its system', (words, id) => {
    expect(top(words, id.startsWith('WR') ? 'warroom' : 'auto-broker')?.id).toBe(id);
  });

  it('finds every runbook by its id, its title, each of its alerts and each of its symptoms', () => {
    const missed = runbooks.flatMap((runbook) =>
      [runbook.id, runbook.title, ...runbook.alerts, ...runbook.symptoms].filter(
        (words) => top(words, runbook.system)?.id !== runbook.id,
      ),
    );
    expect(missed).toEqual([]);
  });

  it('says why, and stays in a system when one is given', () => {
    expect(top('franco_retention_backlog')).toMatchObject({
      system: 'auto-broker',
      title: 'FRANCO retention agent failure',
      why: 'alert franco_retention_backlog',
    });
    expect(top('retention calls not placed')?.why).toBe('symptom: Retention calls are not placed');
    expect(searchRunbooks(index, 'database', { system: 'warroom' }).every((hit) => hit.system === 'warroom')).toBe(
      true,
    );
  });

  it('finds nothing for nothing, and copes with any text', () => {
    expect(searchRunbooks(index, '')).toEqual([]);
    expect(searchRunbooks(index, '   !!! 😀 ')).toEqual([]);
    expect(searchRunbooks(index, 'zzzzqqqq')).toEqual([]);
    expect(() => searchRunbooks(index, 'x'.repeat(10_000))).not.toThrow();
  });
});

describe('Italian words', () => {
  it('are found with and without accents, and without articles', async () => {
    const { runbook } = await parse(
      runbookText('## Symptoms\n\n- La qualità è caduta perché il servizio non risponde più\n'),
    );
    const { runbook: other } = await parse(runbookText('## Symptoms\n\n- Il disco è pieno\n').replace('RB-1', 'RB-2'));
    const italian = buildSearchIndex([runbook, other].filter((item) => item !== null));
    for (const words of ['qualita caduta', 'QUALITÀ', 'perche non risponde', 'qualitá', 'il servizio']) {
      expect(
        searchRunbooks(italian, words).map((hit) => hit.id),
        words,
      ).toEqual(['RB-1']);
    }
    expect(searchRunbooks(italian, 'il la non e')).toEqual([]);
  });
});
