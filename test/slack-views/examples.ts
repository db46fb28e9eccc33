import type { Approval } from '../../src/domain/approval.ts';
import { DEFAULT_POLICIES } from '../../src/domain/approval-policy.ts';
import type { Page } from '../../src/domain/escalation.ts';
import type { Incident } from '../../src/domain/incident.ts';
import type { Run, StepRun } from '../../src/domain/run.ts';
import type { ExecutableStep, ManualStep, Runbook, Step } from '../../src/domain/runbook.ts';
import type { Rung, Severity, SystemDefinition } from '../../src/domain/system.ts';
import type { Ladder } from '../../src/escalation/ladder.ts';
import type { IncidentCard } from '../../src/incidents/incident-card.ts';
import type { ApprovalCard } from '../../src/runs/approval-card.ts';
import type { RunCard, StepStatus } from '../../src/runs/run-card.ts';

/** Half past two in the morning: the moment that all examples share. */
export const NOW = new Date('2026-03-01T02:30:00Z');
export const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);

export const SEV1: Severity = {
  level: 'SEV1',
  rank: 1,
  definition: 'No quotes can be made',
  examples: [],
  respondWithinMs: 300_000,
  resolveWithinMs: 3_600_000,
  warRoom: 'channel',
};

export function aRung(id: string, more: Partial<Rung> = {}): Rung {
  return {
    id,
    title: `Level ${id}`,
    contact: 'on-call',
    triggers: [{ kind: 'elapsed', severity: 'SEV1', afterMs: 1_800_000 }],
    until: 'resolved',
    repeatEveryMs: 300_000,
    maxPages: 5,
    ...more,
  };
}

export function aSystem(more: Partial<SystemDefinition> = {}): SystemDefinition {
  return {
    id: 'auto-broker',
    name: 'Auto-Broker',
    description: 'Quotes and shipments',
    severities: [SEV1, { ...SEV1, level: 'SEV2', rank: 2, definition: 'A critical feature is degraded' }],
    milestones: [{ id: 'assess', title: 'Assess', afterMs: 300_000, severities: [], settledBy: 'assessed' }],
    contacts: [{ id: 'on-call', name: 'On-call engineer', note: null }],
    escalation: [aRung('l1')],
    stakeholders: ['Sales', 'Support'],
    components: [],
    targets: [],
    responders: ['on-call'],
    checklists: [],
    thresholds: [],
    metrics: [],
    ...more,
  };
}

export function anIncident(more: Partial<Incident> = {}): Incident {
  return {
    number: 7,
    title: 'Quotes fail with error 500',
    system: 'auto-broker',
    severity: 'SEV1',
    rank: 1,
    status: 'open',
    impact: 'Nobody can get a quote',
    customerImpactSince: minutesAgo(20),
    runbook: 'auto-broker/RB-012',
    declaredBy: 'U0ONCALL01',
    declaredAt: minutesAgo(20),
    acknowledgedBy: null,
    acknowledgedAt: null,
    commander: null,
    resolvedBy: null,
    resolvedAt: null,
    summary: null,
    private: false,
    warRoom: 'channel',
    room: { channel: 'C0ROOM0001', thread: null },
    ...more,
  };
}

export function aStep(id: string, more: Partial<ExecutableStep> = {}): ExecutableStep {
  return {
    kind: 'executable',
    id,
    title: `Step ${id}`,
    phase: 'diagnose',
    option: null,
    description: '',
    position: { file: 'auto-broker/rb-012.md', line: 1, column: 1 },
    language: 'redis',
    text: `GET ${id}`,
    target: 'cache',
    effect: 'read',
    timeoutMs: null,
    when: null,
    expect: null,
    verify: null,
    retry: 0,
    poll: null,
    sensitive: false,
    captures: [],
    revert: null,
    quorum: null,
    ...more,
  };
}

export function aManualStep(id: string, text: string): ManualStep {
  const { phase, option, description, position } = aStep(id, { phase: 'recover' });
  return { kind: 'manual', id, title: text, phase, option, description, position, text };
}

export function aRunbook(steps: readonly Step[], more: Partial<Runbook> = {}): Runbook {
  return {
    id: 'RB-012',
    system: 'auto-broker',
    title: 'FRANCO retention agent failure',
    status: 'ready',
    severity: 'SEV3',
    alerts: [],
    rtoMs: 600_000,
    timeoutMs: null,
    stakeholders: ['Account team'],
    symptoms: ['Retention calls are not placed'],
    blastRadius: [
      { level: 'warn', text: 'Customers are not followed up' },
      { level: 'ok', text: 'Active shipments are untouched' },
    ],
    params: [],
    steps,
    prose: [],
    links: [],
    source: { file: 'auto-broker/rb-012.md', contentHash: 'a'.repeat(64), commit: 'b'.repeat(40), text: '' },
    ...more,
  };
}

export function aRun(more: Partial<Run> = {}): Run {
  return {
    id: 3,
    runbook: 'auto-broker/RB-012',
    system: 'auto-broker',
    title: 'FRANCO retention agent failure',
    sourceFile: 'auto-broker/rb-012.md',
    sourceText: '',
    contentHash: 'a'.repeat(64),
    commit: 'b'.repeat(40),
    incident: 7,
    channel: 'C0ROOM0001',
    thread: null,
    params: {},
    requestedBy: 'U0ONCALL01',
    createdAt: minutesAgo(5),
    rehearsal: false,
    ...more,
  };
}

export function aStepRun(step: ExecutableStep, more: Partial<StepRun> = {}): StepRun {
  return {
    id: 11,
    run: 3,
    step: step.id,
    title: step.title,
    purpose: step.effect === 'read' ? 'diagnose' : 'change',
    verifies: null,
    state: 'ok',
    effect: step.effect,
    target: step.target,
    display: step.text,
    requestedBy: 'U0ONCALL01',
    reason: 'the backlog grows',
    requestedAt: minutesAgo(3),
    startedAt: minutesAgo(2),
    finishedAt: minutesAgo(1),
    value: { value: 'open' },
    output: 'open',
    omittedBytes: 0,
    error: null,
    passed: true,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    secretsWanted: 0,
    secretsGiven: 0,
    ...more,
  };
}

export function aStatus(step: Step, more: Partial<StepStatus> = {}): StepStatus {
  return {
    step,
    stepRun: null,
    approval: null,
    tick: null,
    offered: null,
    unavailable: null,
    holder: null,
    place: null,
    ...more,
  };
}

export function aRunCard(steps: readonly StepStatus[], more: Partial<RunCard> = {}): RunCard {
  return {
    run: aRun(),
    runbook: aRunbook(steps.map((status) => status.step)),
    incident: anIncident(),
    steps,
    busy: 0,
    temporary: [],
    tooOld: false,
    now: NOW,
    ...more,
  };
}

export function anApproval(more: Partial<Approval> = {}): Approval {
  return {
    id: 5,
    stepRun: 11,
    hash: 'c'.repeat(64),
    state: 'pending',
    policy: DEFAULT_POLICIES.change,
    requesterGroups: [],
    requestedBy: 'U0ONCALL01',
    reason: 'the breaker is open',
    createdAt: minutesAgo(1),
    expiresAt: new Date(NOW.getTime() + 840_000),
    decisions: [],
    ...more,
  };
}

export function anApprovalCard(more: Partial<Approval> = {}, stepRun: Partial<StepRun> = {}): ApprovalCard {
  const step = aStep('reset', {
    title: 'Close the breaker',
    effect: 'change',
    text: 'DEL circuit_breaker:franco_retell',
  });
  const asked = aStepRun(step, {
    state: 'awaiting_approval',
    startedAt: null,
    finishedAt: null,
    output: null,
    ...stepRun,
  });
  return {
    approval: anApproval(more),
    stepRun: asked,
    covered: [asked],
    run: aRun(),
    incident: null,
    approvers: [],
    targetToType: asked.target,
    now: NOW,
  };
}

export function aPage(more: Partial<Page> = {}): Page {
  return {
    id: 9,
    incident: 7,
    rung: 'l1',
    contact: 'on-call',
    state: 'open',
    sends: 1,
    lastSendAt: minutesAgo(10),
    dueAt: NOW,
    createdAt: minutesAgo(10),
    acknowledgedBy: null,
    acknowledgedAt: null,
    ...more,
  };
}

export function anIncidentCard(incident: Partial<Incident> = {}, more: Partial<IncidentCard> = {}): IncidentCard {
  const system = aSystem();
  const whole = anIncident(incident);
  const milestone = system.milestones[0];
  const deadline = milestone ? { milestone, due: minutesAgo(-4), settled: false } : null;
  return {
    incident: whole,
    system,
    severity: SEV1,
    runbook: aRunbook([]),
    deadlines: deadline ? [deadline] : [],
    nextDeadline: deadline,
    resolveBy: new Date(whole.declaredAt.getTime() + 3_600_000),
    latestUpdate: null,
    pages: [],
    temporary: [],
    now: NOW,
    ...more,
  };
}

export function aLadder(rungs: readonly Rung[], more: Partial<Ladder> = {}): Ladder {
  const system = aSystem({ escalation: rungs });
  const incident = anIncident();
  return {
    incident,
    system,
    rungs: rungs.map((rung) => ({ rung, contactName: rung.contact, record: null, page: null, dueAt: null })),
    next: rungs[0] ?? null,
    stopped: null,
    view: { rungs, incident, openBySeverity: { SEV1: 1 }, records: [], pages: [], stopped: false },
    now: NOW,
    ...more,
  };
}
