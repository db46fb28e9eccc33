import { deepStrictEqual } from 'node:assert/strict';
import type { Log } from '../../src/lib/log.ts';

export type LogLine = { level: 'debug' | 'info' | 'warn' | 'error'; message: string; context: Record<string, unknown> };

/** A log that keeps its lines for a test to look at. */
export type TestLog = Log & {
  readonly lines: readonly LogLine[];
  /** Messages of one level. */
  messages(level: LogLine['level']): string[];
  /** Fails the test when an error was logged that it did not expect: `afterEach(() => log.expectNoErrors())`. */
  expectNoErrors(): void;
  /** Forgets what was logged, for a test that expects errors. */
  clear(): void;
};

/** Makes a log that collects. */
export function testLog(): TestLog {
  return collecting([], {});
}

function collecting(lines: LogLine[], base: object): TestLog {
  const add = (level: LogLine['level']) => (context: object, message: string) => {
    lines.push({ level, message, context: { ...base, ...context } });
  };
  return {
    lines,
    debug: add('debug'),
    info: add('info'),
    warn: add('warn'),
    error: add('error'),
    child: (context) => collecting(lines, { ...base, ...context }),
    messages: (level) => lines.filter((line) => line.level === level).map((line) => line.message),
    expectNoErrors: () => {
      deepStrictEqual(
        lines.filter((line) => line.level === 'error'),
        [],
        'errors were logged that the test did not expect',
      );
    },
    clear: () => {
      lines.length = 0;
    },
  };
}
