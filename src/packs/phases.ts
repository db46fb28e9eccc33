import { PHASES, type Phase } from '../domain/runbook.ts';
import { nearest } from './problems.ts';

const TITLES = new Map<string, Phase>(PHASES.map((phase) => [phase.replace('_', ' '), phase]));

/** Phases that only describe: nothing may be run there. */
const DESCRIBING: readonly Phase[] = ['symptoms', 'blast_radius'];

/** The phase that an H2 heading names, or null when it is just a heading. */
export function phaseOf(heading: string): Phase | null {
  return TITLES.get(heading.trim().toLowerCase()) ?? null;
}

/** True when steps may stand in the section. */
export function holdsSteps(phase: Phase | null): phase is Phase {
  return phase !== null && !DESCRIBING.includes(phase);
}

/** The heading for steps that was probably meant, as it should be written; null when none is near. */
export function nearestHeading(heading: string): string | null {
  const first = heading.trim().split(/\s+/u)[0] ?? '';
  if (first === '' || phaseOf(heading) !== null) return null;
  const runnable = [...TITLES].filter(([, phase]) => holdsSteps(phase)).map(([title]) => title);
  const near = nearest(first, runnable) ?? OTHER_WORDS.get(first.toLowerCase());
  return near ? near.charAt(0).toUpperCase() + near.slice(1) : null;
}

const OTHER_WORDS = new Map([
  ['diagnosis', 'diagnose'],
  ['diagnostics', 'diagnose'],
  ['mitigation', 'mitigate'],
  ['recovery', 'recover'],
  ['resolution', 'recover'],
  ['verification', 'verify'],
  ['escalation', 'escalate'],
]);
