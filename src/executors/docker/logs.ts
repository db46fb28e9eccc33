import { UserError } from '../../lib/errors.ts';
import { type Container, containerPath } from './containers.ts';
import { MAX_STREAM } from './engine.ts';
import { engineTime, wholeNumber } from './times.ts';
import { type Outcome, optionOf, type VerbUse } from './verb.ts';

/** Lines of one container without `--tail` and `--since`. */
const DEFAULT_TAIL = 1_000;
const MOST_LINES = 100_000;

type Line = { readonly at: string; readonly prefix: string; readonly text: string };

/** Throws UserError `statement_invalid` for a log that would never end. */
export function requireBounded(options: ReadonlyMap<string, readonly string[]>): void {
  if (!options.has('follow')) return;
  throw new UserError(
    'statement_invalid',
    'A log that is followed never ends: leave -f out, and give the step poll="30s for 5m" with --since 30s.',
  );
}

/**
 * What containers wrote, both streams, oldest line first. Several containers are merged by the engine's times and marked by their names.
 * Without `--tail` and `--since` the last 1,000 lines of each.
 */
export async function logs(use: VerbUse, containers: readonly Container[]): Promise<Outcome> {
  const { command, now } = use;
  const merged = containers.length > 1;
  const stamps = command.options.has('timestamps');
  const since = optionOf(command, 'since');
  const until = optionOf(command, 'until');
  const tail = optionOf(command, 'tail');
  const query = {
    stdout: 'true',
    stderr: 'true',
    timestamps: String(merged || stamps),
    ...(tail === 'all' || (tail === null && since !== null)
      ? { tail: String(MOST_LINES) }
      : { tail: String(tail === null ? DEFAULT_TAIL : wholeNumber(tail, 'number of lines', MOST_LINES)) }),
    ...(since === null ? {} : { since: engineTime(since, now) }),
    ...(until === null ? {} : { until: engineTime(until, now) }),
  };
  const width = Math.max(...containers.map(({ name }) => name.length), 0);
  const warnings: string[] = [];
  const lines: Line[] = [];
  let single = '';
  for (const container of containers) {
    const call = { method: 'GET', path: containerPath(container.id, 'logs'), query } as const;
    const { both, cut } = await use.engine.streams(call, container.terminal);
    if (cut)
      warnings.push(
        `The log of ${container.name} was cut after ${MAX_STREAM / 1024 / 1024} MiB: ask for less with --tail or --since.`,
      );
    if (!merged) single = both;
    const prefix = command.options.has('no-log-prefix') ? '' : `${container.name.padEnd(width)} | `;
    if (merged) lines.push(...splitLines(both).map((line) => stamped(line, prefix, stamps)));
  }
  if (!merged) return { rows: [], stdout: single, warnings };
  lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return { rows: [], stdout: lines.map((line) => line.prefix + line.text).join('\n'), warnings };
}

function splitLines(text: string): string[] {
  return text
    .replace(/\n$/u, '')
    .split('\n')
    .filter((line) => line !== '');
}

function stamped(line: string, prefix: string, keep: boolean): Line {
  const match = /^(?<at>\d{4}-\d\d-\d\dT\S+) (?<text>.*)$/su.exec(line)?.groups;
  return { at: match?.at ?? '', prefix, text: keep || !match ? line : (match.text ?? '') };
}
