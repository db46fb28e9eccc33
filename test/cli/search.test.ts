import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { searchVerb } from '../../src/cli/search.ts';

const DIR = join(import.meta.dirname, '../fixtures/packs');

async function search(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = { lines: null, write: (text: string) => out.push(text), complain: (text: string) => err.push(text) };
  return { code: await searchVerb.run([...args, `--dir=${DIR}`], terminal), out, err };
}

describe('warroom search', () => {
  it('prints the best runbook first with the reason', async () => {
    const { code, out } = await search('orders', 'do', 'not', 'leave', 'the', 'queue');
    expect(code).toBe(0);
    expect(out[0]).toMatch(/^shop\/RB-1 +The queue is stuck \(symptom Orders do not leave the queue\)$/u);
  });

  it('prints one array of JSON with --json', async () => {
    const { code, out } = await search('quue stuck', '--json', '--system', 'shop');
    expect(code).toBe(0);
    const [first] = JSON.parse(out.join('')) as Record<string, unknown>[];
    expect(Object.keys(first ?? {})).toEqual(['id', 'system', 'title', 'score', 'why']);
    expect(first).toMatchObject({ id: 'RB-1', system: 'shop', title: 'The queue is stuck' });
  });

  it('exits with 1 when nothing is found, as a sentence or as an empty array', async () => {
    expect(await search('zzzz')).toEqual({
      code: 1,
      out: [],
      err: ['No runbook was found for “zzzz”: try fewer words.'],
    });
    expect(await search('zzzz', '--json')).toEqual({ code: 1, out: ['[]'], err: [] });
  });

  it.each([
    [[], 'Say what you see'],
    [['--loud', 'x'], 'warroom search has no option --loud'],
    [['x', '--system=nowhere'], 'There is no system nowhere: choose one of'],
  ])('exits with 2 for %j and says what to do', async (args, sentence) => {
    const { code, out, err } = await search(...args);
    expect({ code, out }).toEqual({ code: 2, out: [] });
    expect(err[0]).toContain(sentence);
  });
});
