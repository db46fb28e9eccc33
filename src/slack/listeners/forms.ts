import type { ViewOutput } from '@slack/bolt';
import { z } from 'zod';
import type { DecisionKind } from '../../domain/approval.ts';
import { changeSeverity, postUpdate, resolveIncident } from '../../incidents/change.ts';
import { declareIncident } from '../../incidents/declare.ts';
import type { UserError } from '../../lib/errors.ts';
import { requestStep } from '../../runs/request.ts';
import { openRunbook } from '../runbook-gestures.ts';
import { type Answer, actorOf, type Ui, type Visitor } from '../ui.ts';
import type { CallbackId } from '../views/action-ids.ts';
import { NO_RUNBOOK, runbookBlock, severityBlock } from '../views/declare-modal.ts';
import { submitDecision, submitPlan } from './approval-gestures.ts';
import { submitRun } from './step-gestures.ts';
import { blocksOf, metadataOf, valuesOf } from './view-values.ts';

/** A form that somebody submitted. */
export type Form = {
  /** Carries it out. A UserError leaves the form open with its sentence below a field. */
  readonly submit: (ui: Ui, visitor: Visitor, view: ViewOutput) => Promise<Answer>;
  /** Below which input a sentence belongs: block ids by the name of the field, the first block otherwise. */
  readonly field: (error: UserError, view: ViewOutput) => string;
};

const incidentData = z.object({ incident: z.int() });

const only =
  (block: string): Form['field'] =>
  () =>
    block;

/** All forms by their callback id. */
export const FORMS: Readonly<Record<CallbackId, Form>> = {
  'incident.declare': { submit: declare, field: declareField },
  'incident.severity': {
    submit: async (ui, visitor, view) => {
      const values = valuesOf(view);
      const { incident } = metadataOf(view, incidentData);
      const actor = await actorOf(ui, visitor);
      const { requestKey } = visitor;
      const wanted = { severity: values('severity'), reason: values('reason') };
      await changeSeverity(ui.context, { incident, actor, requestKey, ...wanted });
      return null;
    },
    field: (error) => (error.context.field === 'reason' ? 'reason' : 'severity'),
  },
  'incident.update': {
    submit: async (ui, visitor, view) => {
      const { incident } = metadataOf(view, incidentData);
      const { requestKey } = visitor;
      const actor = await actorOf(ui, visitor);
      await postUpdate(ui.context, { incident, actor, text: valuesOf(view)('text'), requestKey });
      return null;
    },
    field: only('text'),
  },
  'incident.resolve': {
    submit: async (ui, visitor, view) => {
      const { incident } = metadataOf(view, incidentData);
      const { requestKey } = visitor;
      const actor = await actorOf(ui, visitor);
      const said = { summary: valuesOf(view)('summary'), leave: valuesOf(view)('leave') };
      await resolveIncident(ui.context, { incident, actor, ...said, requestKey });
      return null;
    },
    // What became temporary after the form was opened has no field in it.
    field: (error, view) =>
      ['leave', 'reason'].includes(String(error.context.field)) && blocksOf(view).includes('leave')
        ? 'leave'
        : 'summary',
  },
  'step.request': { submit: requestFromForm, field: stepField },
  'step.run': { submit: submitRun, field: stepField },
  'plan.request': { submit: submitPlan, field: (error) => (error.context.field === 'reason' ? 'reason' : 'steps') },
  'approval.approve': decisionForm('approve', 'target'),
  'approval.deny': decisionForm('deny', 'reason'),
  'approval.alone': decisionForm('alone', 'reason'),
  'approval.break_glass': decisionForm('break_glass', 'reason'),
  'runbook.search': {
    submit: async (ui, visitor, view) => {
      const schema = z.object({
        channel: z.string().nullable(),
        thread: z.string().nullable(),
        incident: z.int().nullable(),
      });
      const { incident, ...place } = metadataOf(view, schema);
      return openRunbook(ui, { ...visitor, ...place }, { id: valuesOf(view)('runbook'), incident });
    },
    field: only('runbook'),
  },
};

function decisionForm(decision: DecisionKind, block: string): Form {
  return { submit: (ui, visitor, view) => submitDecision(ui, visitor, { view, decision }), field: only(block) };
}

async function declare(ui: Ui, visitor: Visitor, view: ViewOutput): Promise<Answer> {
  const values = valuesOf(view);
  const system = values('system');
  const runbook = values(runbookBlock(system));
  await declareIncident(ui.context, {
    requestKey: visitor.requestKey,
    actor: await actorOf(ui, visitor),
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

async function requestFromForm(ui: Ui, visitor: Visitor, view: ViewOutput): Promise<Answer> {
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
    actor: await actorOf(ui, visitor),
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
