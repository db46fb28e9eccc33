import { describe, expect, it } from 'vitest';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import type { AnalyseStatement } from '../../src/packs/effects.ts';
import { parseRunbook } from '../../src/packs/parse-runbook.ts';
import { runbookText, SYSTEM } from './support.ts';

const parse = (text: string, analyse: AnalyseStatement = analyseStatement) =>
  parseRunbook({ source: { file: 'shop/test.md', contentHash: 'hash', commit: null, text }, system: SYSTEM, analyse });
const fence = (attributes: string, text: string) => `\`\`\`sh {#a target=worker${attributes}}\n${text}\n\`\`\`\n`;

describe('shell steps that read', () => {
  it('are taken under Diagnose and Verify when every command of them is on the list', async () => {
    for (const section of ['Diagnose', 'Verify']) {
      const { runbook, problems } = await parse(runbookText(`## ${section}\n\n${fence('', 'df -h | grep -v tmpfs')}`));
      expect(problems).toEqual([]);
      expect(runbook?.steps).toMatchObject([{ id: 'a', effect: 'read' }]);
    }
  });

  it('are refused there with the command that is not', async () => {
    const { runbook, problems } = await parse(runbookText(`## Diagnose\n\n${fence('', 'df -h && ./cleanup.sh')}`));
    expect(runbook?.steps).toEqual([]);
    expect(problems.map(({ rule, message }) => [rule, message])).toEqual([
      [
        'not-read-only',
        'a step under "Diagnose" must only read, but this is change: ./cleanup.sh is not on the list of commands that only read.',
      ],
    ]);
  });

  it('are refused with every reason as a sentence of its own', async () => {
    const { problems } = await parse(runbookText(`## Diagnose\n\n${fence('', './cleanup.sh && ./sweep.sh')}`));
    expect(problems[0]?.message).toBe(
      'a step under "Diagnose" must only read, but this is change: ./cleanup.sh is not on the list of commands that only read. ./sweep.sh is not on the list of commands that only read.',
    );
  });

  it('are taken elsewhere with effect=read, and count as a change without it', async () => {
    const declared = await parse(runbookText(`## Mitigate\n\n${fence(' effect=read', 'uptime')}`));
    const silent = await parse(runbookText(`## Mitigate\n\n${fence('', 'uptime')}`));
    expect(declared.runbook?.steps).toMatchObject([{ effect: 'read' }]);
    expect(silent.runbook?.steps).toMatchObject([{ effect: 'change' }]);
  });
});
