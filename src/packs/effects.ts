import { type Effect, exceeds, strongest } from '../domain/effect.ts';
import { type Language, READ_ONLY_PHASES } from '../domain/runbook.ts';
import { type Found, startLine } from './markdown.ts';
import type { Problem } from './problems.ts';
import type { RuleName } from './rules.ts';

/** What analysis says about one statement; the reasons are for people. */
export type StatementAnalysis = { readonly effect: Effect; readonly reasons: readonly string[] };
/** Answers null for a language that nothing analyses yet: no executor runs it either, so the step keeps what it claims. */
export type AnalyseStatement = (
  language: Language,
  text: string,
) => StatementAnalysis | null | Promise<StatementAnalysis | null>;

/** Analysis may raise an effect, never lower it; where a step must only read, a stronger effect is an error. */
export async function decideEffect(
  input: { readonly analyse: AnalyseStatement; readonly file: string },
  step: { found: Found; declared: Effect | null; language: Language; text: string },
): Promise<Effect | Problem> {
  const { found, declared } = step;
  const mustRead = found.phase !== null && READ_ONLY_PHASES.includes(found.phase);
  const place = {
    file: input.file,
    line: startLine(found.node),
    column: found.node.position?.start.column ?? 1,
  };
  const error = (rule: RuleName, message: string, fix: string): Problem => ({
    rule,
    ...place,
    severity: 'error',
    message,
    fix,
  });
  if (mustRead && declared !== null && declared !== 'read') {
    return error(
      'not-read-only',
      `a step under "${found.section}" cannot be effect=${declared}`,
      'Move it under Mitigate or Recover.',
    );
  }
  const claimed = mustRead ? 'read' : (declared ?? 'change');
  const analysed = await input.analyse(step.language, step.text);
  if (analysed === null) return claimed;
  if (claimed !== 'read' || !exceeds(analysed.effect, 'read')) return strongest(claimed, analysed.effect);
  const why = analysed.reasons.length > 0 ? `: ${analysed.reasons.join(' ')}` : '';
  return mustRead
    ? error(
        'not-read-only',
        `a step under "${found.section}" must only read, but this is ${analysed.effect}${why}`,
        'Move it under Mitigate or Recover.',
      )
    : error('effect-too-low', `the step says effect=read, but it is ${analysed.effect}${why}`, 'Remove effect=read.');
}
