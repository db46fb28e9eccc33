import { expect, test } from 'vitest';
import type { ApprovalCard } from '../../src/runs/approval-card.ts';
import { approvalMessage } from '../../src/slack/views/approval-card.ts';

const AT = new Date('2026-03-01T10:00:00Z');

function card(display: string): ApprovalCard {
  return {
    now: AT,
    approval: {
      ...{ id: 1, stepRun: 2, hash: 'a'.repeat(64), state: 'pending', requestedBy: 'U1', reason: 'stuck' },
      ...{ policy: { approvers: 1, expiresAfterMs: 900_000 }, createdAt: AT, expiresAt: AT, decisions: [] },
    },
    stepRun: {
      ...{ id: 2, run: 3, step: 'drain', title: 'Drain', purpose: 'change', verifies: null },
      ...{ state: 'awaiting_approval', effect: 'change', target: 'worker', display, requestedBy: 'U1', reason: '' },
      ...{ requestedAt: AT, startedAt: null, finishedAt: null, value: null, output: null, omittedBytes: 0 },
      ...{ error: null, passed: null },
    },
    run: {
      ...{ id: 3, runbook: 'shop/RB-1', system: 'shop', title: 'Stuck', sourceFile: 'shop/rb-1.md', sourceText: '' },
      ...{ contentHash: 'b'.repeat(64), commit: null, incident: null, channel: 'C1', thread: null, params: {} },
      ...{ requestedBy: 'U1', createdAt: AT },
    },
  };
}

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
