import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Effect } from '../../src/domain/effect.ts';
import { classifyStatement } from '../../src/executors/classify-statement.ts';

const INVENTORY = fileURLToPath(new URL('../../../shared/seeds/inventory.yaml', import.meta.url));

type Step = { id: string; tool: string; effect: Effect; mode: string; command: string };

/** Every step anywhere in the document. */
function findSteps(value: unknown): Step[] {
  if (Array.isArray(value)) return value.flatMap(findSteps);
  if (value === null || typeof value !== 'object') return [];
  const own = 'effect' in value && 'mode' in value && 'command' in value ? [value as Step] : [];
  return [...own, ...Object.values(value).flatMap(findSteps)];
}

function languageOf({ command }: Step): 'sh' | 'sql' | 'http' {
  if (/^(?:GET|POST|PUT|DELETE|PATCH) \//u.test(command)) return 'http';
  return /^(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b/u.test(command) ? 'sql' : 'sh';
}

describe.skipIf(!existsSync(INVENTORY))('the effects of the inventory', () => {
  it('are agreed with for most steps, and no step that changes something is called a read', async () => {
    const steps = findSteps(parse(readFileSync(INVENTORY, 'utf8'))).filter((step) => step.mode === 'executable');
    const found = await Promise.all(
      steps.map(async (step) => ({ step, ...(await classifyStatement(languageOf(step), step.command)) })),
    );
    const tools = new Map<string, { same: number; all: number }>();
    for (const { step, effect } of found) {
      const count = tools.get(step.tool) ?? { same: 0, all: 0 };
      tools.set(step.tool, { same: count.same + (effect === step.effect ? 1 : 0), all: count.all + 1 });
    }
    const same = found.filter(({ step, effect }) => effect === step.effect).length;
    const reads = found.filter(({ step }) => step.effect === 'read');
    const agreed = reads.filter(({ effect }) => effect === 'read').length;
    const lines = found
      .filter(({ step, effect }) => effect !== step.effect)
      .map(
        ({ step, effect, reasons }) =>
          `${step.id} ${step.effect} → ${effect}: ${step.command.split('\n')[0]} (${reasons[0]})`,
      );
    const shares = [...tools].map(([tool, count]) => `${tool} ${count.same}/${count.all}`).join(', ');
    process.stdout.write(
      `${lines.join('\n')}\n${shares}\nagreed ${same}/${found.length}, reads ${agreed}/${reads.length}\n`,
    );
    expect(found.filter(({ step, effect }) => step.effect !== 'read' && effect === 'read')).toEqual([]);
    expect(found.length).toBeGreaterThan(300);
    expect(same / found.length).toBeGreaterThan(0.8);
  });
});
