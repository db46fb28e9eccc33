import { afterEach, describe, expect, it } from 'vitest';
import { loadPacks } from '../../src/packs/load.ts';
import { formatProblem } from '../../src/packs/problems.ts';
import { analyse, packFolder, runbookText } from './support.ts';

const SYSTEM = `name: Shop
severities:
  - { level: SEV1, rank: 1, definition: down, war_room: channel }
targets:
  cache: { executor: redis }
`;
const RUNBOOK = runbookText('## Diagnose\n\n```redis {#size target=cache}\nDBSIZE\n```\n\n- [ ] Look\n');

const folders: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of folders.splice(0)) await remove();
});

async function load(more: string) {
  const { dir, remove } = await packFolder({ 'shop/system.yml': SYSTEM + more, 'shop/a.md': RUNBOOK });
  folders.push(remove);
  const packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse });
  return { system: packs.systems.get('shop'), problems: packs.problems.map(formatProblem) };
}

describe('checklists, thresholds and metrics of a system', () => {
  it('are read with everything that stands in them', async () => {
    const { system, problems } = await load(`checklists:
  - id: daily
    title: Every morning
    every: day
    at: '09:00'
    timezone: Europe/Rome
    items:
      - { id: keys, title: Count the keys, step: RB-1#size }
      - { id: ask, title: Ask around }
thresholds:
  - { id: keys, level: warning, text: Many keys, metric: keys, op: '>', value: 5, unit: k, for: 10m, ideal: 1, runbook: RB-1 }
  - { id: quiet, level: info, text: Nothing happens }
metrics:
  - { id: keys, title: Keys, query: redis_keys, step: RB-1#size }
`);
    expect(problems).toEqual([]);
    expect(system?.checklists).toEqual([
      {
        id: 'daily',
        title: 'Every morning',
        every: 'day',
        at: '09:00',
        timezone: 'Europe/Rome',
        items: [
          { id: 'keys', title: 'Count the keys', step: 'RB-1#size' },
          { id: 'ask', title: 'Ask around', step: null },
        ],
      },
    ]);
    expect(system?.thresholds.map((item) => [item.id, item.op, item.value, item.forMs, item.runbook])).toEqual([
      ['keys', '>', 5, 600_000, 'RB-1'],
      ['quiet', null, null, null, null],
    ]);
    expect(system?.metrics).toEqual([{ id: 'keys', title: 'Keys', query: 'redis_keys', step: 'RB-1#size' }]);
  });

  it('name steps and runbooks that exist, or say where they do not', async () => {
    const { problems } = await load(`checklists:
  - { id: daily, title: Daily, items: [{ id: a, title: A, step: RB-1#sizes }, { id: b, title: B, step: RB-1#manual_1 }] }
thresholds:
  - { id: t, level: critical, text: T, runbook: RB-7 }
metrics:
  - { id: m, title: M, step: RB-9#size }
`);
    expect(problems).toEqual([
      'shop/system.yml:7:65: error: RB-1 has no step "sizes" that can be run [unknown-step] Did you mean "size"?',
      'shop/system.yml:7:104: error: RB-1 has no step "manual_1" that can be run [unknown-step] Use one of: size.',
      'shop/system.yml:9:49: error: Shop has no runbook "RB-7" [unknown-runbook] Did you mean "RB-1"?',
      'shop/system.yml:11:30: error: Shop has no runbook "RB-9" [unknown-runbook] Did you mean "RB-1"?',
    ]);
  });

  it.each([
    ["checklists: [{ id: a, title: A, at: '9:00', items: [{ id: x, title: X }] }]\n", 'write the time as "09:00"'],
    ['checklists: [{ id: a, title: A, items: [{ id: x, title: X }, { id: x, title: Y }] }]\n', '"x" occurs twice'],
    ["thresholds: [{ id: a, level: info, text: A, metric: m, op: '<' }]\n", '"op" and "value" go together'],
    ['thresholds: [{ id: a, level: info, text: A, op: rising }]\n', '"op" needs the metric that it compares'],
    ['metrics: [{ id: a, title: A }, { id: a, title: B }]\n', '"a" occurs twice'],
  ])('refuse %s', async (yml, message) => {
    const { system, problems } = await load(yml);
    expect(system).toBeUndefined();
    expect(problems.join()).toContain(message);
  });
});

describe('alternatives', () => {
  it('are options, numbered causes and platforms alike: a person chooses one', async () => {
    const { dir, remove } = await packFolder({
      'shop/system.yml': SYSTEM,
      'shop/a.md': runbookText(
        ['Option A: Wait', 'Cause 2: No memory', 'Platform Windows: Use its tool', 'Cause and effect']
          .map((heading) => `### ${heading}\n\n- [ ] Do it\n`)
          .join('\n')
          .replace(/^/u, '## Mitigate\n\n'),
      ),
    });
    folders.push(remove);
    const packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse });
    expect(packs.runbooks.get('shop/RB-1')?.steps.map((step) => [step.option, step.title])).toEqual([
      ['Option A: Wait', 'Wait'],
      ['Cause 2: No memory', 'No memory'],
      ['Platform Windows: Use its tool', 'Use its tool'],
      [null, 'Cause and effect'],
    ]);
  });
});
