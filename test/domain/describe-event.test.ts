import { expect, test } from 'vitest';
import { describeEvent } from '../../src/domain/describe-event.ts';
import type { TimelineFact, TimelineKind } from '../../src/domain/timeline.ts';

const nameOf = (person: string) => `@${person}`;
const say = (fact: TimelineFact, actor: string | null = 'alice') =>
  describeEvent({ id: 1, at: new Date(0), actor, fact }, nameOf);

/** One of each kind with its sentence; the compiler says when one is missing. */
const FACTS: { readonly [K in TimelineKind]: [Extract<TimelineFact, { kind: K }>, string] } = {
  declared: [
    { kind: 'declared', title: 'Down', severity: 'SEV1', impact: 'all' },
    'declared SEV1: Down (customers: all)',
  ],
  acknowledged: [{ kind: 'acknowledged', afterMs: 90_000 }, 'acknowledged after 1m 30s'],
  commander_taken: [{ kind: 'commander_taken', commander: 'alice', before: 'bob' }, 'took command from @bob'],
  severity_changed: [
    { kind: 'severity_changed', from: 'SEV2', to: 'SEV1', reason: 'worse' },
    'changed the severity from SEV2 to SEV1: worse',
  ],
  room_ready: [{ kind: 'room_ready', channel: 'C1' }, 'opened the war room'],
  update_posted: [{ kind: 'update_posted', text: 'We know why' }, 'posted an update: We know why'],
  resolved: [{ kind: 'resolved', summary: 'fixed', afterMs: 3_600_000 }, 'resolved the incident after 1h: fixed'],
  paged: [
    { kind: 'paged', rung: 'L2', contact: 'Tech Lead', lateMs: 120_000, by: null },
    'escalated to Tech Lead (L2, 2m late)',
  ],
  page_delivered: [
    { kind: 'page_delivered', contact: 'Tech Lead', recipients: ['bob', 'carol'], ordinal: 2 },
    'paged @bob, @carol as Tech Lead (page 2)',
  ],
  page_acknowledged: [
    { kind: 'page_acknowledged', contact: 'Tech Lead', rung: 'L2' },
    'acknowledged the page to Tech Lead (L2)',
  ],
  nobody_reached: [
    { kind: 'nobody_reached', contact: 'Tech Lead', reason: 'nobody is named' },
    'could not reach anybody as Tech Lead: nobody is named',
  ],
  rung_skipped: [{ kind: 'rung_skipped', rung: 'L2', contact: 'Tech Lead' }, 'skipped the rung L2 (Tech Lead)'],
  ladder_stopped: [{ kind: 'ladder_stopped' }, 'stopped the escalation'],
  ladder_resumed: [{ kind: 'ladder_resumed' }, 'resumed the escalation'],
  run_started: [
    { kind: 'run_started', runbook: 'RB-1', title: 'Stuck', commit: '0123456789' },
    'opened RB-1: Stuck at commit 0123456',
  ],
  diagnosed: [
    { kind: 'diagnosed', runbook: 'RB-1', passed: 2, failed: 1 },
    'finished the diagnostics of RB-1: 2 as expected, 1 not',
  ],
  approval_requested: [
    { kind: 'approval_requested', step: 'Reset', command: 'DEL x', target: 'cache', reason: 'stuck' },
    'asked to run “Reset” on cache: DEL x (stuck)',
  ],
  approved: [{ kind: 'approved', step: 'Reset', command: 'DEL x' }, 'approved “Reset”: DEL x'],
  approved_alone: [
    { kind: 'approved_alone', step: 'Reset', command: 'DEL x', how: 'break_glass', reason: 'nobody is awake' },
    'went on alone with “Reset” (break-glass): DEL x (nobody is awake)',
  ],
  denied: [{ kind: 'denied', step: 'Reset', reason: 'too early' }, 'denied “Reset”: too early'],
  approval_expired: [{ kind: 'approval_expired', step: 'Reset' }, 'let the approval of “Reset” expire unanswered'],
  step_started: [
    { kind: 'step_started', step: 'Reset', command: 'DEL x', target: 'cache' },
    'started “Reset” on cache: DEL x',
  ],
  step_finished: [
    { kind: 'step_finished', step: 'Reset', state: 'failed', error: 'no answer' },
    'finished “Reset”: failed (no answer)',
  ],
  secret_given: [{ kind: 'secret_given', step: 'Unseal', given: 2, wanted: 3 }, 'gave a secret for “Unseal”: 2 of 3'],
  secrets_lost: [
    { kind: 'secrets_lost', step: 'Unseal', given: 2 },
    'lost what 2 people had given for “Unseal”, because the process that held it ended: it has to be given again',
  ],
  step_ticked: [{ kind: 'step_ticked', step: 'm', text: 'Tell sales' }, 'ticked “Tell sales”'],
  step_cancelled: [
    { kind: 'step_cancelled', step: 'Reset', state: 'approved' },
    'cancelled “Reset” after its approval, before it began',
  ],
  target_released: [
    { kind: 'target_released', step: 'Reset', target: 'cache' },
    'released cache after “Reset”, whose outcome was not known',
  ],
  temporary_begun: [
    { kind: 'temporary_begun', step: 'Bypass', certain: false },
    'may have left something temporary behind with “Bypass”',
  ],
  temporary_ended: [{ kind: 'temporary_ended', step: 'Bypass' }, 'took back what “Bypass” left behind'],
  temporary_left: [
    { kind: 'temporary_left', steps: ['Bypass', 'Mock'], reason: 'until Monday' },
    'closed the incident with something temporary in place (“Bypass”, “Mock”): until Monday',
  ],
  drill_started: [{ kind: 'drill_started', scenario: 'WR-001' }, 'started the drill WR-001'],
};

test.each(Object.entries(FACTS))('%s reads as a sentence', (_kind, [fact, sentence]) => {
  expect(say(fact)).toBe(`@alice ${sentence}`);
  expect(say(fact, null)).toBe(`Warroom ${sentence}`);
});

test.each<[TimelineFact, string]>([
  [{ kind: 'declared', title: 'Down', severity: 'SEV1', impact: '' }, '@alice declared SEV1: Down'],
  [{ kind: 'commander_taken', commander: 'alice', before: null }, '@alice took command'],
  [
    { kind: 'paged', rung: 'L2', contact: 'Tech Lead', lateMs: 0, by: 'alice' },
    '@alice escalated to Tech Lead (L2) by hand',
  ],
  [{ kind: 'severity_changed', from: 'SEV2', to: 'SEV1', reason: '' }, '@alice changed the severity from SEV2 to SEV1'],
  [{ kind: 'run_started', runbook: 'RB-1', title: 'Stuck', commit: null }, '@alice opened RB-1: Stuck'],
  [{ kind: 'step_finished', step: 'Reset', state: 'ok', error: null }, '@alice finished “Reset”: ok'],
  [{ kind: 'severity_changed', from: 'SEV1', to: 'SEV1', reason: 'yes' }, '@alice confirmed the severity SEV1: yes'],
])('what is not known is left out: %j', (fact, sentence) => {
  expect(say(fact)).toBe(sentence);
});
