import { WebClient } from '@slack/web-api';
import type { Lane } from '../domain/intents.ts';
import { InternalError } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { Secret } from '../lib/secret.ts';
import { boltLogger } from './bolt-log.ts';
import type { SlackMethod } from './method-tiers.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { classifyFailure, type SlackFailure } from './retry-table.ts';

/** A call that hangs would hold its lane for ever: WebClient itself has no timeout. */
const TIMEOUT_MS = 10_000;
/** A turn that is farther away than this is left to the outbox, which has other work meanwhile. */
const MAX_WAIT_MS = 8_000;
/** A dialog's trigger lives 3 s: waiting longer for its turn is of no use. */
const MAX_WAIT_DIALOG_MS = 1_500;

/** Clients that share nothing: a queue, a pause or a slow answer of one never delays another. */
export type SlackClients = { readonly page: WebClient; readonly interactive: WebClient; readonly bulk: WebClient };

export type SlackAccess = {
  readonly botToken: Secret;
  /** Another server that speaks Slack's Web API; Slack itself when left out. */
  readonly apiUrl?: string | null | undefined;
  readonly log: Log;
  readonly timeoutMs?: number;
};

/**
 * Options for one client of Slack, always a new object: the libraries write into what they are given (reference: the
 * retry policy and the logger leak through a shared one). No retries of its own, because a repeated chat.postMessage posts
 * twice; a 429 comes back at once instead of pausing the client's whole queue.
 */
export function webClientOptions(
  access: Omit<SlackAccess, 'botToken'>,
): NonNullable<ConstructorParameters<typeof WebClient>[1]> {
  return {
    ...(access.apiUrl ? { slackApiUrl: access.apiUrl } : {}),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: access.timeoutMs ?? TIMEOUT_MS,
    logger: boltLogger(access.log.child({ part: 'slack-client' })),
  };
}

/** Makes the clients of the lanes. */
export function createSlackClients(access: SlackAccess): SlackClients {
  const create = (): WebClient => new WebClient(access.botToken.reveal(), webClientOptions(access));
  return { page: create(), interactive: create(), bulk: create() };
}

type Methods = {
  'auth.test': WebClient['auth']['test'];
  'chat.postMessage': WebClient['chat']['postMessage'];
  'chat.postEphemeral': WebClient['chat']['postEphemeral'];
  'chat.update': WebClient['chat']['update'];
  'chat.getPermalink': WebClient['chat']['getPermalink'];
  'conversations.archive': WebClient['conversations']['archive'];
  'conversations.create': WebClient['conversations']['create'];
  'conversations.history': WebClient['conversations']['history'];
  'conversations.info': WebClient['conversations']['info'];
  'conversations.invite': WebClient['conversations']['invite'];
  'conversations.join': WebClient['conversations']['join'];
  'conversations.list': WebClient['conversations']['list'];
  'conversations.members': WebClient['conversations']['members'];
  'conversations.open': WebClient['conversations']['open'];
  'conversations.replies': WebClient['conversations']['replies'];
  'conversations.setPurpose': WebClient['conversations']['setPurpose'];
  'conversations.setTopic': WebClient['conversations']['setTopic'];
  'files.completeUploadExternal': WebClient['files']['completeUploadExternal'];
  'files.getUploadURLExternal': WebClient['files']['getUploadURLExternal'];
  'pins.add': WebClient['pins']['add'];
  'team.info': WebClient['team']['info'];
  'usergroups.list': WebClient['usergroups']['list'];
  'usergroups.users.list': WebClient['usergroups']['users']['list'];
  'users.info': WebClient['users']['info'];
  'views.open': WebClient['views']['open'];
  'views.publish': WebClient['views']['publish'];
  'views.push': WebClient['views']['push'];
  'views.update': WebClient['views']['update'];
} & Record<SlackMethod, unknown>;

export type SlackArguments<M extends SlackMethod> = NonNullable<Parameters<Methods[M]>[0]>;
export type SlackResult<M extends SlackMethod> = Awaited<ReturnType<Methods[M]>>;

/** One call to Slack, in its turn. Rejects with a SlackCallError. */
export type SlackCaller = <M extends SlackMethod>(
  lane: Lane,
  method: M,
  args: SlackArguments<M>,
) => Promise<SlackResult<M>>;

/** A call to Slack that failed. `failure.code` is Slack's name of the error. */
export class SlackCallError extends InternalError {
  readonly method: SlackMethod;
  readonly failure: SlackFailure;

  constructor(method: SlackMethod, failure: SlackFailure, cause?: unknown) {
    super('slack.call', `${method} failed: ${failure.reason}.`, {
      cause,
      context: { method, slackError: failure.code },
    });
    this.method = method;
    this.failure = failure;
  }
}

/** Whether `error` is a failed call with one of these codes, such as `already_pinned`. */
export function isSlackError(error: unknown, ...codes: readonly string[]): error is SlackCallError {
  return error instanceof SlackCallError && codes.includes(error.failure.code);
}

/** Makes the function through which every call to Slack goes. */
export function createSlackCaller(deps: { clients: SlackClients; limiter: RateLimiter; log: Log }): SlackCaller {
  return async <M extends SlackMethod>(lane: Lane, method: M, args: SlackArguments<M>): Promise<SlackResult<M>> => {
    const channel = 'channel' in args && typeof args.channel === 'string' ? args.channel : undefined;
    const maxWaitMs = method.startsWith('views.') ? MAX_WAIT_DIALOG_MS : MAX_WAIT_MS;
    const admission = await deps.limiter.admit({ lane, method, channel, maxWaitMs });
    if (admission.status === 'refused') {
      const reason = 'its turn within the limits of Slack is too far away (ratelimited)';
      const { afterMs } = admission;
      throw new SlackCallError(method, { code: 'ratelimited', retry: true, uncertain: false, reason, afterMs });
    }
    try {
      // The argument and the result are those of the method by its entry in `Methods`.
      return (await clientOf(deps.clients, lane).apiCall(method, { ...args })) as SlackResult<M>;
    } catch (error) {
      const failure = classifyFailure(error);
      if (failure.code === 'ratelimited') {
        deps.limiter.pause(method, failure.afterMs);
        deps.log.warn({ method, lane, afterMs: failure.afterMs }, 'Slack asked for a pause of one method.');
      }
      throw new SlackCallError(method, failure, error);
    }
  };
}

function clientOf(clients: SlackClients, lane: Lane): WebClient {
  return lane === 'page' || lane === 'interactive' ? clients[lane] : clients.bulk;
}
