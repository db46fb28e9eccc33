import type { Config } from '../config/read-config.ts';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createSlackCaller, createSlackClients, type SlackCaller } from '../slack/client.ts';
import { RateLimiter } from '../slack/rate-limiter.ts';

/** The way to Slack with the installation's bot token; null without one, as in the local workspace. Connects to nothing yet. */
export function slackCaller(config: Pick<Config, 'slack'>, log: Log): SlackCaller | null {
  if (config.slack.mode === 'sandbox') return null;
  const { botToken, apiUrl } = config.slack;
  return createSlackCaller({
    clients: createSlackClients({ botToken, apiUrl, log }),
    limiter: new RateLimiter(systemClock),
    log,
  });
}
