/** Buttons and menus that somebody can use, stable over releases because old messages keep theirs. */
export const ACTION_IDS = [
  'incident.declare',
  'incident.acknowledge',
  'incident.command',
  'incident.severity',
  'incident.update',
  'incident.escalate',
  'incident.resolve',
  'incident.status',
  'incident.pick',
  'page.acknowledge',
  'ladder.next',
  'ladder.skip',
  'ladder.stop',
  'ladder.resume',
  'runbook.open',
  'runbook.search',
  'runbook.pick',
  'run.diagnose',
  'run.verify',
  'step.request',
  'step.tick',
  'approval.approve',
  'approval.deny',
  'approval.alone',
  'approval.break_glass',
  'plan.request',
  'drill.start',
  'declare.system',
] as const;
export type ActionId = (typeof ACTION_IDS)[number];

/** Modals that somebody can submit. */
export const CALLBACK_IDS = [
  'incident.declare',
  'incident.severity',
  'incident.update',
  'incident.resolve',
  'step.request',
  'plan.request',
  'approval.approve',
  'approval.deny',
  'approval.alone',
  'approval.break_glass',
  'runbook.search',
] as const;
export type CallbackId = (typeof CALLBACK_IDS)[number];
