import { describe, expect, test } from 'vitest';
import { deadlines, durationMs, nextDeadline, timeToAcknowledgeMs } from '../../src/domain/incident.ts';
import { findSeverity, type Milestone } from '../../src/domain/system.ts';
import { incident, minutes, system } from './examples.ts';

const milestone = (id: string, afterMinutes: number, settledBy: Milestone['settledBy'], severities: string[] = []) => ({
  id,
  title: id,
  afterMs: afterMinutes * 60_000,
  severities,
  settledBy,
});
const SYSTEM = system({
  milestones: [
    milestone('mitigate', 60, 'mitigated'),
    milestone('acknowledge', 5, 'acknowledged'),
    milestone('assess', 5, 'assessed'),
    milestone('inform', 15, 'stakeholders-updated', ['SEV1']),
    milestone('cause', 30, 'manual'),
  ],
});
const NOTHING = { assessed: false, stakeholdersUpdated: false, mitigated: false };

describe('deadlines', () => {
  test('come earliest first, counted from the opening, in the order of the file when equal', () => {
    const all = deadlines(SYSTEM, incident(), NOTHING);
    expect(all.map((one) => [one.milestone.id, one.due])).toEqual([
      ['acknowledge', minutes(5)],
      ['assess', minutes(5)],
      ['inform', minutes(15)],
      ['cause', minutes(30)],
      ['mitigate', minutes(60)],
    ]);
    expect(nextDeadline(all)?.milestone.id).toBe('acknowledge');
  });

  test('belong to the levels that they name', () => {
    const ids = deadlines(SYSTEM, incident({ severity: 'SEV2' }), NOTHING).map((one) => one.milestone.id);
    expect(ids).not.toContain('inform');
  });

  test('are settled by what happened', () => {
    const progress = { assessed: true, stakeholdersUpdated: true, mitigated: true };
    const all = deadlines(SYSTEM, incident({ acknowledgedAt: minutes(1) }), progress);
    expect(all.filter((one) => !one.settled).map((one) => one.milestone.id)).toEqual(['cause']);
  });

  test('are all over once the incident is resolved', () => {
    const all = deadlines(SYSTEM, incident({ status: 'resolved', resolvedAt: minutes(3) }), NOTHING);
    expect(nextDeadline(all)).toBeNull();
  });
});

describe('severities', () => {
  test('belong to their system and are found without regard to case and blanks', () => {
    expect(findSeverity(SYSTEM, ' sev2 ')?.level).toBe('SEV2');
    expect(findSeverity(SYSTEM, 'P1')).toBeNull();
  });
});

test('durations count to the resolution, or to now', () => {
  expect(durationMs(incident(), minutes(7))).toBe(7 * 60_000);
  expect(durationMs(incident({ resolvedAt: minutes(5) }), minutes(7))).toBe(5 * 60_000);
  expect(timeToAcknowledgeMs(incident())).toBeNull();
  expect(timeToAcknowledgeMs(incident({ acknowledgedAt: minutes(2) }))).toBe(2 * 60_000);
});
