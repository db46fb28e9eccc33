import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Approval,
  type ApprovalSubject,
  approvalHash,
  type Circumstances,
  type Decision,
  type DecisionKind,
  groupsThatCount,
  judge,
  planHash,
} from '../../src/domain/approval.ts';
import { type ApprovalPolicy, DEFAULT_POLICIES } from '../../src/domain/approval-policy.ts';
import type { Person } from '../../src/domain/person.ts';

const T0 = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(T0 + ms);
const SETTINGS = { seed: 1702, numRuns: 600 };
const DBA = 'S0DBA';

const people: Person[] = ['REQUESTER', 'A', 'B', 'C', 'GUEST', 'BOT', 'EXTERNAL', 'LEFT'].map((id) => ({
  id,
  team: 'T1',
  name: id,
  isGuest: id === 'GUEST',
  isBot: id === 'BOT',
  isExternal: id === 'EXTERNAL',
  isDeactivated: id === 'LEFT',
  groups: ['A', 'GUEST', 'LEFT', 'REQUESTER'].includes(id) ? [DBA] : [],
}));
const MEMBERS = ['REQUESTER', 'A', 'B', 'C'];
const AROUND: Circumstances = { mayApprove: true, mayAsk: true, target: 'db', commandsWorst: false };

const pending = (policy: Partial<ApprovalPolicy> = {}): Approval => ({
  id: 1,
  stepRun: 1,
  hash: 'h',
  state: 'pending',
  policy: { ...DEFAULT_POLICIES.change, aloneAfterMs: 500, ...policy },
  requestedBy: 'REQUESTER',
  requesterGroups: [],
  reason: 'because',
  createdAt: at(0),
  expiresAt: at(1000),
  decisions: [],
});

type Click = {
  person: Person;
  decision: DecisionKind;
  at: number;
  typed: string | null;
  reason: string;
  commandsWorst: boolean;
};
const click: fc.Arbitrary<Click> = fc.record({
  person: fc.constantFrom(...people),
  decision: fc.constantFrom<DecisionKind[]>('approve', 'approve', 'approve', 'deny', 'alone', 'break_glass'),
  at: fc.integer({ min: 0, max: 1500 }),
  typed: fc.constantFrom(null, null, 'db', 'DB', ''),
  reason: fc.constantFrom('because', 'because', ' '),
  commandsWorst: fc.boolean(),
});
const clicks = fc.array(click, { maxLength: 12 }).map((all) => [...all].sort((a, b) => a.at - b.at));
const policies: fc.Arbitrary<Partial<ApprovalPolicy>> = fc.record({
  approvers: fc.integer({ min: 1, max: 3 }),
  from: fc.constantFrom<(readonly string[])[]>([], [DBA], ['A', 'B']),
  quorum: fc.constantFrom<ApprovalPolicy['quorum'][]>([], [{ from: [DBA], count: 1 }]),
  aloneAfterMs: fc.constantFrom(null, 300),
  typeTarget: fc.boolean(),
  breakGlass: fc.boolean(),
});

const AROUND_OF = ({ commandsWorst }: Click): Circumstances => ({ ...AROUND, commandsWorst });

/** What the use case does with a verdict. */
function apply(approval: Approval, one: Click): Approval {
  const verdict = judge(approval, one, AROUND_OF(one), at(one.at));
  if (verdict.status === 'refused') return approval;
  const decision: Decision = {
    ...{ person: one.person.id, decision: one.decision, at: at(one.at), reason: one.reason },
    ...{ groups: groupsThatCount(approval, one.person), typedTarget: one.decision === 'approve' && one.typed !== null },
  };
  const others = approval.decisions.filter((other) => other.person !== decision.person);
  const decided = { ...approval, decisions: [...others, decision] };
  return verdict.status === 'waiting' ? decided : { ...decided, state: verdict.status };
}

describe('any sequence of clicks under any policy', () => {
  test('approves only when the policy is satisfied in every part', () => {
    fc.assert(
      fc.property(policies, clicks, (policy, sequence) => {
        const end = sequence.reduce(apply, pending(policy));
        if (end.state !== 'approved') return;
        const last = end.decisions.at(-1);
        if (last?.decision === 'alone') {
          expect(last.person).toBe('REQUESTER');
          expect(last.at.getTime()).toBeGreaterThanOrEqual(T0 + (policy.aloneAfterMs ?? Number.POSITIVE_INFINITY));
          expect(last.reason.trim()).not.toBe('');
        } else if (last?.decision === 'break_glass') {
          expect(policy.breakGlass).toBe(true);
          expect(last.reason.trim()).not.toBe('');
        } else {
          const given = end.decisions.filter((one) => one.decision === 'approve');
          expect(given.length).toBeGreaterThanOrEqual(policy.approvers ?? 0);
          expect(new Set(given.map((one) => one.person)).size).toBe(given.length);
          if (policy.from?.includes(DBA)) expect(given.map((one) => one.person)).toEqual(['A']);
          if (policy.quorum?.length) expect(given.map((one) => one.person)).toContain('A');
          if (policy.typeTarget) expect(given.some((one) => one.typedTarget)).toBe(true);
        }
      }),
      SETTINGS,
    );
  });

  test('never counts the requester as approver, a stranger, a late click or a wrong name', () => {
    fc.assert(
      fc.property(policies, clicks, (policy, sequence) => {
        const end = sequence.reduce(apply, pending(policy));
        const approving = end.decisions.filter((one) => one.decision === 'approve').map((one) => one.person);
        expect(approving).not.toContain('REQUESTER');
        expect(end.decisions.every((one) => MEMBERS.includes(one.person) && one.at < end.expiresAt)).toBe(true);
        for (const one of sequence.filter(({ typed }) => typed === 'DB' || typed === '')) {
          expect(judge(pending(policy), { ...one, decision: 'approve' }, AROUND, at(1)).status).toBe('refused');
        }
      }),
      SETTINGS,
    );
  });

  test('changes nothing any more once the request is settled', () => {
    fc.assert(
      fc.property(fc.constantFrom('approved', 'denied', 'expired', 'used', 'void'), clicks, (state, sequence) => {
        const settled = { ...pending(), state: state as Approval['state'] };
        expect(sequence.reduce(apply, settled)).toEqual(settled);
      }),
      SETTINGS,
    );
  });

  test('approves a plain request exactly when enough different members agreed in time before anybody denied', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), clicks, (approvers, sequence) => {
        const plain = sequence
          .filter(({ decision }) => decision === 'approve' || decision === 'deny')
          .map((one) => ({ ...one, typed: null, reason: 'because' }));
        const end = plain.reduce(apply, pending({ approvers }));
        const agreed = new Set<string>();
        let expected: string = 'pending';
        for (const one of plain.filter((each) => each.at < 1000 && MEMBERS.includes(each.person.id))) {
          if (expected !== 'pending') break;
          if (one.decision === 'deny') expected = 'denied';
          else if (one.person.id !== 'REQUESTER') agreed.add(one.person.id);
          if (agreed.size >= approvers) expected = 'approved';
        }
        expect(end.state).toBe(expected);
      }),
      SETTINGS,
    );
  });
});

describe('one click', () => {
  const [requester, a, b, , guest] = people as [Person, Person, Person, Person, Person];
  const decided = (person: string, more: Partial<Decision> = {}): Decision => ({
    ...{ person, decision: 'approve', at: at(1), reason: '', groups: [], typedTarget: false },
    ...more,
  });
  const judged = (
    approval: Approval,
    one: Partial<Click> & { person: Person },
    ms: number,
    around: Partial<Circumstances> = {},
  ) =>
    judge(approval, { decision: 'approve', typed: null, reason: 'because', ...one }, { ...AROUND, ...around }, at(ms));

  test.each<[string, Approval, Partial<Click> & { person: Person }, number, string]>([
    ['the requester', pending(), { person: requester }, 500, 'requester'],
    ['a guest', pending(), { person: guest }, 500, 'not_member'],
    ['somebody at the moment of expiry', pending(), { person: a }, 1000, 'expired'],
    ['somebody after a denial', { ...pending(), state: 'denied' }, { person: a }, 500, 'settled'],
    [
      'who approved before',
      { ...pending({ approvers: 2 }), decisions: [decided('A')] },
      { person: a },
      500,
      'already_decided',
    ],
    ['somebody outside of the named group', pending({ from: [DBA] }), { person: b }, 500, 'not_approver'],
    [
      'the first approver who did not type the target',
      pending({ typeTarget: true }),
      { person: a },
      500,
      'type_target',
    ],
    ['who typed another name', pending({ typeTarget: true }), { person: a, typed: 'DB' }, 500, 'wrong_target'],
    ['the requester alone too early', pending(), { person: requester, decision: 'alone' }, 499, 'too_early'],
    ['somebody else alone', pending(), { person: a, decision: 'alone' }, 700, 'not_requester'],
    [
      'the requester alone where nobody may',
      pending({ aloneAfterMs: null }),
      { person: requester, decision: 'alone' },
      700,
      'never_alone',
    ],
    [
      'the requester alone without a reason',
      pending(),
      { person: requester, decision: 'alone', reason: ' ' },
      700,
      'reason_missing',
    ],
    [
      'break-glass by who does not command',
      pending(),
      { person: requester, decision: 'break_glass' },
      1,
      'not_commander',
    ],
  ])('of %s is refused with its reason', (_who, approval, one, ms, reason) => {
    expect(judged(approval, one, ms)).toMatchObject({ status: 'refused', reason });
  });

  test('of somebody without the role is refused, to approve and to deny, unless the policy names them', () => {
    const without = { mayApprove: false };
    expect(judged(pending(), { person: a }, 1, without)).toMatchObject({ reason: 'not_approver' });
    expect(judged(pending(), { person: a, decision: 'deny' }, 1, without)).toMatchObject({ reason: 'not_approver' });
    expect(judged(pending({ from: [DBA] }), { person: a }, 1, without).status).toBe('approved');
    expect(judged(pending(), { person: requester, decision: 'deny' }, 1, without).status).toBe('denied');
  });

  test('says how many are missing, by number and by group', () => {
    expect(judged(pending({ approvers: 3 }), { person: a }, 1)).toEqual({ status: 'waiting', missing: 2 });
    const quorum = pending({ approvers: 1, quorum: [{ from: [DBA], count: 1 }] });
    expect(judged(quorum, { person: b }, 1)).toEqual({ status: 'waiting', missing: 1 });
    expect(judged(quorum, { person: a }, 1).status).toBe('approved');
  });

  test('one typed name is enough for all approvers', () => {
    const two = { ...pending({ approvers: 2, typeTarget: true }), decisions: [decided('A', { typedTarget: true })] };
    expect(judged(two, { person: b }, 1).status).toBe('approved');
  });

  test('of the requester after the time, or of the commander, goes on alone', () => {
    expect(judged(pending(), { person: requester, decision: 'alone' }, 500).status).toBe('approved');
    expect(judged(pending(), { person: requester, decision: 'break_glass' }, 1, { commandsWorst: true }).status).toBe(
      'approved',
    );
  });

  test('of the requester on Deny takes the request back, and a later No counts for who said Yes', () => {
    expect(judged(pending(), { person: requester, decision: 'deny' }, 1).status).toBe('denied');
    const yes = { ...pending({ approvers: 2 }), decisions: [decided('A')] };
    expect(judged(yes, { person: a, decision: 'deny' }, 2).status).toBe('denied');
  });
});

describe('the hash of an approval', () => {
  const subject: ApprovalSubject = {
    run: 1,
    stepRun: 2,
    step: 'reset',
    runbook: { id: 'shop/RB-1', contentHash: 'c0ffee', commit: null },
    language: 'http',
    statement: { method: 'POST', path: '/reset', values: { pid: 7 } },
    target: { system: 'shop', name: 'api', definition: { options: { baseUrl: 'http://a' }, write: {} } },
    effect: 'change',
    policy: DEFAULT_POLICIES.change,
    expiresAt: '2026-01-01T00:15:00.000Z',
  };

  test.each<[string, ApprovalSubject]>([
    ['run', { ...subject, run: 2 }],
    ['step run', { ...subject, stepRun: 3 }],
    ['step', { ...subject, step: 'wipe' }],
    ['runbook', { ...subject, runbook: { ...subject.runbook, id: 'shop/RB-2' } }],
    ['content of the runbook', { ...subject, runbook: { ...subject.runbook, contentHash: 'c0ffef' } }],
    ['commit', { ...subject, runbook: { ...subject.runbook, commit: 'abc' } }],
    ['language', { ...subject, language: 'sh' }],
    ['statement', { ...subject, statement: { method: 'POST', path: '/wipe', values: { pid: 7 } } }],
    ['type of a value', { ...subject, statement: { method: 'POST', path: '/reset', values: { pid: '7' } } }],
    ['target', { ...subject, target: { ...subject.target, name: 'mirror' } }],
    ['system', { ...subject, target: { ...subject.target, system: 'depot' } }],
    ['definition of the target', { ...subject, target: { ...subject.target, definition: { options: {}, write: {} } } }],
    ['effect', { ...subject, effect: 'destructive' }],
    ['number of approvers', { ...subject, policy: { ...subject.policy, approvers: 2 } }],
    ['people who may approve', { ...subject, policy: { ...subject.policy, from: [DBA] } }],
    ['time that the policy gives', { ...subject, policy: { ...subject.policy, expiresAfterMs: 1 } }],
    ['expiry', { ...subject, expiresAt: '2026-01-01T00:15:00.001Z' }],
  ])('changes with the %s', (_part, changed) => {
    expect(approvalHash(changed)).not.toBe(approvalHash(subject));
  });

  test('of a plan changes with any step and with their order', () => {
    const other = { ...subject, stepRun: 3, step: 'drain' };
    const hashes = [[subject], [subject, other], [other, subject], [subject, { ...other, language: 'sh' }]].map(
      planHash,
    );
    expect(new Set([...hashes, approvalHash(subject)]).size).toBe(5);
  });

  test('does not depend on the order of keys', () => {
    const reversed = Object.fromEntries(Object.entries(subject).reverse()) as ApprovalSubject;
    expect(approvalHash(reversed)).toBe(approvalHash(subject));
  });

  test.each([undefined, Number.NaN, () => 1, new Date(0), [undefined], { a: Number.POSITIVE_INFINITY }])(
    'refuses what JSON would change silently: %s',
    (statement) => {
      expect(() => approvalHash({ ...subject, statement: statement as never })).toThrow(TypeError);
    },
  );
});
