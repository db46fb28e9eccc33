import type { Language } from '../domain/runbook.ts';
import type { Executor } from '../executors/executor.ts';
import type { SecretResolver } from '../executors/secrets.ts';
import type { Context } from '../incidents/context.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { AnalyseStatement } from '../packs/effects.ts';
import type { SecretShelf } from './secret-shelf.ts';

/** What the use cases of runs need on top of the common context. */
export type RunsContext = Context & {
  readonly executors: ReadonlyMap<Language, Executor>;
  readonly analyse: AnalyseStatement;
  readonly secrets: SecretResolver;
  /** Marks the steps that this process has under way; alive as long as its liveness lock is held. */
  readonly owner: string;
  readonly clock: Clock;
  /** Secrets that people gave to this process. */
  readonly shelf: SecretShelf;
  /** Where people reach the pages of this process, without a slash at its end. */
  readonly pageUrl: string;
  readonly log: Log;
};
