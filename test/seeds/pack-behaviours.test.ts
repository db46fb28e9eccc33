import { beforeAll, describe, expect, it } from 'vitest';
import type { ExecutableStep, Runbook } from '../../src/domain/runbook.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';
import { ROOT } from './covers.ts';

let packs: Packs;
beforeAll(async () => {
  const dir = `${ROOT}/runbooks`;
  packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
});

function runbook(id: string): Runbook {
  const found = packs.findRunbook(id);
  if (found.status !== 'found') throw new Error(`there is no runbook ${id}`);
  return found.runbook;
}

const executable = (of: Runbook): ExecutableStep[] => of.steps.filter((step) => step.kind === 'executable');

function step(address: string): ExecutableStep {
  const [id = '', stepId] = address.split('#');
  const found = executable(runbook(id)).find((candidate) => candidate.id === stepId);
  if (!found) throw new Error(`there is no step ${address}`);
  return found;
}

describe('what the packs of the source documents need of the bot', () => {
  it('keeps five severity schemes side by side, and only their ranks can be compared', () => {
    const levels = (system: string) => packs.systems.get(system)?.severities.map(({ level, rank }) => [level, rank]);
    expect(levels('auto-broker')).toEqual([
      ['SEV1', 1],
      ['SEV2', 2],
      ['SEV3', 3],
      ['SEV4', 4],
    ]);
    // P1 is the worst in one of these and the second in the others.
    const schemes: [string, string][] = [
      ['euystacio', 'P0 P1 P2 P3'],
      ['email-ingestion', 'P1 P2 P3 P4'],
      ['agentic-platform', 'P0 P1 P2 P3'],
    ];
    for (const [system, labels] of schemes)
      expect(levels(system)).toEqual(labels.split(' ').map((label, index) => [label, index + 1]));
    expect(levels('agente-hotel')).toEqual([
      ['CRITICAL', 1],
      ['WARNING', 3],
    ]);
  });

  it('puts no alternative where steps run by themselves', () => {
    const alternatives = [...packs.runbooks.values()].flatMap(({ steps }) => steps).filter(({ option }) => option);
    expect(alternatives.length).toBeGreaterThan(60);
    expect(alternatives.filter(({ phase }) => ['diagnose', 'verify'].includes(phase))).toEqual([]);
    // Sealed or unreachable, local or on Fly, Linux or Windows, cause by cause.
    const options = (id: string) => new Set(runbook(id).steps.flatMap(({ option }) => option ?? []));
    expect([...options('RB-001')]).toHaveLength(3);
    expect([...options('EI-2-1')].join()).toMatch(/Platform Linux.*Platform Windows/u);
    expect(options('AP-S1').size).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['RB-003#wait', 'thirty seconds until the breaker of Hume AI tries again'],
    ['RB-004#closed', 'the breaker of SAP, half open and then closed'],
    ['EI-2-2#wait', 'the breaker of IMAP'],
    ['EI-2-4#wait', 'the breaker that opened, without a restart'],
    ['AH-R1#breaker_closed', 'about thirty seconds until it is half open'],
  ])('%s waits for %s', (address) => {
    expect(step(address).effect).toBe('read');
    expect(step(address).poll).not.toBeNull();
  });

  it('waits with a step that reads for what recovers by itself', () => {
    const waiting = [...packs.runbooks.values()].flatMap(executable).filter(({ poll }) => poll !== null);
    expect(waiting.length).toBeGreaterThan(15);
    for (const { effect, poll } of waiting) {
      expect(effect).toBe('read');
      expect(poll?.forMs).toBeLessThanOrEqual(60 * 60_000);
    }
    // Nothing that is endless stands in a step: bounded looks took its place.
    const endless = /^\s*(watch|top(?! -b)|tail -f)\b|\blogs\b.*\s(-f|--follow)\b|^\s*ping (?!-c)/mu;
    const unbounded = [...packs.runbooks.values()].flatMap(executable).filter(({ text }) => endless.test(text));
    expect(unbounded.map(({ text }) => text)).toEqual([]);
  });

  it('carries what a step finds to a later step that needs it', () => {
    const capturing = [...packs.runbooks.values()].flatMap((of) =>
      executable(of).flatMap((one) => one.captures.map(({ name }) => ({ of, one, name }))),
    );
    const carried = capturing.map(({ of, one, name }) => {
      const later = of.steps.slice(of.steps.indexOf(one) + 1).filter(({ kind }) => kind === 'executable');
      const uses = new RegExp(`\\$\\{?${name}\\b`, 'u');
      return [of.id, name, later.some((candidate) => 'text' in candidate && uses.test(candidate.text))];
    });
    expect(carried).toEqual(
      expect.arrayContaining([
        ['AP-P1', 'pid', true],
        ['AP-R2', 'backup_file', true],
        ['MS-B2', 'snapshot', true],
      ]),
    );
    expect(carried.filter(([, , used]) => !used)).toEqual([]);
    // One value for both steps; no step only goes to a folder, which the next one would not know.
    expect(runbook('AB-RP2').params.map(({ name }) => name)).toEqual(['recovery_target_time']);
    const folders = [...packs.runbooks.values()]
      .flatMap(executable)
      .filter(({ text }) => /^\s*cd\s+\S+\s*$/mu.test(text));
    expect(folders).toEqual([]);
  });

  it('lists workarounds as such', () => {
    expect(step('RB-014#failover').phase).toBe('workaround');
    expect(runbook('AP-S4').steps.some(({ phase }) => phase === 'workaround')).toBe(true);
  });

  it('holds deployments, rollbacks, scaling, backups and restores as runbooks that can be started', () => {
    const ids =
      'AB-RP1 AB-RP2 AB-RP3 MS-D1 MS-D2 MS-D3 MS-S1 MS-S2 MS-S3 MS-B1 MS-B2 MS-B3 MS-B4 MS-M1 MS-M2 MS-M3 MS-M4 AP-R1 AP-R2 AP-D1 AP-D3';
    for (const id of ids.split(' ')) {
      const found = runbook(id);
      expect([id, found.status]).toEqual([id, 'ready']);
      // The second site is brought up by people, so that the runbook of AB-RP1 only looks.
      if (id === 'AB-RP1') continue;
      expect([id, executable(found).some(({ effect }) => effect !== 'read')]).toEqual([id, true]);
    }
  });
});
