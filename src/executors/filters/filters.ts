import type { Clock } from '../../lib/clock.ts';
import { systemClock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import type { BoundValue } from '../bound-values.ts';
import { type ArgumentTemplate, bindWords, literalWord, quoteWord } from '../command-line.ts';
import type { BoundValues, StatementStatus } from '../executor.ts';
import type { Limits } from '../limits.ts';
import { checkArguments } from './chain.ts';
import { inThread, type NoAnswer } from './filter-threads.ts';
import { checkJqPlaces } from './jq-options.ts';
import { invalid } from './options.ts';

/** A chain that takes longer is ended. */
const LIMIT_MS = 5_000;

/** The programs after `|`, carried out by Warroom itself: what a person reads and what the approval's hash covers, and the work. */
export type Filters = {
  readonly shown: readonly (readonly string[])[];
  readonly bound: readonly BoundValue[];
  apply(text: string, use: FilterUse): Promise<Filtered>;
};

/**
 * `changing`: what wrote the text has changed something, which a filter that fails does not undo. `limitMs`: how long the chain may take,
 * 5 s without it.
 */
export type FilterUse = {
  readonly limits: Pick<Limits, 'signal' | 'reason'>;
  readonly clock: Clock;
  readonly changing: boolean;
  readonly limitMs?: number;
};

/**
 * What the filters left of a text. Where one fails behind a read, the step has failed, with what came until then. Behind a change the text
 * stays whole and a warning says why: the change has happened.
 */
export type Filtered = {
  readonly status: Extract<StatementStatus, 'ok' | 'failed' | 'timeout' | 'cancelled'>;
  readonly text: string;
  readonly error: string | null;
  readonly warnings: readonly string[];
};

/**
 * Reads what a command's output is piped through. No program is started: these filters read text and write text. Throws UserError
 * `statement_invalid` for a program or an option that is not there, `value_refused`, `placeholder_unbindable`.
 */
export function readFilterChain(chain: readonly (readonly ArgumentTemplate[])[], values: BoundValues): Filters {
  const bound = chain.map((words) => {
    const name = literalWord(words[0]);
    if (name === null)
      throw new UserError('placeholder_unbindable', 'The program after | cannot come from a value: write it out.');
    if (name === 'jq') checkJqPlaces(words);
    return bindWords(words, values);
  });
  const sent = bound.map((part) => part.sent);
  checkArguments(sent);
  return {
    shown: bound.map(({ shown }) => shown),
    bound: bound.flatMap((part) => part.bound),
    apply: (text, use) => applyChain(sent, text, use),
  };
}

/** Throws as `readFilterChain` does, before there are values, and for a program that jq cannot compile: for lint. */
export async function checkFilterChain(chain: readonly (readonly ArgumentTemplate[])[]): Promise<void> {
  const names = chain.flat(2).flatMap((part) => ('name' in part ? [part.name] : []));
  const values = Object.fromEntries(names.map((name) => [name, '1']));
  readFilterChain(chain, values);
  for (const words of chain.filter(([first]) => literalWord(first) === 'jq')) {
    const task = { chain: [bindWords(words, values).sent], text: '', check: true };
    const answer = await inThread(task, {
      signal: new AbortController().signal,
      clock: systemClock,
      limitMs: LIMIT_MS,
    });
    if (typeof answer === 'object' && answer.status === 'ok') continue;
    const why = typeof answer === 'object' ? answer.reason.replaceAll(': ', ' ') : whyNoAnswer(answer, LIMIT_MS);
    throw invalid(`The program of \`jq\` cannot be read (${why}): correct it.`);
  }
}

/** ` | grep -i error | head -n 5` for a card; empty without filters. */
export function showFilters(filters: Filters): string {
  return filters.shown.map((words) => ` | ${words.map(quoteWord).join(' ')}`).join('');
}

async function applyChain(chain: readonly (readonly string[])[], text: string, use: FilterUse): Promise<Filtered> {
  if (chain.length === 0) return { status: 'ok', text, error: null, warnings: [] };
  const limitMs = use.limitMs ?? LIMIT_MS;
  const answer = await inThread({ chain, text }, { signal: use.limits.signal, clock: use.clock, limitMs });
  if (typeof answer === 'object' && answer.status === 'ok') return { ...answer, error: null, warnings: [] };
  const why = typeof answer === 'object' ? answer.reason : whyNoAnswer(answer, limitMs);
  const error = `The output could not be filtered (${why}): correct the filter, or take it away.`;
  if (use.changing)
    return {
      status: 'ok',
      text,
      error: null,
      warnings: [`${error} The command was carried out, all of its output is shown.`],
    };
  const status = answer === 'stopped' && use.limits.reason() !== null ? (use.limits.reason() ?? 'failed') : 'failed';
  return { status, text: typeof answer === 'object' ? answer.text : '', error, warnings: [] };
}

function whyNoAnswer(why: NoAnswer, limitMs: number): string {
  switch (why) {
    case 'time':
      return `no end after ${limitMs / 1_000} s`;
    case 'stopped':
      return 'it was stopped';
    case 'memory':
      return 'it needs more memory than a filter has';
    case 'broken':
      return 'the thread for filters ended before it answered';
  }
}
