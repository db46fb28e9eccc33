import type { ViewOutput } from '@slack/bolt';
import { z } from 'zod';
import type { DecisionKind } from '../../domain/approval.ts';
import { changeSeverity, postUpdate, resolveIncident } from '../../incidents/change.ts';
import { declareIncident } from '../../incidents/declare.ts';
import type { UserError } from '../../lib/errors.ts';
import { requestStep } from '../../runs/request.ts';
import { type Admitted, type Guarded, guard, type Subject } from '../gate.ts';
import { openRunbook } from '../runbook-gestures.ts';
import type { Answer, Ui, Visitor } from '../ui.ts';
import type { CallbackId } from '../views/action-ids.ts';
import { NO_RUNBOOK, runbookBlock, severityBlock } from '../views/declare-modal.ts';
import { approvalData, submitDecision, submitPlan } from './approval-gestures.ts';
import { submitRun } from './step-gestures.ts';
import { blocksOf, metadataOf, valuesOf } from './view-values.ts';

/** A form that somebody submitted. */
export type Form = {
  /**
   * Carries it out, for whoever may do it when it is submitted: since it was opened somebody may have left the room or the
   * group. A UserError leaves the form open with its sentence below a field.
   */
  readonly submit: Guarded<ViewOutput>;
  /** Below which input a sentence belongs: block ids by the name of the field, the first block otherwise. */
  readonly field: (error: UserError, view: ViewOutput) => string;
};

type Work = (ui: Ui, visitor: Admitted, view: ViewOutput) => Promise<Answer>;

const incidentData = z.object({ incident: z.int() });
const runData = z.object({ run: z.int() });
const placeData = z.object({
  channel: z.string().nullable(),
  thread: z.string().nullable(),
  incident: z.int().nullable(),
});

function onIncident(
  work: (ui: Ui, visitor: Admitted, form: { incident: number; view: ViewOutput }) => Promise<Answer>,
) {
  const incidentOf = (view: ViewOutput) => metadataOf(view, incidentData).incident;
  return guard<ViewOutput>(
    { about: 'incident', needs: 'responder' },
    (view) => ({ kind: 'incident', id: incidentOf(view) }),
    (ui, visitor, view) => work(ui, visitor, { incident: incidentOf(view), view }),
  );
}

function onRun(work: Work): Guarded<ViewOutput> {
  const subject = (view: ViewOutput): Subject => ({ kind: 'run', id: metadataOf(view, runData).run });
  return guard({ about: 'run', needs: 'responder' }, subject, work);
}

const only =
  (block: string): Form['field'] =>
  () =>
    block;

/** All forms by their callback id. */
export const FORMS: Readonly<Record<CallbackId, Form>> = {
  'incident.declare': {
    submit: guard(
      { about: 'system', needs: 'responder' },
      (view) => ({ kind: 'system', system: valuesOf(view)('system') }),
      declare,
    ),
    field: declareField,
  },
  'incident.severity': {
    submit: onIncident(async (ui, { person: actor, requestKey }, { incident, view }) => {
      const values = valuesOf(view);
      const wanted = { severity: values('severity'), reason: values('reason') };
      await changeSeverity(ui.context, { incident, actor, requestKey, ...wanted });
      return null;
    }),
    field: (error) => (error.context.field === 'reason' ? 'reason' : 'severity'),
  },
  'incident.update': {
    submit: onIncident(async (ui, { person: actor, requestKey }, { incident, view }) => {
      await postUpdate(ui.context, { incident, actor, text: valuesOf(view)('text'), requestKey });
      return null;
    }),
    field: only('text'),
  },
  'incident.resolve': {
    submit: onIncident(async (ui, { person: actor, requestKey }, { incident, view }) => {
      const said = { summary: valuesOf(view)('summary'), leave: valuesOf(view)('leave') };
      await resolveIncident(ui.context, { incident, actor, ...said, requestKey });
      return null;
    }),
    // What became temporary after the form was opened has no field in it.
    field: (error, view) =>
      ['leave', 'reason'].includes(String(error.context.field)) && blocksOf(view).includes('leave')
        ? 'leave'
        : 'summary',
  },
  'step.request': { submit: onRun(requestFromForm), field: stepField },
  'step.run': { submit: onRun(submitRun), field: stepField },
  'plan.request': {
    submit: onRun(submitPlan),
    field: (error) => (error.context.field === 'reason' ? 'reason' : 'steps'),
  },
  'approval.approve': decisionForm('approve', 'target'),
  'approval.deny': decisionForm('deny', 'reason'),
  'approval.alone': decisionForm('alone', 'reason'),
  'approval.break_glass': decisionForm('break_glass', 'reason'),
  'runbook.search': { submit: openFromSearch(), field: only('runbook') },
};

function decisionForm(decision: DecisionKind, block: string): Form {
  const submit = guard<ViewOutput>(
    { about: 'approval', needs: 'policy' },
    (view) => ({ kind: 'approval', id: metadataOf(view, approvalData).approval }),
    (ui, visitor, view) => submitDecision(ui, visitor, { view, decision }),
  );
  return { submit, field: only(block) };
}

/** It is opened where somebody searched, not where they submit. */
function openFromSearch(): Guarded<ViewOutput> {
  const submit = async (ui: Ui, visitor: Visitor, view: ViewOutput) => {
    const { incident, ...place } = metadataOf(view, placeData);
    return openRunbook(ui, { ...visitor, ...place }, { id: valuesOf(view)('runbook'), incident });
  };
  return Object.assign(submit, { rule: openRunbook.rule });
}

async function declare(ui: Ui, visitor: Admitted, view: ViewOutput): Promise<Answer> {
  const values = valuesOf(view);
  const system = values('system');
  const runbook = values(runbookBlock(system));
  await declareIncident(ui.context, {
    requestKey: visitor.requestKey,
    actor: visitor.person,
    title: values('title'),
    system,
    severity: values(severityBlock(system)),
    impact: values('impact'),
    customerImpact: values('affected') === 'yes',
    private: values('visibility') === 'private',
    runbook: runbook === '' || runbook === NO_RUNBOOK ? null : runbook,
  });
  return null;
}

function declareField(error: UserError, view: ViewOutput): string {
  const starting = (start: string) => blocksOf(view).find((block) => block.startsWith(start)) ?? 'title';
  if (error.context.field === 'customer impact') return 'impact';
  if (error.code.startsWith('severity')) return starting('severity:');
  if (error.code.startsWith('runbook')) return starting('runbook:');
  return error.code === 'system_unknown' ? 'system' : 'title';
}

const PARAM = 'param:';

async function requestFromForm(ui: Ui, visitor: Admitted, view: ViewOutput): Promise<Answer> {
  const values = valuesOf(view);
  const { run, step } = metadataOf(view, z.object({ run: z.int(), step: z.string() }));
  const params = Object.fromEntries(
    blocksOf(view)
      .filter((block) => block.startsWith(PARAM))
      .map((block) => [block.slice(PARAM.length), values(block)]),
  );
  const { requestKey } = visitor;
  await requestStep(ui.context, {
    run,
    step,
    actor: visitor.person,
    reason: values('reason'),
    params,
    requestKey,
  });
  return null;
}

/** The sentence of a parameter names it; everything else belongs below the reason. */
function stepField(error: UserError, view: ViewOutput): string {
  const params = blocksOf(view).filter((block) => block.startsWith(PARAM));
  const name = params.find((block) => new RegExp(`\\b${block.slice(PARAM.length)}\\b`, 'u').test(error.message));
  const fallback = blocksOf(view).includes('reason') ? 'reason' : (params[0] ?? 'reason');
  return error.context.field === 'reason' ? 'reason' : (name ?? fallback);
}
