import { mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination, type LoggerOptions, pino, stdSerializers, stdTimeFunctions } from 'pino';
import type { LogLevel } from '../config/read-config.ts';
import type { Log } from '../lib/log.ts';

const OPTIONS: LoggerOptions = {
  base: null,
  timestamp: stdTimeFunctions.isoTime,
  formatters: { level: (level) => ({ level }) },
  // `error` and `err` are both written with stack and cause.
  serializers: { error: stdSerializers.errWithCause, err: stdSerializers.errWithCause },
};

/** Structured log lines to standard output, or into a file when people look at the terminal. */
export function createLog(level: LogLevel, file: string | null): { log: Log; close(): void } {
  if (file !== null) mkdirSync(dirname(file), { recursive: true });
  const stream: DestinationStream & { flushSync(): void; end(): void } = destination(
    // Opened here and now: a process that ends at once has to be able to flush.
    { dest: file === null ? 1 : openSync(file, 'a'), sync: false },
  );
  const log = pino({ ...OPTIONS, level }, stream);
  return {
    log,
    close: () => {
      stream.flushSync();
      stream.end();
    },
  };
}
