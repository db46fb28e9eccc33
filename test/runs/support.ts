import { findApproval } from '../../src/db/approvals.ts';
import { findRun, listStepRuns } from '../../src/db/runs.ts';
import type { Approval } from '../../src/domain/approval.ts';
import type { Person } from '../../src/domain/person.ts';
import type { Run, StepRun } from '../../src/domain/run.ts';
import { decide } from '../../src/runs/approve.ts';
import type { RunsContext } from '../../src/runs/context.ts';
import { startDiagnostics } from '../../src/runs/diagnose.ts';
import { openRun } from '../../src/runs/open.ts';
import { requestStep, type StepRequest } from '../../src/runs/request.ts';
import { ALICE, BOB, type Desk, freshKey } from '../support/desk.ts';

export const NEVER = new AbortController().signal;

/** What the tests of runs do again and again. */
export function runsOf(desk: Desk) {
  const open = async (id = 'RB-1', incident: number | null = null): Promise<Run> => {
    const found = desk.context.packs().findRunbook(id);
    if (found.status !== 'found') throw new TypeError(`There is no runbook ${id}.`);
    const opening = { requestKey: freshKey(), actor: ALICE, runbook: found.runbook, channel: 'C1', thread: null };
    return openRun(desk.context, { ...opening, incident });
  };
  const request = async (run: Run, step: string, different: Partial<StepRequest> = {}): Promise<number> => {
    const plain = { run: run.id, step, actor: ALICE, reason: 'It is stuck.', params: {}, requestKey: freshKey() };
    return (await requestStep(desk.context, { ...plain, ...different }))?.approval ?? 0;
  };
  const approve = (
    approval: number,
    person: Person = BOB,
    context: RunsContext = desk.context,
    typed: string | null = null,
  ) => decide(context, { approval, person, decision: 'approve', reason: '', typed });
  const steps = (run: Run): Promise<StepRun[]> => desk.tx((tx) => listStepRuns(tx, run.id));
  return {
    open,
    request,
    approve,
    steps,
    deny: (approval: number, person: Person = BOB, reason = 'too early') =>
      decide(desk.context, { approval, person, decision: 'deny', reason }),
    diagnose: async (run: Run) => {
      await startDiagnostics(desk.context, { run: run.id, actor: ALICE });
      await desk.work();
    },
    approval: async (id: number): Promise<Approval> => {
      const approval = await desk.tx((tx) => findApproval(tx, id));
      if (!approval) throw new TypeError(`There is no approval ${id}.`);
      return approval;
    },
    reread: async (run: Run): Promise<Run> => (await desk.tx((tx) => findRun(tx, run.id))) ?? run,
    /** State and error of the newest run of a step. */
    end: async (run: Run, step: string) => {
      const found = (await steps(run)).findLast((stepRun) => stepRun.step === step);
      return { state: found?.state, error: found?.error };
    },
  };
}
