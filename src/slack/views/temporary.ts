import type { Run } from '../../domain/run.ts';
import type { TemporaryState } from '../../domain/temporary.ts';
import { escapeLine } from '../text-safety.ts';
import { type Block, button, context, section } from './blocks.ts';
import { mention, when } from './time-text.ts';

const SHOWN = 4;

/** What stands at the beginning of every card and message of a rehearsal. */
export function rehearsalMark(run: Pick<Run, 'rehearsal'>): string {
  return run.rehearsal ? '🎭 REHEARSAL · ' : '';
}

/** What steps left behind, each with the button that takes it back. `runOf`: the run in which its revert step is asked for. */
export function temporaryBlocks(
  states: readonly TemporaryState[],
  runOf: (state: TemporaryState) => number = ({ run }) => run,
): Block[] {
  const shown = states.slice(0, SHOWN).map((state) => {
    const value = `${runOf(state)}/${state.revertStep}`;
    return section(temporaryLine(state), button({ action: 'temporary.revert', text: 'Revert', value }));
  });
  const left = states.slice(SHOWN).map(({ title }) => escapeLine(title, 80));
  return left.length === 0 ? shown : [...shown, context(`⚠️ Also temporary: ${left.join(', ')}`.slice(0, 1_500))];
}

/** One temporary state in a line. */
export function temporaryLine(state: TemporaryState): string {
  const perhaps = state.certain ? '' : ', *if it took effect*';
  const left =
    state.leftBy && state.leftReason ? `\nLeft by ${mention(state.leftBy)}: ${escapeLine(state.leftReason, 200)}` : '';
  const by = state.begunBy === null ? '' : `, by ${mention(state.begunBy)}`;
  return `⚠️ *Temporary:* ${escapeLine(state.title, 150)} since ${when(state.since)}${by}${perhaps}${left}`;
}
