import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { judge } from '../../src/domain/approval.ts';
import type { lockAsked } from '../../src/runs/asked.ts';
import type { subjectOf } from '../../src/runs/subject.ts';
import type { takeTarget } from '../../src/runs/target-queue.ts';
import { history } from './histories/model.ts';
import { type Violation, violations } from './histories/oracle.ts';
import { openStage, type Stage } from './histories/play.ts';

/**
 * Each protection taken away in turn, here and nowhere else: the modules are replaced by this file, production code has no switch.
 * The histories must then find an execution that nobody agreed to; with everything in its place they find none.
 */
const ONCE = vi.hoisted(() => 'that an approval is used once');
const removed = vi.hoisted(() => ({ what: '' }));
type Loader = () => Promise<Record<string, unknown>>;
const own = vi.hoisted(
  () => async (load: unknown, change: (original: Record<string, unknown>) => Record<string, unknown>) => {
    const original = await (load as Loader)();
    return { ...original, ...change(original) };
  },
);

vi.mock('../../src/domain/approval.ts', (load) =>
  own(load, (original) => ({
    judge: ((approval, click, around, now) =>
      removed.what === 'who may approve' && click.decision === 'approve' && approval.state === 'pending'
        ? { status: 'approved', missing: 0 }
        : (original.judge as typeof judge)(approval, click, around, now)) satisfies typeof judge,
  })),
);
vi.mock('../../src/runs/subject.ts', (load) =>
  own(load, (original) => ({
    subjectOf: ((context, asked) => {
      const subject = (original.subjectOf as typeof subjectOf)(context, asked);
      if (removed.what === 'the command in the hash') return { ...subject, statement: null };
      if (removed.what === 'the target in the hash')
        return { ...subject, target: { ...subject.target, definition: null } };
      if (removed.what === 'the policy in the hash')
        return { ...subject, policy: { ...subject.policy, approvers: 0, expiresAfterMs: 0 } };
      return subject;
    }) satisfies typeof subjectOf,
  })),
);
vi.mock('../../src/runs/deadline.ts', (load) =>
  own(load, (original) => ({
    startsUntil: (...asked: unknown[]) =>
      removed.what === 'the expiry'
        ? new Date(8.64e15)
        : (original.startsUntil as (...asked: unknown[]) => Date)(...asked),
  })),
);
vi.mock('../../src/runs/target-queue.ts', (load) =>
  own(load, (original) => ({
    takeTarget: (async (context, tx, wanted) =>
      removed.what === 'the lock of the target' ||
      (await (original.takeTarget as typeof takeTarget)(context, tx, wanted))) satisfies typeof takeTarget,
  })),
);
vi.mock('../../src/runs/asked.ts', (load) =>
  own(load, (original) => ({
    lockAsked: (async (tx, id) => {
      const asked = await (original.lockAsked as typeof lockAsked)(tx, id);
      if (removed.what !== ONCE || asked?.approval.state !== 'used') return asked;
      await tx.query(`update approvals set state = 'approved' where id = $1`, [id]);
      const covered = asked.covered.map((one) => one.id);
      await tx.query(`update step_runs set state = 'approved' where id = any($1)`, [covered]);
      return (original.lockAsked as typeof lockAsked)(tx, id);
    }) satisfies typeof lockAsked,
  })),
);
const PROTECTIONS: readonly (readonly [string, Violation['kind']])[] = [
  ['who may approve', 'without valid approval'],
  ['the command in the hash', 'without valid approval'],
  ['the target in the hash', 'without valid approval'],
  ['the policy in the hash', 'without valid approval'],
  ['the expiry', 'without valid approval'],
  [ONCE, 'twice'],
  ['the lock of the target', 'together'],
];
const MOST = 400;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => {
  removed.what = '';
  await stage.close();
});

/** How many histories it takes until one of them executes what it must not; null when none of so many does. */
async function historiesUntilFound(kind: Violation['kind'], most: number): Promise<number | null> {
  const sample = fc.sample(history, { seed: 4711, numRuns: most });
  for (const [index, one] of sample.entries()) {
    const { story } = await stage.play(one);
    if (violations(story).some((found) => found.kind === kind)) return index + 1;
  }
  return null;
}

describe('control: the random histories', () => {
  it.each(PROTECTIONS)('find out when %s is missing', { timeout: 300_000 }, async (what, kind) => {
    removed.what = what;
    const needed = await historiesUntilFound(kind, MOST);
    console.log(`without ${what}: ${kind}, found by history ${needed}`);
    expect(needed).not.toBeNull();
  });
});
