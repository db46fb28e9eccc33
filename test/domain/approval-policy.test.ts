import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ApprovalPolicies,
  type ApprovalPolicy,
  type ApprovalRule,
  DEFAULT_POLICIES,
  isWithin,
  type PolicyCase,
  policyFor,
  strictest,
  tighten,
  unsatisfiable,
} from '../../src/domain/approval-policy.ts';

const asked: PolicyCase = {
  effect: 'change',
  system: 'shop',
  target: 'db',
  severity: 'SEV1',
  requester: ['U1', 'S0OPS'],
  at: new Date('2026-03-02T09:30:00Z'), // a Monday, 10:30 in Rome
};
const withRules = (...rules: ApprovalRule[]): ApprovalPolicies => ({ ...DEFAULT_POLICIES, rules });
const hours = { days: [1, 2, 3, 4, 5], from: 9 * 60, to: 18 * 60, zone: 'Europe/Rome' };

describe('the policy of a request', () => {
  test('is that of its effect when no rule holds', () => {
    expect(policyFor(withRules(), asked, null)).toEqual(DEFAULT_POLICIES.change);
    expect(policyFor(withRules(), { ...asked, effect: 'destructive' }, null)).toMatchObject({
      approvers: 2,
      typeTarget: true,
      aloneAfterMs: null,
    });
  });

  test.each<[string, ApprovalRule['scope'], boolean]>([
    ['everywhere', {}, true],
    ['of this effect', { effect: 'change' }, true],
    ['of another effect', { effect: 'destructive' }, false],
    ['of this system', { systems: ['depot', 'shop'] }, true],
    ['of another system', { systems: ['depot'] }, false],
    ['of this target', { targets: ['db'] }, true],
    ['of another target', { targets: ['cache'] }, false],
    ['of this severity, in any case', { severities: ['sev1'] }, true],
    ['of another severity', { severities: ['SEV2'] }, false],
    ['of this requester', { requesters: ['U1'] }, true],
    ['of a group of the requester', { requesters: ['S0OPS'] }, true],
    ['of another requester', { requesters: ['U2'] }, false],
    ['within the hours', { hours: { ...hours, when: 'within' } }, true],
    ['outside of the hours', { hours: { ...hours, when: 'outside' } }, false],
  ])('follows a rule %s', (_what, scope, holds) => {
    const policy = policyFor(withRules({ scope, policy: { approvers: 5 } }), asked, null);
    expect(policy.approvers).toBe(holds ? 5 : 1);
    // What the rule does not name stays.
    expect(policy.expiresAfterMs).toBe(DEFAULT_POLICIES.change.expiresAfterMs);
  });

  test('follows the first rule that holds, and no severity is none of the named ones', () => {
    const rules = withRules(
      { scope: { systems: ['shop'] }, policy: { approvers: 3 } },
      { scope: {}, policy: { approvers: 4 } },
    );
    expect(policyFor(rules, asked, null).approvers).toBe(3);
    const severe = withRules({ scope: { severities: ['SEV1'] }, policy: { approvers: 3 } });
    expect(policyFor(severe, { ...asked, severity: null }, null).approvers).toBe(1);
  });

  test('is only ever made stricter by a pack', () => {
    const policy = fc.record({
      approvers: fc.integer({ min: 1, max: 5 }),
      expiresAfterMs: fc.integer({ min: 60_000, max: 900_000 }),
      aloneAfterMs: fc.option(fc.integer({ min: 60_000, max: 900_000 })),
      typeTarget: fc.boolean(),
      breakGlass: fc.boolean(),
    });
    const pack = fc.record(
      {
        approvers: fc.integer({ min: 1, max: 5 }),
        expiresAfterMs: fc.integer({ min: 60_000, max: 900_000 }),
        typeTarget: fc.constant<true>(true),
        neverAlone: fc.constant<true>(true),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(policy, pack, (part, by) => {
        const before: ApprovalPolicy = { ...DEFAULT_POLICIES.change, ...part };
        const after = tighten(before, by);
        expect(after.approvers).toBeGreaterThanOrEqual(before.approvers);
        expect(after.expiresAfterMs).toBeLessThanOrEqual(before.expiresAfterMs);
        expect(after.typeTarget || !before.typeTarget).toBe(true);
        expect(before.breakGlass || !after.breakGlass).toBe(true);
        expect(before.aloneAfterMs === null && after.aloneAfterMs !== null).toBe(false);
      }),
      { seed: 7 },
    );
  });
});

test.each([
  ['2026-03-02T07:59:00Z', false], // 08:59 in Rome
  ['2026-03-02T08:00:00Z', true],
  ['2026-03-02T16:59:00Z', true],
  ['2026-03-02T17:00:00Z', false],
  ['2026-07-06T07:00:00Z', true], // summer time: 09:00
  ['2026-03-07T10:00:00Z', false], // a Saturday
])('%s falls into the working hours of Rome: %s', (instant, within) => {
  expect(isWithin(hours, new Date(instant))).toBe(within);
});

test.each([
  ['2026-03-06T20:59:00Z', false], // Friday, 21:59 in Rome
  ['2026-03-06T21:00:00Z', true],
  ['2026-03-07T04:59:00Z', true], // Saturday, 05:59: still the night that began on Friday
  ['2026-03-07T05:00:00Z', false],
  ['2026-03-07T22:00:00Z', false], // the night that begins on Saturday
  ['2026-03-02T03:00:00Z', false], // Monday, 04:00: the night that began on Sunday
])('%s falls into nights of working days, which go on after midnight: %s', (instant, within) => {
  const nights = { ...hours, from: 22 * 60, to: 6 * 60 };
  expect(isWithin(nights, new Date(instant))).toBe(within);
});

describe('a plan', () => {
  test('is as strict as the strictest of its steps in every part', () => {
    const { change, destructive } = DEFAULT_POLICIES;
    expect(strictest([change, destructive])).toEqual({ ...destructive, approvers: 2 });
    const dba = { ...change, from: ['S0DBA'] };
    expect(strictest([dba, dba])).toEqual(dba);
    expect(strictest([dba, change])).toMatchObject({ from: [], quorum: [{ from: ['S0DBA'], count: 1 }] });
  });
});

describe('a policy that nobody could satisfy', () => {
  const none = () => null;
  test.each<[string, Partial<ApprovalPolicy>, string | null]>([
    ['one of two people', { from: ['U1', 'U2'] }, null],
    ['two of one person', { approvers: 2, from: ['U1'] }, 'it wants 2 approvers, but `from` names fewer people'],
    [
      'a person named twice',
      { approvers: 2, from: ['U1', 'U1'] },
      'it wants 2 approvers, but `from` names fewer people',
    ],
    ['a group of unknown size', { approvers: 2, from: ['S0DBA'] }, null],
    [
      'a quorum of too few',
      { quorum: [{ from: ['U1'], count: 2 }] },
      'its quorum wants 2 people of U1, which are fewer',
    ],
  ])('is found: %s', (_what, part, why) => {
    expect(unsatisfiable({ ...DEFAULT_POLICIES.change, ...part }, none)).toBe(why);
  });

  test('is found for a group once Slack has told its members', () => {
    const policy = { ...DEFAULT_POLICIES.change, approvers: 2, from: ['S0DBA'] };
    expect(unsatisfiable(policy, () => ['U1'])).toMatch(/fewer people/u);
    expect(unsatisfiable(policy, () => ['U1', 'U2'])).toBeNull();
  });
});
