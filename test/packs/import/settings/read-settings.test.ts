import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeDocument } from '../../../../src/packs/import/decode.ts';
import { readSettings } from '../../../../src/packs/import/settings/read-settings.ts';
import type { ImportedSettings, SettingsSection } from '../../../../src/packs/import/settings/settings.ts';
import { spokenDuration } from '../../../../src/packs/import/settings/spoken-duration.ts';
import { systemSchema } from '../../../../src/packs/system-schema.ts';

const SOURCES = fileURLToPath(new URL('../../../../../shared/seeds/', import.meta.url));

/** Sections by ATX headings, as the importer cuts them. */
function sectionsOf(lines: readonly string[]): SettingsSection[] {
  const sections: { path: string[]; lines: string[]; from: number }[] = [{ path: [], lines: [], from: 1 }];
  const titles: string[] = [];
  let fenced = false;
  lines.forEach((line, at) => {
    if (/^\s*```/u.test(line)) fenced = !fenced;
    const heading = fenced ? null : /^(#{1,6})\s+(.*)$/u.exec(line);
    if (heading === null) sections.at(-1)?.lines.push(line);
    else {
      const level = heading[1]?.length ?? 1;
      titles.length = level - 1;
      titles[level - 1] = heading[2] ?? '';
      sections.push({ path: titles.filter(Boolean), lines: [], from: at + 2 });
    }
  });
  return sections;
}

function read(file: string): { settings: ImportedSettings; lines: string[] } {
  const lines = readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8').split('\n');
  return { settings: readSettings(sectionsOf(lines)), lines };
}

function problems({ taken: _taken, todo: _todo, ...parts }: ImportedSettings): unknown[] {
  const severities =
    parts.severities.length > 0 ? parts.severities : [{ level: 'A', rank: 1, definition: 'all', war_room: 'none' }];
  return systemSchema.safeParse({ name: 'Shop', ...parts, severities }).error?.issues ?? [];
}

describe('settings out of an English document', () => {
  const { settings, lines } = read('operations.md');

  it('fit the schema of system.yml', () => {
    expect(problems(settings)).toEqual([]);
  });

  it('hold the levels of a table, with times that are times', () => {
    expect(settings.severities).toMatchObject([
      {
        level: 'SEV1',
        rank: 1,
        definition: 'Nobody can order',
        respond: '0s',
        resolve: '2h',
        examples: ['Checkout down', 'database lost'],
        war_room: 'channel',
      },
      { level: 'SEV2', rank: 2, respond: '15m', resolve: '8h', war_room: 'hub-thread' },
      { level: 'SEV3', rank: 3, resolve: '1w' },
    ]);
    expect(settings.severities[2]).not.toHaveProperty('respond');
    expect(settings.todo).toContainEqual({
      line: 9,
      text: 'respond of SEV3 is “Next business day” in the source, which is no length of time.',
    });
  });

  it('hold the deadlines of the process', () => {
    expect(settings.milestones).toMatchObject([
      { after: '5m', severities: ['SEV1'], settled_by: 'acknowledged' },
      { after: '15m', severities: ['SEV1'], settled_by: 'stakeholders-updated' },
      { after: '1h', severities: ['SEV1'], settled_by: 'manual' },
    ]);
  });

  it('page by conditions that Warroom can see, and by hand for all others', () => {
    expect(settings.escalation.map(({ title, when }) => [title, when])).toEqual([
      ['Rota', [{ severity: 'any', after: '0s' }]],
      [
        'Lead',
        [
          { severity: 'SEV1', after: '30m' },
          { severity: 'SEV2', after: '2h' },
        ],
      ],
      ['Director', [{ several_open: 'SEV2', count: 2 }]],
      ['CTO', [{ customer_impact_for: '4h' }]],
      ['Hosting: Faults of the data centre', ['manual']],
      ['Owner: SEV1 > 1h, bad press', ['manual']],
      ['Night desk', [{ severity: 'any', after: '0s' }]],
      ['Manager', [{ severity: 'any', after: '45m' }]],
      ['Board: if the papers write about it', ['manual']],
    ]);
  });

  it('hold the checklist of a rhythm, and leave that of one incident to its runbook', () => {
    expect(settings.checklists).toEqual([
      {
        id: 'daily-checklist',
        title: 'Daily checklist (08:30)',
        every: 'day',
        at: '08:30',
        items: [
          { id: 'look-at-the-dashboard', title: 'Look at the dashboard' },
          { id: 'look-at-the-queue', title: 'Look at the queue' },
          { id: 'look-at-the-dashboard-2', title: 'Look at the dashboard' },
        ],
      },
    ]);
  });

  it('hold limits as what is wrong, and in words where there is nothing to compare', () => {
    expect(
      settings.thresholds.map(({ level, metric, op, value, unit, ideal, for: held, text }) => ({
        level,
        metric,
        op,
        value,
        unit,
        ideal,
        held,
        text,
      })),
    ).toMatchObject([
      { level: 'critical', metric: 'Backlog', op: '>', value: 100, ideal: 5 },
      { level: 'critical', metric: 'Error rate', op: '>', value: 10, unit: '%', held: '5m' },
      { level: 'critical', text: 'Checkout does not answer' },
      { level: 'warning', metric: 'CPU', op: '>', value: 80, unit: '%' },
      { level: 'critical', metric: 'CPU', op: '>', value: 95, unit: '%' },
      { level: 'warning', metric: 'Disk', op: '>', value: 70, unit: '%' },
      { level: 'warning', metric: 'Queue age', op: '>', value: 30, unit: 's' },
      { level: 'info', text: 'Backup finished' },
    ]);
  });

  it('leave a component whose level the scheme does not have, a path that is no contact, and a line of no deadline where they are', () => {
    expect(settings.components.map(({ name, level }) => [name, level])).toEqual([
      ['Database', 'critical'],
      ['Cache', 'medium'],
    ]);
    expect(
      settings.contacts.filter(({ name }) => ['Shop lead', 'Hosting support', 'Logs'].includes(String(name))),
    ).toEqual([
      { id: 'shop-lead', name: 'Shop lead', note: 'lead@example.com' },
      { id: 'hosting-support', name: 'Hosting support' },
    ]);
    const taken = new Set(settings.taken.flatMap(({ from, to }) => lines.slice(from - 1, to)));
    for (const kept of [
      '| Mail | HIGH | No receipts | 5 min | |',
      '- Logs: `/var/log/shop`',
      '4. Write everything down',
      '- [ ] Write the review',
    ])
      expect(taken.has(kept), kept).toBe(false);
    expect(taken.has('| Database | 🔴 CRITICAL | Nothing works | 10 min | None |')).toBe(true);
  });
});

describe('settings out of an Italian document', () => {
  const { settings } = read('servizio.md');

  it('are found by their Italian words', () => {
    expect(problems(settings)).toEqual([]);
    expect(settings.severities).toMatchObject([
      { level: 'P0', definition: 'Nessuno può ordinare', respond: '0s', examples: ['Cassa ferma', 'Dati persi'] },
      { level: 'P1', definition: 'Ordini lenti', respond: '30m', resolve: '1d' },
    ]);
    expect(settings.escalation.map(({ when }) => when)).toEqual([
      [{ severity: 'any', after: '0s' }],
      [
        { severity: 'P0', after: '30m' },
        { severity: 'P1', after: '30m' },
      ],
      ['manual'],
    ]);
    expect(settings.checklists).toMatchObject([{ every: 'week', items: [{}, {}] }]);
    expect(settings.thresholds).toMatchObject([{ metric: 'Coda', op: '>', value: 500, level: 'warning' }]);
    expect(settings.components).toMatchObject([{ level: 'critical' }, { level: 'low', recovery: '1 ora' }]);
  });
});

describe('reading settings', () => {
  it('never throws, and takes no line twice for one part', () => {
    const words = fc.constantFrom(
      '| a | b |',
      '|---|---|',
      '| SEV1 | x |',
      '- T+5: x',
      '- [ ] x',
      '```',
      '# Escalation',
      '## Severity',
      '### P1',
      'text',
      '',
      '- **Impact:** x',
      '| Level | Definition | When |',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 25 }), (lines) => {
        const { taken } = readSettings(sectionsOf(lines));
        const all = taken.flatMap(({ from, to, part }) =>
          Array.from({ length: to - from + 1 }, (_, at) => `${part}:${from + at}`),
        );
        expect(new Set(all).size).toBe(all.length);
        expect(taken.every(({ from, to }) => from >= 1 && to <= lines.length && from <= to)).toBe(true);
      }),
    );
  });

  it.each([
    ['5 min', '5m'],
    ['1 ora', '1h'],
    ['24 ore', '24h'],
    ['1 settimana', '1w'],
    ['< 15 minutes', '15m'],
    ['Immediate', '0s'],
    ['2h', '2h'],
    ['Next business day', null],
    ['5-10 min', null],
    ['soon', null],
  ])('reads “%s” as %s', (text, wanted) => {
    expect(spokenDuration(text)).toBe(wanted);
  });

  it.skipIf(!existsSync(SOURCES))('finds what the source documents state', () => {
    const files = readdirSync(SOURCES)
      .filter((file) => file.endsWith('.txt'))
      .sort();
    const counts = files.map((file) => {
      const settings = readSettings(sectionsOf(decodeDocument(readFileSync(`${SOURCES}${file}`)).lines));
      expect(problems(settings), file).toEqual([]);
      const items = settings.checklists.flatMap((list) => list.items as unknown[]).length;
      return [
        settings.severities.length,
        settings.milestones.length,
        settings.escalation.length,
        items,
        settings.thresholds.length,
        settings.components.length,
      ];
    });
    // Levels, deadlines, rungs, items of checklists, limits, components, as the tables and lists of each document state them.
    expect(counts).toEqual([
      [4, 5, 5, 13, 0, 12],
      [0, 0, 0, 0, 8, 0],
      [4, 0, 4, 0, 0, 0],
      [4, 0, 4, 9, 13, 0],
      [0, 0, 5, 0, 0, 0],
    ]);
  });
});
