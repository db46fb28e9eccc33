import fc from 'fast-check';
import type { DecisionKind } from '../../../src/domain/approval.ts';
import type { Person } from '../../../src/domain/person.ts';
import { ALICE, BOB, CAROL, GUEST, person } from '../../support/desk.ts';

/** What warroom.yml says: as it comes, with two approvers everywhere, or with approvers who are named. */
export type Rules = 'plain' | 'strict' | 'named';
/** What lies on disk: the runbook and its system as they were, other text in the runbook, another place behind the target. */
export type Disk = 'as_it_was' | 'other_text' | 'other_place';
/** Parameters of the run: 1 is what it starts with. */
export type Values = 1 | 2 | 3;
export type StepId = 'drain' | 'note' | 'wipe';

export type Op =
  | {
      readonly op: 'decide';
      readonly who: number;
      readonly decision: DecisionKind;
      readonly typed: string | null;
      /** The newest request, or the one before it. */
      readonly newest: boolean;
    }
  | { readonly op: 'work' | 'crash'; readonly replica: 0 | 1 }
  | { readonly op: 'edit'; readonly values: Values }
  | { readonly op: 'rules'; readonly rules: Rules }
  | { readonly op: 'disk'; readonly disk: Disk }
  | { readonly op: 'advance'; readonly minutes: number }
  | { readonly op: 'ask'; readonly plan: number }
  | { readonly op: 'cancel'; readonly who: number; readonly newest: boolean }
  | { readonly op: 'expire' | 'recover' };

export const DAVE = person('UDAVE');
export const PEOPLE: readonly Person[] = [BOB, CAROL, DAVE, ALICE, GUEST];
export const PLANS: readonly (readonly StepId[])[] = [
  ['drain'],
  ['note'],
  ['wipe'],
  ['drain', 'note'],
  ['drain', 'wipe'],
  ['note', 'wipe'],
];

const decide = (decision: fc.Arbitrary<DecisionKind>, typed: fc.Arbitrary<string | null>) =>
  fc.record({
    op: fc.constant('decide' as const),
    who: fc.constantFrom(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4),
    decision,
    typed,
    newest: fc.constantFrom(true, true, true, false),
  });
const weighted = (weight: number, arbitrary: fc.Arbitrary<Op>) => ({ weight, arbitrary });
const op = fc.oneof(
  weighted(10, decide(fc.constant('approve'), fc.constantFrom(null, null, 'api', 'api', 'worker'))),
  weighted(1, decide(fc.constantFrom('deny', 'break_glass'), fc.constant(null))),
  weighted(
    1,
    fc.record({
      ...{ op: fc.constant('decide' as const), who: fc.constant(3), decision: fc.constant('alone' as const) },
      ...{ typed: fc.constant(null), newest: fc.constant(true) },
    }),
  ),
  weighted(
    5,
    fc.record({
      op: fc.constantFrom('work' as const, 'work' as const, 'work' as const, 'crash' as const),
      replica: fc.constantFrom(0 as const, 1 as const),
    }),
  ),
  weighted(1, fc.record({ op: fc.constant('edit' as const), values: fc.constantFrom<Values[]>(1, 1, 2, 3) })),
  weighted(
    1,
    fc.record({ op: fc.constant('rules' as const), rules: fc.constantFrom<Rules[]>('plain', 'strict', 'named') }),
  ),
  weighted(
    1,
    fc.record({
      op: fc.constant('disk' as const),
      disk: fc.constantFrom<Disk[]>('as_it_was', 'other_text', 'other_text', 'other_place'),
    }),
  ),
  weighted(1, fc.record({ op: fc.constant('advance' as const), minutes: fc.constantFrom(1, 6, 6, 16) })),
  weighted(2, fc.record({ op: fc.constant('ask' as const), plan: fc.nat(PLANS.length - 1) })),
  weighted(1, fc.record({ op: fc.constant('cancel' as const), who: fc.nat(PEOPLE.length - 1), newest: fc.boolean() })),
  weighted(1, fc.record({ op: fc.constantFrom('expire' as const, 'recover' as const) })),
);

/** What happens: groups of things that happen at the same time, one group after the other. */
export const history = fc.record({
  plans: fc.array(fc.nat(PLANS.length - 1), { minLength: 1, maxLength: 2 }),
  incident: fc.boolean(),
  groups: fc.array(fc.array(op, { minLength: 1, maxLength: 3, size: 'max' }), {
    minLength: 3,
    maxLength: 8,
    size: 'max',
  }),
});
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** Minutes of the database's clock between which something happened. */
export type Span = { readonly from: number; readonly to: number };

/** What was done and what it was answered, in the order in which it began. `began` and `ended` count everything that happens. */
export type Ask = Span & {
  readonly approval: number;
  readonly steps: readonly StepId[];
  readonly rules: Rules;
  readonly disk: Disk;
  /** More than one where the run was edited at the same moment. */
  readonly values: readonly Values[];
};
export type Click = Span & {
  readonly approval: number;
  readonly person: Person;
  readonly decision: DecisionKind;
  readonly typed: string | null;
  readonly rules: Rules;
  readonly began: number;
  /** Null as long as it was not answered. */
  denied: number | null;
};
export type Cancel = { readonly approval: number; readonly step: StepId; readonly ended: number };
/** What reached a target. */
export type Sent = {
  readonly step: StepId | 'other';
  readonly display: string;
  readonly target: string;
  readonly place: string;
  readonly values: Values;
  readonly rules: Rules;
  readonly disk: Disk;
  readonly at: number;
  readonly began: number;
  /** Its process died before it heard of it. */
  readonly lost: boolean;
  /** Another step was on the same target at the same time. */
  readonly together: boolean;
};

/** Everything that happened in one history, as those who did it know it. */
export type Story = {
  readonly asks: Ask[];
  readonly clicks: Click[];
  readonly cancels: Cancel[];
  readonly sent: Sent[];
  /** The run belongs to an incident of the worst rank, which Carol commands. */
  readonly commanded: boolean;
};
