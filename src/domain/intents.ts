/**
 * What the outbox holds: intents, not payloads. A message is rendered from the state at the moment of its delivery, so
 * late, retried and coalesced deliveries are always true (design §3).
 */
export type Intent =
  /** The announcement of an incident in the hub, kept current. */
  | { readonly type: 'incident.announcement'; readonly incident: number }
  /** The war room's own channel: create it. */
  | { readonly type: 'incident.room'; readonly incident: number }
  | { readonly type: 'incident.topic'; readonly incident: number }
  | { readonly type: 'incident.invite'; readonly incident: number; readonly people: readonly string[] }
  /** The status card in the war room, kept current. */
  | { readonly type: 'incident.card'; readonly incident: number }
  | { readonly type: 'incident.pin'; readonly incident: number }
  /** The escalation ladder in the war room, kept current. */
  | { readonly type: 'incident.ladder'; readonly incident: number }
  | { readonly type: 'incident.update'; readonly incident: number; readonly update: number }
  /** Duration, time to acknowledge and summary after the resolution, with the timeline as a file. */
  | { readonly type: 'incident.closing'; readonly incident: number }
  /** One sending of a page; `ordinal` counts from 1. */
  | { readonly type: 'page.send'; readonly page: number; readonly ordinal: number }
  /** Bring a page that was sent up to date (somebody acknowledged). */
  | { readonly type: 'page.refresh'; readonly page: number; readonly ordinal: number }
  /** Nobody could be reached for this page: say so loudly in the hub. */
  | { readonly type: 'page.unreachable'; readonly page: number }
  /** The card of a run, kept current. */
  | { readonly type: 'run.card'; readonly run: number }
  /** The card that asks for an approval, kept current. */
  | { readonly type: 'approval.card'; readonly approval: number }
  /** Half of the time has passed and nobody has decided: the approvers are called. */
  | { readonly type: 'approval.reminder'; readonly approval: number }
  /** Somebody went on without a second person: said in the hub. */
  | { readonly type: 'approval.alone'; readonly approval: number }
  /** Tells the requester what became of the request. */
  | { readonly type: 'approval.outcome'; readonly approval: number }
  /** A step was approved and waits for secrets: said to whoever asked. */
  | { readonly type: 'secret.wanted'; readonly stepRun: number }
  /** What people had given is gone with the process that held it. */
  | { readonly type: 'secret.lost'; readonly stepRun: number }
  /** Tells the owners of a broken file of the packs; kept current. */
  | { readonly type: 'packs.broken'; readonly notice: number }
  /** Tells them that it is good again. */
  | { readonly type: 'packs.mended'; readonly notice: number }
  /** Graphs of what a step found, as files beside the card of its run. */
  | { readonly type: 'step.pictures'; readonly stepRun: number }
  /** A head of the audit log, said in the hub so that it cannot be rewritten unseen. */
  | { readonly type: 'audit.anchor'; readonly position: number }
  /** The first message that a new workspace sees in the hub. */
  | { readonly type: 'welcome' };

/** Lanes of outgoing traffic, first served first (design §5, promise 6). */
export const LANES = ['page', 'interactive', 'card', 'cosmetic'] as const;
export type Lane = (typeof LANES)[number];

const LANE_OF: Record<Intent['type'], Lane> = {
  'page.send': 'page',
  'page.unreachable': 'page',
  'incident.announcement': 'interactive',
  'incident.room': 'interactive',
  'incident.card': 'interactive',
  'approval.card': 'interactive',
  'incident.closing': 'interactive',
  'incident.update': 'interactive',
  'approval.outcome': 'interactive',
  'approval.reminder': 'interactive',
  'approval.alone': 'interactive',
  'secret.wanted': 'interactive',
  'secret.lost': 'interactive',
  'run.card': 'card',
  'incident.ladder': 'card',
  'incident.invite': 'card',
  'incident.pin': 'cosmetic',
  'incident.topic': 'cosmetic',
  'page.refresh': 'cosmetic',
  'audit.anchor': 'cosmetic',
  'step.pictures': 'card',
  'packs.broken': 'card',
  'packs.mended': 'card',
  welcome: 'cosmetic',
};

/** The lane that an intent travels in. */
export function laneOf(intent: Intent): Lane {
  return LANE_OF[intent.type];
}

/**
 * Intents with one key are one message: a newer one replaces an older one that is still waiting, and two are never under
 * way at once.
 */
export function coalesceKey(intent: Intent): string {
  switch (intent.type) {
    case 'welcome':
      return 'welcome';
    case 'incident.update':
      return `incident:${intent.incident}:update:${intent.update}`;
    case 'incident.invite':
      return `incident:${intent.incident}:invite:${[...intent.people].sort().join('+')}`;
    case 'page.send':
    case 'page.refresh':
      return `${intent.type}:${intent.page}:${intent.ordinal}`;
    case 'page.unreachable':
      return `${intent.type}:${intent.page}`;
    case 'packs.broken':
    case 'packs.mended':
      return `${intent.type}:${intent.notice}`;
    case 'step.pictures':
      return `${intent.type}:${intent.stepRun}`;
    case 'audit.anchor':
      return `${intent.type}:${intent.position}`;
    case 'secret.wanted':
    case 'secret.lost':
      return `${intent.type}:${intent.stepRun}`;
    case 'run.card':
      return `run:${intent.run}:card`;
    case 'approval.card':
    case 'approval.outcome':
    case 'approval.reminder':
    case 'approval.alone':
      return `${intent.type}:${intent.approval}`;
    default:
      return `${intent.type}:${intent.incident}`;
  }
}
