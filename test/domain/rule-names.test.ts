import { describe, expect, test } from 'vitest';
import { readSettingsFile } from '../../src/config/settings-file.ts';
import { type NamedParts, unknownNames } from '../../src/domain/rule-names.ts';

const SYSTEMS: NamedParts[] = [
  { id: 'shop', targets: ['api', 'worker'], severities: ['SEV1', 'SEV2'] },
  { id: 'depot', targets: ['belt'], severities: ['P1'] },
];

function unknown(text: string, systems = SYSTEMS) {
  const file = readSettingsFile(text);
  if ('problems' in file) throw new TypeError(JSON.stringify(file.problems));
  return unknownNames(file.settings, systems);
}

const rule = (when: string) => `approvals: { rules: [{ when: ${when}, approvers: 2 }] }`;

describe('a name in warroom.yml that names nothing is found', () => {
  test.each<[string, string, object]>([
    ['a system', rule('{ systems: [shpo] }'), { word: 'shpo', what: 'system', known: ['shop', 'depot'] }],
    ['a target', rule('{ targets: [wroker] }'), { word: 'wroker', what: 'target', known: ['api', 'worker', 'belt'] }],
    [
      'a target of another system than those of the rule',
      rule('{ systems: [depot], targets: [worker] }'),
      { word: 'worker', what: 'target', within: ['depot'], known: ['belt'] },
    ],
    ['a severity', rule('{ severities: [SEVl] }'), { word: 'SEVl', what: 'severity', known: ['SEV1', 'SEV2', 'P1'] }],
    [
      'one of several',
      rule('{ severities: [SEV1, SEV9] }'),
      { word: 'SEV9', path: ['approvals', 'rules', 0, 'when', 'severities', 1] },
    ],
    ['a system of roles', 'roles: { shpo: { approver: [UALICE123] } }', { word: 'shpo', path: ['roles', 'shpo'] }],
  ])('%s', (_what, text, found) => {
    expect(unknown(text)).toEqual([expect.objectContaining(found)]);
  });

  test.each([
    rule('{ systems: [shop], targets: [worker], severities: [sev1] }'),
    rule('{ targets: [belt] }'),
    'roles: { "*": { approver: [UALICE123] }, depot: { viewer: [UALICE123] } }',
  ])('and what names something is not: %s', (text) => {
    expect(unknown(text)).toEqual([]);
  });

  test('what a broken file holds is not known, so nothing is said of it; its own name still is', () => {
    const broken = [{ id: 'shop', targets: null, severities: null }];
    expect(unknown(rule('{ systems: [shop], targets: [any], severities: [any] }'), broken)).toEqual([]);
    expect(unknown(rule('{ systems: [shpo] }'), broken)).toHaveLength(1);
  });
});
