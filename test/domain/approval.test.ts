import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Approval, type ApprovalSubject, approvalHash, type Decision, judge } from '../../src/domain/approval.ts';
import type { Person } from '../../src/domain/person.ts';

const T0 = Date.UTC(2026, 0, 1);
const at = (ms: number) => new Date(T0 + ms);
const SETTINGS = { seed: 1702, numRuns: 400 };

const people: Person[] = ['REQUESTER', 'A', 'B', 'C', 'GUEST', 'BOT', 'EXTERNAL', 'LEFT'].map((id) => ({
  id,
  team: 'T1',
  name: id,
  isGuest: id === 'GUEST',
  isBot: id === 'BOT',
  isExternal: id === 'EXTERNAL',
  isDeactivated: id === 'LEFT',
}));
const MEMBERS = ['REQUESTER', 'A', 'B', 'C'];

const pending = (approvers: number): Approval => ({
  id: 1,
  stepRun: 1,
  hash: 'h',
  state: 'pending',
  policy: { approvers, expiresAfterMs: 1000 },
  requestedBy: 'REQUESTER',
  reason: 'because',
  createdAt: at(0),
  expiresAt: at(1000),
  decisions: [],
});

type Click = { person: Person; decision: 'approve' | 'deny'; at: number };
const clicks = fc.array(
  fc.record({
    person: fc.constantFrom(...people),
    decision: fc.constantFrom('approve' as const, 'approve' as const, 'approve' as const, 'deny' as const),
    at: fc.integer({ min: 0, max: 1500 }),
  }),
  { maxLength: 12 },
);

/** What the use case does with a verdict. */
function apply(approval: Approval, click: Click): Approval {
  const verdict = judge(approval, click, at(click.at));
  if (verdict.status === 'refused') return approval;
  const decision: Decision = { person: click.person.id, decision: click.decision, at: at(click.at), reason: '' };
  const others = approval.decisions.filter((one) => one.person !== decision.person);
  const decided = { ...approval, decisions: [...others, decision] };
  return verdict.status === 'waiting' ? decided : { ...decided, state: verdict.status };
}

describe('any sequence of clicks', () => {
  test('approves exactly when enough different members other than the requester approved in time before anybody denied', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), clicks, (approvers, sequence) => {
        const end = sequence.reduce(apply, pending(approvers));
        const inTime = sequence.filter((click) => click.at < 1000 && MEMBERS.includes(click.person.id));
        const agreed = new Set<string>();
        let expected: string = 'pending';
        for (const click of inTime) {
          if (expected !== 'pending') break;
          if (click.decision === 'deny') expected = 'denied';
          else if (click.person.id !== 'REQUESTER') agreed.add(click.person.id);
          if (agreed.size >= approvers) expected = 'approved';
        }
        expect(end.state).toBe(expected);
      }),
      SETTINGS,
    );
  });

  test('never counts the requester, a stranger, a late click or one person twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), clicks, (approvers, sequence) => {
        const end = sequence.reduce(apply, pending(approvers));
        const approving = end.decisions.filter((one) => one.decision === 'approve').map((one) => one.person);
        expect(approving).not.toContain('REQUESTER');
        expect(end.decisions.every((one) => MEMBERS.includes(one.person) && one.at < end.expiresAt)).toBe(true);
        expect(new Set(approving).size).toBe(approving.length);
        if (end.state === 'approved') expect(approving.length).toBe(approvers);
      }),
      SETTINGS,
    );
  });

  test('changes nothing any more once the request is settled', () => {
    fc.assert(
      fc.property(fc.constantFrom('approved', 'denied', 'expired', 'used', 'void'), clicks, (state, sequence) => {
        const settled = { ...pending(1), state: state as Approval['state'] };
        expect(sequence.reduce(apply, settled)).toEqual(settled);
      }),
      SETTINGS,
    );
  });
});

describe('one click', () => {
  const [requester, a, , , guest] = people as [Person, Person, Person, Person, Person];
  test.each([
    ['the requester', pending(1), requester, 500, 'requester'],
    ['a guest', pending(1), guest, 500, 'not_member'],
    ['somebody at the moment of expiry', pending(1), a, 1000, 'expired'],
    ['somebody after a denial', { ...pending(1), state: 'denied' as const }, a, 500, 'settled'],
    [
      'somebody who approved before',
      { ...pending(2), decisions: [{ person: 'A', decision: 'approve' as const, at: at(1), reason: '' }] },
      a,
      500,
      'already_decided',
    ],
  ])('of %s is refused with its reason', (_who, approval, person, ms, reason) => {
    expect(judge(approval, { person, decision: 'approve' }, at(ms))).toMatchObject({ status: 'refused', reason });
  });

  test('says how many are missing', () => {
    expect(judge(pending(3), { person: a, decision: 'approve' }, at(1))).toEqual({ status: 'waiting', missing: 2 });
  });

  test('of the requester on Deny takes the request back', () => {
    expect(judge(pending(1), { person: requester, decision: 'deny' }, at(1)).status).toBe('denied');
  });

  test('on Deny of somebody who approved before takes the approval back', () => {
    const decided = {
      ...pending(2),
      decisions: [{ person: 'A', decision: 'approve' as const, at: at(1), reason: '' }],
    };
    expect(judge(decided, { person: a, decision: 'deny' }, at(2)).status).toBe('denied');
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
    policy: { approvers: 1, expiresAfterMs: 900_000 },
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
    ['time that the policy gives', { ...subject, policy: { ...subject.policy, expiresAfterMs: 1 } }],
    ['expiry', { ...subject, expiresAt: '2026-01-01T00:15:00.001Z' }],
  ])('changes with the %s', (_part, changed) => {
    expect(approvalHash(changed)).not.toBe(approvalHash(subject));
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
