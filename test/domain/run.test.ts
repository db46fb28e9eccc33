import { describe, expect, test } from 'vitest';
import { exceeds, strongest } from '../../src/domain/effect.ts';
import { isMember } from '../../src/domain/person.ts';
import { latestByStep, type StepRun, stepValues } from '../../src/domain/run.ts';
import { BOB, person } from '../support/desk.ts';

const stepRun = (id: number, step: string, different: Partial<StepRun> = {}): StepRun => ({
  id,
  run: 1,
  step,
  title: step,
  purpose: 'diagnose',
  verifies: null,
  state: 'ok',
  effect: 'read',
  target: 'api',
  display: '',
  requestedBy: 'UA',
  reason: '',
  requestedAt: new Date(0),
  startedAt: null,
  finishedAt: null,
  value: null,
  output: null,
  omittedBytes: 0,
  error: null,
  passed: null,
  cancelRequestedAt: null,
  cancelRequestedBy: null,
  secretsWanted: 0,
  secretsGiven: 0,
  ...different,
});

describe('the values that expressions see', () => {
  test('are those of the newest run of each step', () => {
    const runs = [stepRun(3, 'a', { value: { n: 3 } }), stepRun(1, 'a', { value: { n: 1 } }), stepRun(2, 'b')];
    expect(stepValues(runs)).toEqual({ a: { n: 3 } });
    expect(latestByStep(runs).get('a')?.id).toBe(3);
  });

  test('of a failed step count, because an answer of 503 is an answer', () => {
    expect(stepValues([stepRun(1, 'a', { state: 'failed', value: { status: 503 } })])).toEqual({ a: { status: 503 } });
  });

  test.each(['timeout', 'cancelled', 'refused', 'unknown'] as const)(
    'of a step that ended as %s do not hide what an earlier run found',
    (state) => {
      const runs = [stepRun(1, 'a', { value: { n: 1 } }), stepRun(2, 'a', { state, value: {} })];
      expect(stepValues(runs)).toEqual({ a: { n: 1 } });
    },
  );
});

test('effects only grow', () => {
  expect(strongest('read', 'destructive')).toBe('destructive');
  expect(strongest('change', 'read')).toBe('change');
  expect(exceeds('change', 'change')).toBe(false);
});

test.each(['isBot', 'isGuest', 'isExternal', 'isDeactivated'] as const)('whoever %s is no member', (flag) => {
  expect(isMember(BOB)).toBe(true);
  expect(isMember(person('UX', { [flag]: true }))).toBe(false);
});
