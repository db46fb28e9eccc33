import { claimRequest, gestureKey } from '../../db/requests.ts';
import { withTransaction } from '../../db/transaction.ts';
import { type Answer, explain, type Ui } from '../ui.ts';
import { sentence } from '../views/message.ts';
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

/**
 * Carries a press or a command out once, however often its payload comes: a captured request is valid for five minutes, and
 * many gestures do something each time (page the next rung). `key`: the same for the same payload alone.
 */
export async function onlyOnce(ui: Ui, key: string, work: () => Promise<Answer>): Promise<Answer> {
  if (await withTransaction(ui.context.pool, (tx) => claimRequest(tx, gestureKey(key)))) return work();
  return sentence('This came a second time; it was taken the first time. Nothing runs twice.');
}

/** For what nobody can be told of: it goes to the log. */
export async function quietly(ui: Ui, doing: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    ui.log.error({ error, doing }, 'Something that nobody was waiting for failed in Slack.');
  }
}
