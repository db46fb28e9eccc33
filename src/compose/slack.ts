import type { RequestListener } from 'node:http';
import { groupsThatMatter } from '../config/settings.ts';
import { findMessage } from '../db/messages.ts';
import { enqueue } from '../db/outbox.ts';
import { withTransaction } from '../db/transaction.ts';
import type { Intent } from '../domain/intents.ts';
import { pageUnreachable } from '../escalation/unreachable.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Deliverers, OnGivenUp } from '../notify/delivery.ts';
import type { RunsContext } from '../runs/context.ts';
import type { DrillGround } from '../runs/drill.ts';
import { createSlackApp, type SlackConnection } from '../slack/app.ts';
import { SlackCallError } from '../slack/client.ts';
import { loadCommands } from '../slack/commands.ts';
import { slackDeliverers } from '../slack/deliver/deliverers.ts';
import { admit } from '../slack/gate.ts';
import { createHub } from '../slack/hub.ts';
import { registerListeners } from '../slack/listeners/register.ts';
import { SLACK_PATH } from '../slack/receivers.ts';
import type { Ui } from '../slack/ui.ts';
import { createUserGroups } from '../slack/user-groups.ts';
import { type MembersOf, requireSatisfiable } from './check-policies.ts';
import type { HttpPart } from './http-server.ts';

export type SlackParts = {
  readonly deliverers: Deliverers;
  readonly onGivenUp: OnGivenUp;
  /** Over HTTP: where Slack's requests arrive. */
  readonly handler: HttpPart | null;
  readonly connected: () => boolean;
  /** Who belongs to a user group, asked at most once a minute. */
  readonly membersOf: MembersOf;
  /** Judges somebody's link to a step again; see `PageGuards`. */
  readonly stillMay: (person: string, stepRun: number) => Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Leaves the welcome message of a new workspace in the outbox, once. */
  welcome(): Promise<void>;
};

/** Joins the use cases with Slack: what people do comes in through listeners, what was decided goes out through deliverers. */
export async function connectSlack(options: {
  readonly connection: SlackConnection;
  readonly context: RunsContext;
  readonly drills: DrillGround;
  readonly log: Log;
  readonly clock: Clock;
  /** What outgoing calls are paced by. */
  readonly pace: Clock;
}): Promise<SlackParts> {
  const { connection, context, log, clock } = options;
  const slack = createSlackApp({ config: connection, log, clock, pace: options.pace });
  const hub = createHub({ pool: context.pool, call: slack.call, name: context.settings.hub });
  const userGroups = createUserGroups({ call: slack.call, groups: groupsThatMatter(context.settings), clock, log });
  const membersOf = (group: string) => userGroups.findMembers(group, 'interactive');
  await requireSatisfiable(context.settings, context.packs(), { membersOf, clock, log });
  const teamId = async () => (await slack.identity()).teamId;
  const people = { call: slack.call, pool: context.pool, teamId, userGroups };
  const ui = { context: { ...context, drills: options.drills }, call: slack.call, people, hub, log };
  registerListeners(slack.app, ui, await loadCommands());
  return {
    deliverers: slackDeliverers({ pool: context.pool, call: slack.call, log, context, hub, identity: slack.identity }),
    onGivenUp: async (tx, intent, reason) => givenUp(context, tx, intent, reason),
    handler: slack.handler ? mount(slack.handler) : null,
    connected: () => slack.connections() !== 0,
    membersOf,
    stillMay: (person, stepRun) => stillMay(ui, person, stepRun),
    start: slack.start,
    stop: slack.stop,
    welcome: () =>
      withTransaction(context.pool, async (tx) => {
        if (!(await findMessage(tx, 'welcome'))) await enqueue(tx, { type: 'welcome' });
      }),
  };
}

/** As the button that made the link judged some minutes ago. That answer counts on while Slack cannot be asked. */
async function stillMay(ui: Ui, person: string, stepRun: number): Promise<void> {
  try {
    await admit(ui, { user: person }, { kind: 'step', id: stepRun }, 'responder');
  } catch (error) {
    if (!(error instanceof SlackCallError)) throw error;
    ui.log.warn({ error, person }, 'A link was opened while Slack could not be asked about its person.');
  }
}

/** Over HTTP Slack's requests come in at one path of the common port. */
function mount(listener: RequestListener): HttpPart {
  return {
    handle: (req, res) => {
      if ((req.url ?? '').split('?')[0] !== SLACK_PATH) return false;
      listener(req, res);
      return Promise.resolve(true as const);
    },
  };
}

/** A page that Slack refused for good reached nobody: that has to be said, and the ladder goes on. */
async function givenUp(
  context: RunsContext,
  tx: Parameters<OnGivenUp>[0],
  intent: Intent,
  reason: string,
): Promise<void> {
  if (intent.type === 'page.send') await pageUnreachable(tx, context, { page: intent.page, reason });
}
