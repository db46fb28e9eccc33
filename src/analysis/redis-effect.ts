import { REDIS_DESTRUCTIVE, REDIS_READS, REDIS_REFUSED, type RedisRead } from './redis-commands.ts';
import type { StatementEffect } from './statement-effect.ts';

/** A command's name as Redis itself looks it up: `get`, or `config|get` for the commands that have subcommands. */
export type RedisEffect = StatementEffect & {
  readonly name: string;
  /** One sentence why the command is never sent at all; null otherwise. */
  readonly refusal: string | null;
};

/** Most elements that one reading command may return. */
const MAX_ELEMENTS = 1_000;

/** What one Redis command does, by a reviewed list of commands, subcommands and numbers of arguments. Flags of the server mislead. */
export function redisEffect(args: readonly string[]): RedisEffect {
  const [command = '', subcommand = ''] = args.map((arg) => arg.toLowerCase());
  const pair = `${command}|${subcommand}`;
  const name = REDIS_READS.has(pair) || REDIS_DESTRUCTIVE.has(pair) ? pair : command;
  const refusal = REDIS_REFUSED.get(command) ?? null;
  if (refusal !== null) return { effect: 'destructive', reasons: [refusal], name, refusal };
  if (REDIS_DESTRUCTIVE.has(name) || REDIS_DESTRUCTIVE.has(command)) {
    return {
      effect: 'destructive',
      reasons: [`${name.replace('|', ' ').toUpperCase()} destroys data or stops the server.`],
      name,
      refusal,
    };
  }
  const objection = readingObjection(REDIS_READS.get(name), name, args);
  return objection === null
    ? { effect: 'read', reasons: [], name, refusal }
    : { effect: 'change', reasons: [objection], name, refusal };
}

function readingObjection(rule: RedisRead | undefined, name: string, args: readonly string[]): string | null {
  const shown = name.replace('|', ' ').toUpperCase();
  if (rule === undefined) return `${shown} is not on the list of reading commands.`;
  if (rule.instead !== undefined) return `${shown} ${rule.instead}`;
  const given = args.length - name.split('|').length;
  const max = rule.max ?? Number.POSITIVE_INFINITY;
  if (given < rule.min || given > max) return `${shown} is read with ${arguments_(rule.min, max)}, not ${given}.`;
  if (rule.range !== undefined) return rangeObjection(shown, args[rule.range], args[rule.range + 1]);
  if (rule.count === true) return countObjection(shown, args);
  return null;
}

function arguments_(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return `${min} or more arguments`;
  return min === max ? `${min} arguments` : `${min} to ${max} arguments`;
}

/** `0 -1` means everything: both ends must be counted from the same side and lie close together. */
function rangeObjection(name: string, first: string | undefined, last: string | undefined): string | null {
  const [start, stop] = [Number(first), Number(last)];
  const bounded =
    Number.isSafeInteger(start) && Number.isSafeInteger(stop) && start < 0 === stop < 0 && stop - start < MAX_ELEMENTS;
  return bounded
    ? null
    : `${name} without bounds may return millions of elements: ask for at most ${MAX_ELEMENTS}, for example 0 99.`;
}

function countObjection(name: string, args: readonly string[]): string | null {
  const at = args.findIndex((arg) => arg.toLowerCase() === 'count');
  const count = at < 0 ? null : Number(args[at + 1]);
  if (name.startsWith('X') && count === null)
    return `${name} without COUNT may return millions of entries: add COUNT 100.`;
  if (count === null || (Number.isSafeInteger(count) && count >= 1 && count <= MAX_ELEMENTS)) return null;
  return `${name} COUNT must be between 1 and ${MAX_ELEMENTS}.`;
}
