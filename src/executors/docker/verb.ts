import type { DockerCommand } from '../../analysis/docker-command.ts';
import type { Json } from '../../lib/canonical-json.ts';
import type { Engine } from './engine.ts';

/** What every verb is given. */
export type VerbUse = {
  readonly engine: Engine;
  readonly command: DockerCommand;
  /** The target's compose project. */
  readonly project: string | null;
  readonly now: Date;
};

/** What a verb found or did, not yet filtered and made safe. */
export type Outcome = {
  readonly rows: readonly Json[];
  readonly stdout: string;
  readonly stderr?: string;
  /** Of a program that ran inside of a container; null otherwise. */
  readonly exitCode?: number;
  /** One sentence when it did not work although the engine answered. */
  readonly failure?: string;
  /** One sentence when nobody knows whether it worked. */
  readonly unknown?: string;
  readonly warnings?: readonly string[];
};

/** The value of an option that stands once. */
export function optionOf(command: DockerCommand, name: string): string | null {
  return command.options.get(name)?.[0] ?? null;
}
