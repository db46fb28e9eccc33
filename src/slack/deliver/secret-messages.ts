import { findApprovalOf } from '../../db/approvals.ts';
import type { Intent } from '../../domain/intents.ts';
import type { StepRun } from '../../domain/run.ts';
import type { Delivery, Outcome } from '../../notify/delivery.ts';
import { type ApprovalCard, readApprovalCard } from '../../runs/approval-card.ts';
import { postOnce } from '../send.ts';
import { secretLostMessage, secretWantedMessage } from '../views/approval-notices.ts';
import type { Message } from '../views/message.ts';
import { lacksSecrets } from '../views/step-look.ts';
import { type DeliverDeps, GONE, read } from './deliver-context.ts';

type Of<T extends Intent['type']> = Delivery<Extract<Intent, { type: T }>>;

/** Tells whoever asked that their step waits for secrets, unless they are all there meanwhile. */
export async function deliverSecretWanted(deps: DeliverDeps, delivery: Of<'secret.wanted'>): Promise<Outcome> {
  return deliver(deps, delivery, secretWantedMessage);
}

/** Tells them that what was given is gone. */
export async function deliverSecretLost(deps: DeliverDeps, delivery: Of<'secret.lost'>): Promise<Outcome> {
  return deliver(deps, delivery, secretLostMessage);
}

async function deliver(
  deps: DeliverDeps,
  delivery: Of<'secret.wanted'> | Of<'secret.lost'>,
  view: (card: ApprovalCard, stepRun: StepRun) => Message,
): Promise<Outcome> {
  const id = delivery.intent.stepRun;
  const card = await read(deps, async (tx) => {
    const approval = await findApprovalOf(tx, id);
    return approval ? readApprovalCard(deps.context, tx, approval.id) : null;
  });
  const stepRun = card?.covered.find((one) => one.id === id);
  if (!card || !stepRun) return GONE;
  if (!lacksSecrets(stepRun)) return { status: 'obsolete', reason: `the step is ${stepRun.state}` };
  const { channel, thread } = card.run;
  const place = thread ? { channel, thread } : { channel };
  return postOnce(deps, { slot: delivery.key, ...place, message: view(card, stepRun), delivery });
}
