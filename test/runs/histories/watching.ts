import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from '../../../src/config/settings.ts';
import type { Language } from '../../../src/domain/runbook.ts';
import type { Executor, Statement, StatementResult } from '../../../src/executors/executor.ts';
import type { Packs } from '../../../src/packs/load.ts';
import type { RunsContext } from '../../../src/runs/context.ts';
import type { Desk } from '../../support/desk.ts';
import type { Disk, Rules, Span, StepId, Story, Values } from './model.ts';

const OK: StatementResult = { status: 'ok', value: {}, output: 'done', omittedBytes: 0, error: null, durationMs: 1 };
/** What one history changes while it is played. */
export type Play = {
  readonly story: Story;
  rules: Rules;
  disk: Disk;
  values: readonly Values[];
  minutes: Span;
  readonly started: number;
  events: number;
  readonly onTarget: Map<string, number>;
  ghosts: number;
};
/** A process that dies in the middle of a step. */
export type Ghost = { hangs: boolean };
export type Tools = {
  readonly desk: Desk;
  readonly settings: Record<Rules, Settings>;
  readonly packs: Record<Disk, Packs>;
};

export const next = (now: Play) => {
  now.events += 1;
  return now.events;
};
export const real = (now: Play) => (performance.now() - now.started) / 60_000;

export function contextOf(tools: Tools, now: Play, owner: string, ghost: Ghost | null = null): RunsContext {
  const inForce = { rules: now.rules, disk: now.disk };
  const executors = new Map(
    (['http', 'sh'] as const).map((language) => [language, watching(language, now, { ...inForce, ghost })]),
  );
  const packs = tools.packs[now.disk];
  return tools.desk.with({ owner, executors, settings: tools.settings[now.rules], packs: () => packs });
}

/** Writes down what is executed, and with which rules and files its process worked; one that crashes never hears back. */
function watching(language: Language, now: Play, by: { rules: Rules; disk: Disk; ghost: Ghost | null }): Executor {
  return {
    language,
    checkTarget: () => [],
    placeholders: () => Promise.resolve([]),
    prepare: ({ text, values, target }) => {
      const display = `${text.trim()} ${JSON.stringify(values)}`;
      const statement: Statement = {
        ...{ language, display, effect: 'change' },
        canonical: { text, values: JSON.parse(JSON.stringify(values)) },
        run: async () => {
          if (text.startsWith('GET ')) return OK;
          const there = now.onTarget.get(target.name) ?? 0;
          const seen = Number(values.max_calls);
          const paired = values.note === 'abc'[seen - 1];
          now.story.sent.push({
            ...{ step: stepOf(text), display, target: target.name, rules: by.rules, disk: by.disk },
            place: target.options.shell === undefined ? 'usual' : 'other',
            values: (paired ? seen : 0) as Values,
            ...{ at: now.minutes.from + real(now), began: next(now), lost: by.ghost !== null, together: there > 0 },
          });
          if (by.ghost !== null) {
            by.ghost.hangs = true;
            return new Promise<never>(() => undefined);
          }
          now.onTarget.set(target.name, there + 1);
          // Long enough for the other replica to look in the middle.
          await delay(15);
          now.onTarget.set(target.name, (now.onTarget.get(target.name) ?? 1) - 1);
          return OK;
        },
      };
      return Promise.resolve(statement);
    },
  };
}

/** Only the text that the run was opened with is one of its steps. */
function stepOf(text: string): StepId | 'other' {
  if (text.trim() === 'echo "drained $max_calls" >> effects.log') return 'drain';
  if (text.trim() === 'echo "noted $note" >> effects.log') return 'note';
  return text.trim() === 'DELETE /queue' ? 'wipe' : 'other';
}
