import { expect, test } from 'vitest';
import type { ApprovalCard } from '../../src/runs/approval-card.ts';
import { approvalMessage } from '../../src/slack/views/approval-card.ts';
import { anApprovalCard } from '../slack-views/examples.ts';

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
