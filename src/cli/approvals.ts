import { listPendingApprovals } from '../db/approvals.ts';
import { withTransaction } from '../db/transaction.ts';
import { missingAfter } from '../domain/approval.ts';
import { cleanText } from '../executors/output-safety.ts';
import { formatDuration } from '../lib/duration.ts';
import { plural } from '../lib/text.ts';
import { type ApprovalCard, readApprovalCard } from '../runs/approval-card.ts';
import { type Installation, withInstallation } from './open-database.ts';
import { readOptions } from './options.ts';
import type { Terminal, Verb } from './verb.ts';

/** More than that nobody decides on at a terminal. */
const SHOWN = 200;

/** `warroom approvals`: what waits for a decision, as its card in Slack shows it. */
export const approvalsVerb: Verb = {
  name: 'approvals',
  summary: 'Lists the steps that wait for somebody’s approval.',
  usage: [
    'warroom approvals          what waits, the one that expires first first, with the exact commands',
    'warroom approvals --json   [{"approval","title","runbook","incident","steps":[{"step","target","effect","command"}],…}]',
    'decide with `warroom approve` or `warroom deny`; it works while Slack is away',
  ],
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const read = readOptions(args, { verb: 'approvals', valued: [], flags: ['--json'] });
  const wrong = typeof read === 'string' ? read : read.words.length > 0 ? 'warroom approvals takes no words.' : null;
  if (wrong !== null || typeof read === 'string') {
    terminal.complain(wrong ?? '');
    return 2;
  }
  return withInstallation(terminal, async (installation) => {
    const cards = await readCards(installation);
    if (read.options.has('--json')) terminal.write(JSON.stringify(cards.map(toJson)));
    else if (cards.length === 0) terminal.write('Nothing waits for approval.');
    else terminal.write(cards.map(describe).join('\n\n'));
    return 0;
  });
}

function readCards({ pool, config }: Installation): Promise<ApprovalCard[]> {
  return withTransaction(pool, async (tx) => {
    const cards: ApprovalCard[] = [];
    for (const id of await listPendingApprovals(tx, SHOWN)) {
      const card = await readApprovalCard(config, tx, id);
      if (card) cards.push(card);
    }
    return cards;
  });
}

type Counted = { readonly given: number; readonly missing: number };

function count({ approval }: ApprovalCard): Counted {
  const given = approval.decisions.filter(({ decision }) => decision === 'approve').length;
  return { given, missing: missingAfter(approval, null) };
}

function describe(card: ApprovalCard): string {
  const { approval, covered, run } = card;
  const { given, missing } = count(card);
  const where = card.incident ? `incident ${card.incident.number}` : 'no incident';
  const left = formatDuration(approval.expiresAt.getTime() - card.now.getTime());
  const lines = [
    `${approval.id}  ${run.runbook} ${run.title} · ${where}${run.rehearsal ? ' · rehearsal: nothing is sent' : ''}`,
    `    asked by ${approval.requestedBy}: ${approval.reason}`,
    `    ${plural(given, 'approval')} given, ${missing} missing · expires in ${left}`,
    `    may decide: ${card.approvers.length === 0 ? 'every member of the workspace' : card.approvers.join(', ')}, but not ${approval.requestedBy}`,
    ...(approval.policy.typeTarget ? [`    one approver names the target: --target=${card.targetToType}`] : []),
    ...covered.flatMap((step) => [
      `    ${step.title} · ${step.effect} on ${run.system}/${step.target}`,
      ...step.display.split('\n').map((line) => `      ${line}`),
    ]),
  ];
  // What people and packs wrote must not drive the terminal on which somebody decides.
  return lines.map(cleanText).join('\n');
}

function toJson(card: ApprovalCard) {
  const { approval, covered, run } = card;
  return {
    approval: approval.id,
    title: run.title,
    runbook: run.runbook,
    incident: card.incident?.number ?? null,
    rehearsal: run.rehearsal,
    steps: covered.map(({ title, target, effect, display }) => ({
      ...{ step: title, target: `${run.system}/${target}`, effect, command: display },
    })),
    requestedBy: approval.requestedBy,
    reason: approval.reason,
    askedAt: approval.createdAt,
    expiresAt: approval.expiresAt,
    ...count(card),
    mayDecide: card.approvers,
    typeTarget: approval.policy.typeTarget ? card.targetToType : null,
  };
}
