import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { outlineShell } from '../../src/analysis/shell/commands.ts';
import { createLintTools } from '../../src/executors/lint-tools.ts';
import { type LintReport, lintPacks } from '../../src/packs/lint/lint.ts';
import { findSecrets } from '../../src/packs/lint/secrets.ts';
import { formatProblem } from '../../src/packs/problems.ts';
import { RULE_NAMES, ruleOf } from '../../src/packs/rules.ts';

const BROKEN = join(import.meta.dirname, 'broken');
const tools = createLintTools();

describe('a folder of mistakes', () => {
  let report: LintReport;
  beforeAll(async () => {
    report = await lintPacks(BROKEN, tools);
  });

  it('gives every mistake its exact message, with line, column and fix', async () => {
    const expected = await readFile(join(BROKEN, 'expected-lint.txt'), 'utf8');
    expect(report.problems.map(formatProblem)).toEqual(expected.trimEnd().split('\n'));
  });

  it('has a broken file for every rule, with the severity of the table', () => {
    const found = new Set(report.problems.map(({ rule }) => rule));
    expect(RULE_NAMES.filter((rule) => !found.has(rule))).toEqual([]);
    for (const { rule, severity } of report.problems) {
      const { severity: usual, warnsInDraft } = ruleOf(rule);
      if (severity !== usual) expect([rule, severity, warnsInDraft]).toEqual([rule, 'warning', true]);
    }
  });

  it('blames every file of lint’s own rules, and no step that is called fine', async () => {
    const blamed = new Set(report.problems.map(({ file }) => file));
    const files = await readdir(join(BROKEN, 'lint'));
    // It claims the alert first; the other one is told.
    expect(files.filter((name) => !blamed.has(`lint/${name}`))).toEqual(['alert-claimed.md']);
    expect(report.problems.filter(({ message }) => message.startsWith('#fine_'))).toEqual([]);
  });

  it('gives the same for one system alone', async () => {
    const alone = await lintPacks(join(BROKEN, 'lint'), tools);
    expect(alone.problems).toEqual(report.problems.filter(({ file }) => file.startsWith('lint/')));
    expect(alone).toMatchObject({ systems: 1, dir: BROKEN });
  });
});

describe('lint', () => {
  it('finds nothing in the shipped packs', async () => {
    const report = await lintPacks(join(import.meta.dirname, '../../runbooks'), tools);
    expect(report.problems.map(formatProblem)).toEqual([]);
    expect(report.systems).toBe(6);
  }, 30_000);

  it('says what to give when there are no packs', async () => {
    await expect(lintPacks(join(BROKEN, 'nowhere'), tools)).rejects.toMatchObject({ code: 'no_packs' });
    await expect(lintPacks(join(import.meta.dirname, '../lib'), tools)).rejects.toMatchObject({ code: 'no_packs' });
  });
});

describe('secrets', () => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'.split('');
  const random = fc.array(fc.constantFrom(...letters), { minLength: 40, maxLength: 60 }).map((signs) => signs.join(''));
  const word = fc.constantFrom('circuit', 'Breaker', 'RETRY', 'shipment', 'Queue', 'backlog', 'Agent', '24', 'v2');

  it('are found when they are random letters and digits', () => {
    fc.assert(
      fc.property(random, (token) => {
        // One text of 40 in a few thousand looks like a word by chance: those that no eye would call random are left out.
        const kinds = [...token].map((sign) => (/[a-z]/u.test(sign) ? 'a' : /[A-Z]/u.test(sign) ? 'A' : '0'));
        fc.pre(kinds.filter((kind, at) => kind !== kinds[at - 1]).length >= 18 && new Set(token).size >= 25);
        fc.pre(kinds.includes('a') && kinds.includes('A') && kinds.includes('0'));
        expect(findSecrets(`the key is ${token} here`)).toEqual([{ start: 11, what: 'a key or token' }]);
      }),
      { seed: 3 },
    );
  });

  it('are not seen in names that are made of words', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 4, maxLength: 10 }), fc.constantFrom('_', '-', ''), (words, joint) => {
        expect(findSecrets(`look at ${words.join(joint)} first`)).toEqual([]);
      }),
      { seed: 3 },
    );
  });
});

describe('the outline of a shell text', () => {
  it('can be made of anything, and its places lie in the text', async () => {
    const pieces = fc.constantFrom(
      'tail -f x',
      ' | ',
      ' && ',
      '$(',
      ')',
      '"',
      "'",
      '\n',
      'sudo ',
      'while true; do ',
      ' done',
      '<<E\n',
      'é',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 12 }), async (parts) => {
        const text = parts.join('');
        const { calls, used, endless } = await outlineShell(text);
        for (const offset of [...calls.map((call) => call.offset), ...used.map((name) => name.offset), ...endless])
          expect(offset).toBeLessThanOrEqual(text.length);
      }),
      { seed: 3 },
    );
  });

  it('gives the commands that others start', async () => {
    const { calls } = await outlineShell('sudo -u app timeout -k 5 30 /usr/bin/tail -f x | grep y < z');
    expect(calls).toMatchObject([
      { words: ['tail', '-f', 'x'], isBounded: true, hasInput: false },
      { words: ['grep', 'y'], isBounded: false, hasInput: true },
    ]);
  });
});
