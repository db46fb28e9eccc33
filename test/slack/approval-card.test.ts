import { expect, test } from 'vitest';
import type { ApprovalCard } from '../../src/runs/approval-card.ts';
import { approvalMessage } from '../../src/slack/views/approval-card.ts';
import { outcomeMessage } from '../../src/slack/views/approval-notices.ts';
import { homeView } from '../../src/slack/views/home.ts';
import { anApprovalCard, NOW } from '../slack-views/examples.ts';

const card = (display: string): ApprovalCard => anApprovalCard({}, { display });

const WARNING = 'longer than a card can show';
const shown = (display: string) => JSON.stringify(approvalMessage(card(display)).blocks);

test('a command that fits is shown whole, without a warning', () => {
  const command = 'x'.repeat(7_000);
  expect(shown(command)).toContain(command);
  expect(shown(command)).not.toContain(WARNING);
});

test('whenever a part of the command is not shown, the approver is warned', () => {
  expect(shown('x'.repeat(7_001))).toContain(WARNING);
  // Slack counts `&` as five characters: this is cut although it is shorter than the limit.
  const cut = shown('&& '.repeat(1_000));
  expect(cut).toContain('characters left out');
  expect(cut).toContain(WARNING);
});

const aPlan = (): ApprovalCard => {
  const one = card('DEL cached_quotes');
  const second = { ...one.stepRun, id: 12, title: 'Empty the queue', display: 'DEL paid_orders' };
  return { ...one, covered: [one.stepRun, second] };
};
const commands = { incident: '/incident', runbook: '/runbook', drill: '/drill' };
const atHome = (waiting: ApprovalCard) =>
  JSON.stringify(homeView({ open: [], waiting: [waiting], commands, now: NOW }).blocks);

test('the Home tab shows every step that its Approve button covers, and says what it cut', () => {
  expect(atHome(aPlan())).toContain('DEL cached_quotes');
  expect(atHome(aPlan())).toContain('DEL paid_orders');
  expect(atHome(aPlan())).toContain('Empty the queue');
  expect(atHome(aPlan())).not.toContain(WARNING);
  expect(atHome(card('x'.repeat(2_000)))).toContain(WARNING);
});

test('the outcome of a plan is that of the step at which it stopped, not of its first', () => {
  const { covered, ...plan } = aPlan();
  const [first, second] = covered;
  if (!first || !second) throw new TypeError('a plan has two steps');
  const said = outcomeMessage({
    ...plan,
    approval: { ...plan.approval, state: 'used' },
    covered: [
      { ...first, state: 'ok' },
      { ...second, state: 'failed' },
    ],
  }).text;
  expect(said).toContain('“Empty the queue” failed');
});

test('of a plan that stopped before a step began, the outcome says where and why', () => {
  const { covered, ...plan } = aPlan();
  const [first, second] = covered;
  if (!first || !second) throw new TypeError('a plan has two steps');
  const error =
    'The plan stopped at “Close”: its verify step “Look” did not find what it should; nothing after it was run.';
  const said = outcomeMessage({
    ...plan,
    approval: { ...plan.approval, state: 'used' },
    covered: [
      { ...first, state: 'ok' },
      { ...second, state: 'cancelled', startedAt: null, error },
    ],
  }).text;
  expect(said).toContain(`The plan stopped at “Close”: its verify step “Look” did not find what it should`);
  expect(said).not.toContain('cancelled');
});
