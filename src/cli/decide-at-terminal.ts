import type { Pool } from 'pg';
import { findApproval } from '../db/approvals.ts';
import { findIncident } from '../db/incidents.ts';
import { findRun, findStepRun } from '../db/runs.ts';
import { withTransaction } from '../db/transaction.ts';
import type { DecisionKind } from '../domain/approval.ts';
import { unknownRequest } from '../domain/unknown.ts';
import { decide } from '../runs/approve.ts';
import { describeVerdict } from '../slack/listeners/approval-gestures.ts';
import { withInstallation } from './open-database.ts';
import { lookUpPerson, operatingSystemUser, type TerminalPerson } from './person.ts';
import type { Terminal } from './verb.ts';

/** A decision as it was typed. `person`: their Slack id. */
export type TypedDecision = {
  readonly approval: number;
  readonly person: string;
  readonly decision: DecisionKind;
  readonly reason: string;
  readonly target: string | null;
};

/**
 * Decides by the same rules as a click in Slack. The step is carried out, and the cards are brought up to date, by the running
 * Warroom. Exit code 0 when the decision counts, 1 when it was refused, 2 when it could not be understood.
 */
export function decideAtTerminal(typed: TypedDecision, terminal: Terminal): Promise<number> {
  return withInstallation(terminal, async (installation) => {
    const who = await lookUpPerson(installation, typed.person);
    const { person, remark, asOf } = who;
    if (remark !== null) terminal.complain(remark);
    await requireSeen(installation.pool, typed.approval, who);
    const verdict = await decide(
      { pool: installation.pool, settings: installation.config.settings },
      {
        approval: typed.approval,
        person,
        decision: typed.decision,
        reason: typed.reason,
        typed: typed.target,
        via: 'cli',
        origin: { operatingSystemUser: operatingSystemUser(), personAsOf: asOf },
      },
    );
    const sentence = `${person.name} (${person.id}): ${describeVerdict(verdict)}`;
    if (verdict.status === 'refused') terminal.complain(sentence);
    else terminal.write(sentence);
    return verdict.status === 'refused' ? 1 : 0;
  });
}

/** What is private does not exist for who is not in its room. */
async function requireSeen(pool: Pool, approval: number, { sees }: TerminalPerson): Promise<void> {
  const incident = await withTransaction(pool, async (tx) => {
    const found = await findApproval(tx, approval);
    const stepRun = found && (await findStepRun(tx, found.stepRun));
    const run = stepRun && (await findRun(tx, stepRun.run));
    return run && run.incident !== null ? findIncident(tx, run.incident) : null;
  });
  if (!incident || (await sees(incident))) return;
  throw unknownRequest();
}
