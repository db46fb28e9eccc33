import type { Deliverers } from '../../notify/delivery.ts';
import { deliverAnchor } from './audit-messages.ts';
import type { DeliverDeps } from './deliver-context.ts';
import { deliverAnnouncement, deliverCard, deliverClosing, deliverLadder, deliverUpdate } from './incident-messages.ts';
import { deliverPackBroken, deliverPackMended } from './pack-messages.ts';
import { deliverPage, deliverPageRefresh, deliverUnreachable } from './pages.ts';
import {
  deliverAlone,
  deliverApprovalCard,
  deliverApprovalOutcome,
  deliverPictures,
  deliverReminder,
  deliverRunCard,
  deliverWelcome,
} from './run-messages.ts';
import { deliverSecretLost, deliverSecretWanted } from './secret-messages.ts';
import { deliverInvite, deliverPin, deliverRoom, deliverTopic } from './war-room.ts';

/** Who carries out each intent in Slack. */
export function slackDeliverers(deps: DeliverDeps): Deliverers {
  return {
    'incident.announcement': (delivery) => deliverAnnouncement(deps, delivery),
    'incident.room': (delivery) => deliverRoom(deps, delivery),
    'incident.topic': (delivery) => deliverTopic(deps, delivery),
    'incident.invite': (delivery) => deliverInvite(deps, delivery),
    'incident.card': (delivery) => deliverCard(deps, delivery),
    'incident.pin': (delivery) => deliverPin(deps, delivery),
    'incident.ladder': (delivery) => deliverLadder(deps, delivery),
    'incident.update': (delivery) => deliverUpdate(deps, delivery),
    'incident.closing': (delivery) => deliverClosing(deps, delivery),
    'page.send': (delivery) => deliverPage(deps, delivery),
    'page.refresh': (delivery) => deliverPageRefresh(deps, delivery),
    'page.unreachable': (delivery) => deliverUnreachable(deps, delivery),
    'run.card': (delivery) => deliverRunCard(deps, delivery),
    'approval.card': (delivery) => deliverApprovalCard(deps, delivery),
    'approval.outcome': (delivery) => deliverApprovalOutcome(deps, delivery),
    'approval.reminder': (delivery) => deliverReminder(deps, delivery),
    'approval.alone': (delivery) => deliverAlone(deps, delivery),
    'secret.wanted': (delivery) => deliverSecretWanted(deps, delivery),
    'secret.lost': (delivery) => deliverSecretLost(deps, delivery),
    'packs.broken': (delivery) => deliverPackBroken(deps, delivery),
    'packs.mended': (delivery) => deliverPackMended(deps, delivery),
    'audit.anchor': (delivery) => deliverAnchor(deps, delivery),
    'step.pictures': (delivery) => deliverPictures(deps, delivery),
    welcome: (delivery) => deliverWelcome(deps, delivery),
  };
}
