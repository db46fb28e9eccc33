import { describe, expect, it } from 'vitest';
import { toNativeStep } from '../../../../src/packs/import/native/to-native.ts';
import { readCases } from './table.ts';

const FILES = ['clients.txt', 'http.txt', 'containers.txt', 'others.txt'];

describe('a command of a runbook', () => {
  it.each(FILES)('becomes what %s says of it', async (file) => {
    const cases = readCases(file);
    expect(cases.length).toBeGreaterThan(40);
    const wrong: string[] = [];
    for (const { command, language, text, params, line } of cases) {
      const step = await toNativeStep(command, { system: 'shop', title: '', fenceLanguage: 'bash' });
      const found = step && {
        language: step.language,
        text: step.text,
        params: step.params.map((param) => `${param.name}:${param.type}`),
      };
      const wanted = { language, text: text ?? command, params };
      if (JSON.stringify(found) !== JSON.stringify(wanted))
        wrong.push(`${file}:${line} ${command}\n  wanted ${JSON.stringify(wanted)}\n  found  ${JSON.stringify(found)}`);
    }
    expect(wrong.join('\n')).toBe('');
  });

  it('says how much of a log a filter behind it sees, unless the command does', async () => {
    const notesOf = async (command: string) =>
      (await toNativeStep(command, { system: 'shop', title: '', fenceLanguage: 'bash' }))?.notes;
    expect(await notesOf('kubectl logs deployment/api | grep -i nonce')).toEqual([
      'Only the newest 10,000 lines are searched: say how many with --tail or --since.',
    ]);
    expect(await notesOf('docker logs shop-api | grep -i error')).toEqual([
      'Only the newest 1,000 lines are searched: say how many with --tail or --since.',
    ]);
    for (const bounded of ['kubectl logs api --tail=50 | grep x', 'docker logs -n 50 api | grep x', 'kubectl logs api'])
      expect(await notesOf(bounded), bounded).toEqual([]);
  });
});
