import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SystemDefinition } from '../../src/domain/system.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { formatDuration } from '../../src/lib/duration.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';

let packs: Packs;
beforeAll(async () => {
  const dir = join(import.meta.dirname, '../../runbooks');
  packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
});

function system(id: string): SystemDefinition {
  const found = packs.systems.get(id);
  if (!found) throw new Error(`there is no system ${id}`);
  return found;
}

const time = (ms: number | null) => (ms === null ? null : formatDuration(ms));
const severities = (of: SystemDefinition) =>
  of.severities.map((item) => [
    item.level,
    item.rank,
    time(item.respondWithinMs),
    time(item.resolveWithinMs),
    item.warRoom,
  ]);
const milestones = (of: SystemDefinition) =>
  of.milestones.map((item) => [item.id, time(item.afterMs), item.severities.join()]);
const ladder = (of: SystemDefinition) =>
  of.escalation.map((rung) => [
    rung.contact,
    rung.until,
    rung.triggers
      .map((when) => (when.kind === 'elapsed' ? `${when.severity} ${formatDuration(when.afterMs)}` : when.kind))
      .join(),
  ]);

describe('the process of Euystacio', () => {
  it('has P0 to P3, with times and a channel of its own for P0 alone', () => {
    expect(severities(system('euystacio'))).toEqual([
      ['P0', 1, '5m', '1h', 'channel'],
      ['P1', 2, null, null, 'hub-thread'],
      ['P2', 3, null, null, 'none'],
      ['P3', 4, null, null, 'none'],
    ]);
  });

  it('has the three stages of a P0, and the report within 48 hours', () => {
    expect(milestones(system('euystacio'))).toEqual([
      ['acknowledge', '5m', 'P0'],
      ['assess', '5m', 'P0'],
      ['root-cause', '15m', 'P0'],
      ['mitigate', '15m', 'P0'],
      ['inform', '15m', 'P0'],
      ['resolve', '1h', 'P0'],
      ['report', '2d', 'P0'],
    ]);
  });

  it('pages on-call at once, again when a P1 lasts for 15 minutes, and others by hand', () => {
    expect(ladder(system('euystacio'))).toEqual([
      ['on-call', 'acknowledged', 'P0 0s,P1 0s'],
      ['on-call', 'resolved', 'P1 15m'],
      ['system-owner', 'resolved', 'manual'],
      ['infrastructure-team', 'resolved', 'manual'],
      ['security-team', 'resolved', 'manual'],
    ]);
  });

  it('watches four ethics metrics, each with a critical and a warning limit', () => {
    const limits = system('euystacio').thresholds.map((item) => [
      item.level,
      `${item.metric} ${item.op} ${item.value}`,
      item.ideal,
    ]);
    expect(limits.slice(0, 8)).toEqual([
      ['critical', 'QEK < 0.85', 0.938],
      ['critical', 'H-VAR > 0.1', 0.043],
      ['critical', 'Ethisches Ideal < 0.95', 1],
      ['critical', 'Symbiosis Score < 0.5', null],
      ['warning', 'QEK < 0.88', 0.938],
      ['warning', 'H-VAR > 0.08', 0.043],
      ['warning', 'Ethisches Ideal < 0.97', 1],
      ['warning', 'Symbiosis Score < 0.6', null],
    ]);
    expect(
      system('euystacio')
        .thresholds.slice(8)
        .map((item) => [item.text, time(item.forMs), item.runbook]),
    ).toEqual([
      ['CPU is above 80 % for more than 10 minutes', '10m', 'MS-A4'],
      ['Memory is above 85 % for more than 10 minutes', '10m', 'MS-A5'],
    ]);
  });
});

describe('the process of Email Ingestion', () => {
  it('has P1 to P4 with their times to respond', () => {
    expect(severities(system('email-ingestion'))).toEqual([
      ['P1', 1, '15m', null, 'hub-thread'],
      ['P2', 2, '30m', null, 'hub-thread'],
      ['P3', 3, '2h', null, 'none'],
      ['P4', 4, '1d', null, 'none'],
    ]);
  });

  it('goes to the Team lead after 30 minutes of a P1 or P2, to others by hand, and leaves P3 and P4 with on-call', () => {
    expect(ladder(system('email-ingestion'))).toEqual([
      ['on-call', 'acknowledged', 'P1 0s,P2 0s,P3 0s,P4 0s'],
      ['team-lead', 'resolved', 'P1 30m,P2 30m'],
      ['infra-team', 'resolved', 'manual'],
      ['google-support', 'resolved', 'manual'],
    ]);
  });
});

describe('changing steps of both', () => {
  // Looks at a host, files that are written beside the cluster, and preparations: nothing else could tell more than they do.
  const WITHOUT_VERIFY = [
    'EI-2-1#local_ping',
    'EI-2-1#process_linux',
    'EI-2-1#process_windows',
    'EI-2-1#redis_log',
    'EI-2-2#token_info',
    'EI-2-3#token_after',
    'EI-2-3#token_info',
    'EI-2-6#process',
    'EI-2-6#worker_log',
    'MS-A1#red_code',
    'MS-B1#configmaps',
    'MS-B1#resources',
    'MS-B1#secrets',
    'MS-B2#download',
    'MS-B3#preview',
    'MS-B4#terraform_init',
    'MS-B4#terraform_plan',
    'MS-D1#diff',
    'MS-D1#tests',
    'MS-I2#gather',
  ];

  it('are followed by a step that reads, except for those that change no system', () => {
    const bare = [...packs.runbooks.values()]
      .filter((runbook) => ['euystacio', 'email-ingestion'].includes(runbook.system))
      .flatMap((runbook) =>
        runbook.steps.flatMap((step) =>
          step.kind === 'executable' && step.effect !== 'read' && step.verify === null
            ? [`${runbook.id}#${step.id}`]
            : [],
        ),
      );
    expect(bare.filter((step) => !WITHOUT_VERIFY.includes(step))).toEqual([]);
  });
});
