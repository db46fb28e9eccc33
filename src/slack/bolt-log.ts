import { type Logger, LogLevel } from '@slack/logger';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';

/**
 * Slack's libraries write to our log. Their debug lines hold whole requests and stay out; the level cannot be changed by
 * them.
 */
export function boltLogger(log: Log): Logger {
  const text = (parts: unknown[]): string => parts.map(messageOf).join(' ');
  return {
    debug: () => undefined,
    info: (...parts: unknown[]) => log.debug({}, text(parts)),
    warn: (...parts: unknown[]) => log.warn({}, text(parts)),
    error: (...parts: unknown[]) => log.error({}, text(parts)),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
