import { listPendingApprovals } from '../db/approvals.ts';
import { withTransaction } from '../db/transaction.ts';
import { missingAfter } from '../domain/approval.ts';
import { cleanText } from '../executors/output-safety.ts';
import { formatDuration } from '../lib/duration.ts';
import { plural } from '../lib/text.ts';
import { type ApprovalCard, readApprovalCard } from '../runs/approval-card.ts';
import { type Installation, withInstallation } from './open-database.ts';
import { type ReadOptions, readOptions } from './options.ts';
import { isMemberId, lookUpPerson } from './person.ts';
import type { Terminal, Verb } from './verb.ts';

/** More than that nobody decides on at a terminal. */
const SHOWN = 200;

/** `warroom approvals`: what waits for a decision, as its card in Slack shows it. */
export const approvalsVerb: Verb = {
  name: 'approvals',
  summary: 'Lists the steps that wait for somebody’s approval.',
  usage: [
    'warroom approvals          what waits, the one that expires first first, with the exact commands',
    'warroom approvals --as=U…  the same with what is private, for a member of its room',
    'warroom approvals --json   [{"approval","title","runbook","incident","steps":[{"step","target","effect","command"}],…}]',
    'decide with `warroom approve` or `warroom deny`; it works while Slack is away',
  ],
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const read = readOptions(args, { verb: 'approvals', valued: ['--as'], flags: ['--json'] });
  const wrong = typeof read === 'string' ? read : whatIsWrong(read);
  if (wrong !== null || typeof read === 'string') {
    terminal.complain(wrong ?? '');
    return 2;
  }
  return withInstallation(terminal, async (installation) => {
    const all = await readCards(installation);
    const cards = await seenBy(installation, read.options.get('--as') ?? null, all);
    if (read.options.has('--json')) terminal.write(JSON.stringify(cards.map(toJson)));
    else terminal.write([...shown(cards, all.length), ...hidden(all.length - cards.length)].join('\n\n'));
    return 0;
  });
}

function whatIsWrong({ words, options }: ReadOptions): string | null {
  if (words.length > 0) return 'warroom approvals takes no words.';
  const person = options.get('--as');
  if (person === undefined || isMemberId(person)) return null;
  return 'Say who you are: --as with your Slack member id, such as --as=U012ABCDEF.';
}

/** What is private is there for the members of its room: a terminal without a person is nobody. */
async function seenBy(
  installation: Installation,
  id: string | null,
  cards: readonly ApprovalCard[],
): Promise<ApprovalCard[]> {
  const who = id === null ? null : await lookUpPerson(installation, id);
  const seen = await Promise.all(
    cards.map(async ({ incident }) => incident?.private !== true || (who !== null && (await who.sees(incident)))),
  );
  return cards.filter((_, index) => seen[index]);
}

function shown(cards: readonly ApprovalCard[], all: number): string[] {
  return cards.length === 0 && all === 0 ? ['Nothing waits for approval.'] : cards.map(describe);
}

function hidden(count: number): string[] {
  if (count === 0) return [];
  const belong = count === 1 ? '1 more belongs to a private incident' : `${count} more belong to private incidents`;
  return [`${belong}: its room sees it, with --as=U012ABCDEF here.`];
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
