/**
 * How often each method that Warroom uses may be called in a minute, per workspace and app (docs.slack.dev/apis/rate-limits:
 * tiers 1 to 4 are 1, 20, 50 and 100). Where two of Slack's sources differ, the lower one holds. `perChannelMs`: posting
 * is limited to one message a second in a channel, over all ways of posting.
 */
export type MethodLimit = {
  readonly perMinute: number;
  /** So many calls may come at once. */
  readonly burst: number;
  readonly perChannelMs: number;
};

const TIER_2: MethodLimit = { perMinute: 20, burst: 6, perChannelMs: 0 };
const TIER_3: MethodLimit = { perMinute: 50, burst: 15, perChannelMs: 0 };
const TIER_4: MethodLimit = { perMinute: 100, burst: 30, perChannelMs: 0 };

export const METHOD_LIMITS = {
  'auth.test': TIER_4,
  // The workspace-wide limit of posting is not published; this stays well below what was ever reported.
  'chat.postMessage': { perMinute: 240, burst: 30, perChannelMs: 1_050 },
  'chat.postEphemeral': { ...TIER_4, perChannelMs: 1_050 },
  'chat.update': TIER_3,
  'chat.getPermalink': TIER_4,
  'conversations.archive': TIER_2,
  'conversations.create': TIER_2,
  'conversations.history': TIER_3,
  'conversations.info': TIER_3,
  'conversations.invite': TIER_3,
  'conversations.join': TIER_3,
  'conversations.list': TIER_2,
  'conversations.members': TIER_4,
  'conversations.open': TIER_3,
  'conversations.replies': TIER_3,
  'conversations.setPurpose': TIER_2,
  'conversations.setTopic': TIER_2,
  'files.completeUploadExternal': TIER_4,
  'files.getUploadURLExternal': TIER_4,
  'pins.add': TIER_2,
  'team.info': TIER_3,
  'usergroups.list': TIER_2,
  'usergroups.users.list': TIER_2,
  'users.info': TIER_4,
  'views.open': TIER_4,
  'views.publish': TIER_4,
  'views.push': TIER_4,
  'views.update': TIER_4,
} as const satisfies Record<string, MethodLimit>;

/** A method of Slack's Web API that Warroom calls. */
export type SlackMethod = keyof typeof METHOD_LIMITS;
