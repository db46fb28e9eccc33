import type { Person } from '../../../src/domain/person.ts';
import type { Ask, Click, Rules, Sent, StepId, Story } from './model.ts';

/**
 * What the guide promises of approvals, told a second time from what people did: it reads neither the database nor any rule of the
 * product. Where two things happened at the same moment it allows both orders, and never more.
 */
type Promised = {
  readonly approvers: number;
  readonly expires: number;
  readonly alone: number | null;
  readonly typed: boolean;
};
const CHANGE: Readonly<Record<Rules, Promised>> = {
  plain: { approvers: 1, expires: 15, alone: 5, typed: false },
  strict: { approvers: 2, expires: 15, alone: 5, typed: false },
  named: { approvers: 1, expires: 15, alone: 5, typed: false },
};
const DESTRUCTIVE: Readonly<Record<Rules, Promised>> = {
  plain: { approvers: 2, expires: 15, alone: null, typed: true },
  strict: { approvers: 2, expires: 10, alone: null, typed: true },
  named: { approvers: 2, expires: 15, alone: null, typed: true },
};
/** Longest that a crash keeps a target from others when nobody looks. */
const HELD = 10;

export type Violation = { readonly kind: 'without valid approval' | 'twice' | 'together'; readonly sent: Sent };

/** What was executed and must not have been. */
export function violations(story: Story): Violation[] {
  const found: Violation[] = [];
  const used = new Map<string, Sent>();
  for (const sent of story.sent) {
    const lost = story.sent.find(
      (other) => other.lost && other.target === sent.target && other.began < sent.began && sent.at < other.at + HELD,
    );
    if (sent.together || lost !== undefined) found.push({ kind: 'together', sent });
    const allowed = story.asks.filter((ask) => allows(story, ask, sent));
    if (allowed.length === 0) found.push({ kind: 'without valid approval', sent });
    else if (!assign(story, sent, used)) found.push({ kind: 'twice', sent });
  }
  return found;
}

/** Gives each execution a request of its own, moving others where they have a choice. */
function assign(story: Story, sent: Sent, used: Map<string, Sent>, tried = new Set<string>()): boolean {
  for (const ask of story.asks.filter((one) => allows(story, one, sent))) {
    const key = `${ask.approval}/${sent.step}`;
    if (tried.has(key)) continue;
    tried.add(key);
    const before = used.get(key);
    if (before === undefined || assign(story, before, used, tried)) {
      used.set(key, sent);
      return true;
    }
  }
  return false;
}

function allows(story: Story, ask: Ask, sent: Sent): boolean {
  const at = sent.step === 'other' ? -1 : ask.steps.indexOf(sent.step);
  if (at === -1) return false;
  const promised = promisedFor(ask.rules, ask.steps);
  const clicks = story.clicks.filter((click) => click.approval === ask.approval && click.began < sent.began);
  return (
    asShown(ask, sent) &&
    // A stricter warroom.yml counts at once, also for what was approved before.
    JSON.stringify(promised) === JSON.stringify(promisedFor(sent.rules, ask.steps)) &&
    (at > 0 || sent.at < ask.to + promised.expires) &&
    isAgreed(story, ask, clicks, promised) &&
    !clicks.some(({ denied }) => denied !== null && denied < sent.began) &&
    !story.cancels.some(
      ({ approval, step, ended }) => approval === ask.approval && step === sent.step && ended < sent.began,
    )
  );
}

/** The command, its values and its target are those that people saw. */
function asShown(ask: Ask, sent: Sent): boolean {
  // What is edited is the place behind the worker; the interface that is wiped stays where it is.
  const place = (disk: string) => (disk === 'other_place' && sent.step !== 'wipe' ? 'other' : 'usual');
  return (
    (sent.step === 'wipe' || ask.values.includes(sent.values)) &&
    sent.place === place(ask.disk) &&
    sent.place === place(sent.disk)
  );
}

function promisedFor(rules: Rules, steps: readonly StepId[]): Promised {
  const all = steps.map((step) => (step === 'wipe' ? DESTRUCTIVE : CHANGE)[rules]);
  return {
    approvers: Math.max(...all.map(({ approvers }) => approvers)),
    expires: Math.min(...all.map(({ expires }) => expires)),
    alone: all.some(({ alone }) => alone === null) ? null : Math.max(...all.map(({ alone }) => alone ?? 0)),
    typed: all.some(({ typed }) => typed),
  };
}

function isAgreed(story: Story, ask: Ask, clicks: readonly Click[], promised: Promised): boolean {
  const inTime = clicks.filter(({ from, person }) => from < ask.to + promised.expires && isColleague(person));
  const approving = inTime.filter(
    ({ decision, person, rules }) => decision === 'approve' && person.id !== 'UALICE' && isApprover(person, rules),
  );
  const people = new Set(approving.map(({ person }) => person.id));
  const typed = !promised.typed || approving.some((click) => click.typed === 'api');
  if (people.size >= promised.approvers && typed) return true;
  const { alone } = promised;
  return inTime.some(
    ({ decision, person, to }) =>
      (decision === 'alone' && person.id === 'UALICE' && alone !== null && to - ask.from >= alone) ||
      (decision === 'break_glass' && person.id === 'UCAROL' && story.commanded),
  );
}

const isColleague = (person: Person) => person.id !== 'UGUEST';
const isApprover = (person: Person, rules: Rules) =>
  rules !== 'named' || person.id === 'UCAROL' || person.id === 'UDAVE';
