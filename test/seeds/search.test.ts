import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import { buildSearchIndex, type SearchIndex, searchRunbooks } from '../../src/packs/search.ts';

const INVENTORY = join(import.meta.dirname, '../../../shared/seeds/inventory.yaml');

const inventory = z.object({
  systems: z.array(
    z.object({
      id: z.string(),
      runbooks: z.array(
        z.object({
          id: z.string(),
          trigger: z
            .object({ alerts: z.array(z.string()).optional(), log_patterns: z.array(z.string()).optional() })
            .nullish(),
          symptoms: z.array(z.object({ text: z.string(), pattern: z.string().optional() })).nullish(),
        }),
      ),
    }),
  ),
});

const KINDS = ['alert', 'symptom', 'log pattern'] as const;
/** One thing that somebody sees at night, and the runbooks that the source gives for it. */
type Question = { kind: (typeof KINDS)[number]; words: string; system: string; answers: string[] };

function readQuestions(packs: Packs): Question[] {
  const questions = new Map<string, Question>();
  for (const { id: system, runbooks } of inventory.parse(parse(readFileSync(INVENTORY, 'utf8'))).systems) {
    for (const { id, trigger, symptoms } of runbooks) {
      const answer = id.replaceAll('.', '-');
      if (!packs.runbooks.has(`${system}/${answer}`)) continue;
      const ask = (kind: Question['kind'], words: string | undefined) => {
        if (words === undefined) return;
        const key = `${system} ${kind} ${words}`;
        const known = questions.get(key);
        if (known) known.answers.push(answer);
        else questions.set(key, { kind, words, system, answers: [answer] });
      };
      for (const words of trigger?.alerts ?? []) ask('alert', words);
      for (const words of trigger?.log_patterns ?? []) ask('log pattern', words);
      for (const symptom of symptoms ?? []) {
        ask('symptom', symptom.text);
        ask('log pattern', symptom.pattern);
      }
    }
  }
  return [...questions.values()];
}

describe.skipIf(!existsSync(INVENTORY))('search for what the source documents name', () => {
  let index: SearchIndex;
  let questions: Question[];
  beforeAll(async () => {
    const dir = join(import.meta.dirname, '../../runbooks');
    const packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
    index = buildSearchIndex(packs.runbooks.values());
    questions = readQuestions(packs);
  });

  const isWithin = ({ words, system, answers }: Question, most: number, scope: { system?: string }) =>
    searchRunbooks(index, words, scope)
      .slice(0, most)
      .some((hit) => hit.system === system && answers.includes(hit.id));

  /** The share of questions whose answer is among the first `most`, with the ones that are not. */
  function measure(most: number, within: boolean) {
    const missed = questions.filter((question) => !isWithin(question, most, within ? { system: question.system } : {}));
    const share = (asked: Question[], wrong: Question[]) =>
      asked.length === 0 ? 'none' : `${asked.length - wrong.length}/${asked.length}`;
    const kinds = KINDS.map((kind) => {
      const of = (list: Question[]) => list.filter((question) => question.kind === kind);
      return `${kind} ${share(of(questions), of(missed))}`;
    });
    const where = within ? `within the system, first ${most}` : `across systems, first ${most}`;
    process.stdout.write(`  ${where}: ${share(questions, missed)} (${kinds.join(', ')})\n`);
    for (const { system, kind, words } of missed) process.stdout.write(`    not: ${system} ${kind} “${words}”\n`);
    return 1 - missed.length / questions.length;
  }

  it('gives the right runbook first within its system for at least 95 %', () => {
    expect(questions.length).toBeGreaterThan(60);
    expect(measure(1, true)).toBeGreaterThanOrEqual(0.95);
  });

  it('gives it among the first three across systems for at least 95 %', () => {
    expect(measure(3, false)).toBeGreaterThanOrEqual(0.95);
  });

  it('still gives it among the first three within its system when two letters of its longest word are swapped', () => {
    const swapped = questions.map((question) => ({ ...question, words: misspell(question.words) }));
    const found = swapped.filter((question) => isWithin(question, 3, { system: question.system }));
    process.stdout.write(`  misspelt, first 3: ${found.length}/${swapped.length}\n`);
    expect(found.length / swapped.length).toBeGreaterThanOrEqual(0.85);
  });
});

function misspell(words: string): string {
  const longest = words.split(/[^\p{L}]+/u).sort((a, b) => b.length - a.length)[0] ?? '';
  const at = Math.floor(longest.length / 2);
  const wrong = longest.slice(0, at - 1) + longest.charAt(at) + longest.charAt(at - 1) + longest.slice(at + 1);
  return words.replace(longest, wrong);
}
