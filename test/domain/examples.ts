import type { Incident } from '../../src/domain/incident.ts';
import type { Param } from '../../src/domain/runbook.ts';
import type { Rung, SystemDefinition } from '../../src/domain/system.ts';

export const T0 = Date.UTC(2026, 0, 1);
/** Minutes after the opening of the example incident. */
export const minutes = (count: number) => new Date(T0 + count * 60_000);

export function incident(different: Partial<Incident> = {}): Incident {
  return {
    number: 1,
    title: 'Orders are stuck',
    system: 'shop',
    severity: 'SEV1',
    rank: 1,
    status: 'open',
    impact: '',
    customerImpactSince: null,
    runbook: null,
    declaredBy: 'UALICE',
    declaredAt: new Date(T0),
    acknowledgedBy: null,
    acknowledgedAt: null,
    commander: null,
    resolvedBy: null,
    resolvedAt: null,
    summary: null,
    warRoom: 'channel',
    private: false,
    room: null,
    ...different,
  };
}

export function rung(id: string, different: Partial<Rung> = {}): Rung {
  return {
    id,
    title: id,
    contact: id,
    triggers: [{ kind: 'elapsed', severity: 'SEV1', afterMs: 0 }],
    until: 'acknowledged',
    repeatEveryMs: null,
    maxPages: 1,
    ...different,
  };
}

export function system(different: Partial<SystemDefinition> = {}): SystemDefinition {
  const severity = (level: string, rank: 1 | 2 | 3) => ({
    level,
    rank,
    definition: level,
    examples: [],
    respondWithinMs: null,
    resolveWithinMs: null,
    warRoom: 'none' as const,
  });
  return {
    id: 'shop',
    name: 'Shop',
    description: null,
    severities: [severity('SEV1', 1), severity('SEV2', 2), severity('SEV3', 3)],
    milestones: [],
    contacts: [],
    escalation: [],
    stakeholders: [],
    components: [],
    targets: [],
    responders: [],
    checklists: [],
    thresholds: [],
    metrics: [],
    ...different,
  };
}

export function param(different: Partial<Param>): Param {
  return {
    name: 'value',
    type: 'string',
    description: null,
    default: null,
    pattern: null,
    min: null,
    max: null,
    choices: [],
    required: true,
    ...different,
  };
}
