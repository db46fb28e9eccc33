import type { StepStatus } from '../../runs/run-card.ts';
import { headAndTail } from '../text-safety.ts';
import { actions, type Block, button } from './blocks.ts';

/** The ways to what a card has no room for, or must not show: `room` is the characters of output that it shows. */
export function outputButtons({ step, stepRun }: StepStatus, room: number): Block[] {
  if (step.kind !== 'executable' || !stepRun?.startedAt || !stepRun.finishedAt || stepRun.state === 'refused')
    return [];
  const value = String(stepRun.id);
  if (step.sensitive) return [actions([button({ action: 'output.show', text: 'Show the output', value })])];
  const output = stepRun.output ?? '';
  if (stepRun.omittedBytes === 0 && headAndTail(output, room) === headAndTail(output, Number.POSITIVE_INFINITY))
    return [];
  return [actions([button({ action: 'output.file', text: 'Output as a file', value })])];
}
