import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SystemDefinition } from '../../src/domain/system.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';

let packs: Packs;
beforeAll(async () => {
  const dir = join(import.meta.dirname, '../../runbooks');
  packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
});

function system(id: string): SystemDefinition {
  const found = packs.systems.get(id);
  if (!found) throw new Error(`There is no system ${id}`);
  return found;
}

const minutes = (ms: number | null) => (ms === null ? null : ms / 60_000);
const levels = (id: string) =>
  system(id).severities.map((item) => [
    item.level,
    item.rank,
    minutes(item.respondWithinMs),
    minutes(item.resolveWithinMs),
    item.warRoom,
  ]);
/** Minutes until a rung is climbed, by severity; `hand` for rungs that a person climbs. */
const ladder = (id: string) =>
  system(id).escalation.map((rung) => [
    rung.contact,
    rung.triggers
      .map((trigger) =>
        trigger.kind === 'elapsed' ? `${trigger.severity} ${minutes(trigger.afterMs)}` : trigger.kind.slice(0, 6),
      )
      .join(', '),
  ]);

describe('the process of Agentic Platform', () => {
  it('has four levels, and a channel for the two worst', () => {
    expect(levels('agentic-platform')).toEqual([
      ['P0', 1, 5, null, 'channel'],
      ['P1', 2, 15, null, 'channel'],
      ['P2', 3, 60, null, 'none'],
      ['P3', 4, 1440, null, 'none'],
    ]);
  });

  it('reaches the team lead after 30 minutes, the director after one hour and the CTO after two', () => {
    expect(ladder('agentic-platform').slice(0, 4)).toEqual([
      ['on-call', 'P0 0, P1 0, P2 0, P3 0'],
      ['team-lead', 'P0 30, P1 30, P2 30, manual'],
      ['director', 'P0 60, manual'],
      ['cto', 'P0 120, P1 120, manual'],
    ]);
  });

  it('asks for the first update within a quarter of an hour, and goes through nine items a month', () => {
    const inform = system('agentic-platform').milestones.find(({ id }) => id === 'inform');
    expect([minutes(inform?.afterMs ?? null), inform?.severities]).toEqual([15, ['P0', 'P1']]);
    const [monthly] = system('agentic-platform').checklists;
    expect([monthly?.every, monthly?.items.length]).toEqual(['month', 9]);
  });
});

describe('the process of Agente Hotel', () => {
  it('has two levels and no room of its own', () => {
    expect(levels('agente-hotel')).toEqual([
      ['CRITICAL', 1, null, 30, 'hub-thread'],
      ['WARNING', 3, null, 10, 'none'],
    ]);
  });

  it('asks for the next page when the time of the issue is over', () => {
    expect(
      system('agente-hotel').milestones.map((item) => [item.id, minutes(item.afterMs), item.severities.join()]),
    ).toEqual([
      ['database-lead', 10, 'CRITICAL'],
      ['pms-lead', 15, 'CRITICAL'],
      ['architecture-review', 20, 'WARNING'],
      ['capacity-planning', 60, 'WARNING'],
    ]);
    const byHand = ladder('agente-hotel').filter(([, when]) => when === 'manual');
    expect(byHand.map(([contact]) => contact)).toEqual(
      expect.arrayContaining(['database-lead', 'pms-lead', 'architecture-review', 'capacity-planning', 'security']),
    );
  });

  it('answers each of its six alerts with one runbook', () => {
    const alerts = [...packs.runbooks.values()]
      .filter((runbook) => runbook.system === 'agente-hotel')
      .flatMap((runbook) => runbook.alerts.map((alert) => [alert, runbook.id, minutes(runbook.rtoMs)]));
    expect(alerts.sort()).toEqual([
      ['DatabaseDown', 'AH-R2', 30],
      ['HighErrorRate', 'AH-Q5', null],
      ['HighOrchestrationLatency', 'AH-R3', 10],
      ['PMSCircuitBreakerOpen', 'AH-R1', 15],
      ['RateLimitSpike', 'AH-R4', 5],
      ['RedisDown', 'AH-Q3', null],
    ]);
  });
});
