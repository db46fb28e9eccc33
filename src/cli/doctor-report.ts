import { LAYERS } from '../executors/examination.ts';
import { cleanText } from '../executors/output-safety.ts';
import { plural } from '../lib/text.ts';
import type { Check, DoctorReport, TargetReport } from './doctor-findings.ts';

/** The report for people: one line for each part and each target, ✓ or ✗, and below it what to do. */
export function describeReport({ checks, targets }: DoctorReport): string {
  const lines = [...checks.flatMap(describeCheck), ...targets.flatMap(describeTarget)];
  const found = [...checks, ...targets].flatMap(({ findings }) => findings).length;
  const end = found === 0 ? 'All is well.' : `${plural(found, 'thing')} to mend.`;
  return [...lines, end].map(cleanText).join('\n');
}

function describeCheck({ name, said, findings, remarks }: Check): string[] {
  return [`${mark(findings)} ${name}${said === '' ? '' : `: ${said}`}`, ...details(findings, remarks)];
}

function describeTarget(report: TargetReport): string[] {
  const reached = report.reached === null ? '' : report.reached ? ' answers' : ' does not answer';
  const tried = report.attempts.length === 0 ? '' : ` · ${describeAttempts(report)}`;
  const head = `${mark(report.findings)} ${report.target} (${report.executor})${reached}${tried}`;
  return [head, ...details(report.findings, report.remarks)];
}

const WORDS = {
  statement: 'by Warroom’s reading of them',
  gate: 'by the gate before the wire',
  protocol: 'by the protocol',
  rights: 'by the rights of the read credential',
} as const;

/** How many of the escapes each layer alone would have stopped. */
function describeAttempts({ attempts }: TargetReport): string {
  const counts = LAYERS.flatMap((layer) => {
    const results = attempts.flatMap(({ layers }) => layers.filter((one) => one.layer === layer));
    const known = results.filter(({ outcome }) => outcome !== 'unknown');
    const stopped = results.filter(({ outcome }) => outcome === 'stopped').length;
    return known.length === 0 ? [] : [`${stopped} of ${known.length} ${WORDS[layer]}`];
  });
  return `escapes stopped: ${counts.join(', ')}`;
}

const mark = (findings: readonly string[]) => (findings.length === 0 ? '✓' : '✗');

function details(findings: readonly string[], remarks: readonly string[]): string[] {
  return [...findings.map((finding) => `    ${finding}`), ...remarks.map((remark) => `    (${remark})`)];
}
