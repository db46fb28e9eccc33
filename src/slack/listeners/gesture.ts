import { type Answer, explain, type Ui } from '../ui.ts';
import { sentence } from '../views/welcome.ts';
import type { AnswerBack } from './answering.ts';

/** Said about what this version does not know any more. */
export const OLD = 'This button is from an older version of Warroom; type the command instead.';

/**
 * The one place where gestures end: an answer, a sentence about a mistake, or a reference to what broke. False when it was
 * not carried out. Never throws.
 */
export async function answering(
  ui: Ui,
  to: { readonly doing: string; readonly back: AnswerBack },
  work: () => Promise<Answer>,
): Promise<boolean> {
  let done = true;
  const answer = await work().catch((error: unknown) => {
    done = false;
    return sentence(explain(ui.log, error, to.doing));
  });
  if (answer) await quietly(ui, `answer to ${to.doing}`, () => to.back(answer));
  return done;
}

/** For what nobody can be told of: it goes to the log. */
export async function quietly(ui: Ui, doing: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    ui.log.error({ error, doing }, 'Something that nobody was waiting for failed in Slack.');
  }
}
