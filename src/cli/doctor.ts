import { ConfigError } from '../config/config-problem.ts';
import { processEnvironment } from '../config/environment.ts';
import { type Config, readConfig } from '../config/read-config.ts';
import { examineInstallation } from './doctor-examination.ts';
import type { DoctorReport } from './doctor-findings.ts';
import { describeReport } from './doctor-report.ts';
import { readOptions } from './options.ts';
import type { Terminal, Verb } from './verb.ts';

/** `warroom doctor`: what is missing before it is needed. Changes nothing anywhere. */
export const doctorVerb: Verb = {
  name: 'doctor',
  summary: 'Says what is missing: rights, scopes, targets, secrets; tries the ways out of reading steps.',
  usage: [
    'warroom doctor                          database, Slack, policies, programs, and every target with its read credential',
    'warroom doctor --target=auto-broker/api one target alone; also a whole system: --target=auto-broker',
    'warroom doctor --json                   {"ok","checks":[…],"targets":[{"target","findings","attempts":[…]}]}',
    'nothing is changed: docs/guides/security.md says what is sent and what never is',
    'exit code 0 when all is well, 1 when something was found, 2 for wrong usage',
  ],
  run,
};

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const read = readOptions(args, { verb: 'doctor', valued: ['--target'], flags: ['--json'] });
  const wrong = typeof read === 'string' ? read : read.words.length > 0 ? 'warroom doctor takes no words.' : null;
  if (wrong !== null || typeof read === 'string') {
    terminal.complain(wrong ?? '');
    return 2;
  }
  const report = await examine(read.options.get('--target') ?? null);
  if (typeof report === 'string') {
    terminal.complain(report);
    return 2;
  }
  terminal.write(read.options.has('--json') ? JSON.stringify(report) : describeReport(report));
  return report.ok ? 0 : 1;
}

/** What was found, or what is wrong with the name of the target. */
async function examine(target: string | null): Promise<DoctorReport | string> {
  let config: Config;
  try {
    config = readConfig(processEnvironment(), process.cwd());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const findings = error.problems.map(({ name, fix }) => `${name}: ${fix}`);
    return { ok: false, checks: [{ name: 'settings', said: '', findings, remarks: [] }], targets: [] };
  }
  return await examineInstallation(config, target);
}
