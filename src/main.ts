import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLog } from './compose/log.ts';
import { startWarroom } from './compose/warroom.ts';
import { processEnvironment } from './config/environment.ts';
import { readConfig } from './config/read-config.ts';
import { messageOf, UserError } from './lib/errors.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** A second Ctrl-C ends the process when closing hangs. */
const STOP_WITHIN_MS = 20_000;

await main();

async function main(): Promise<void> {
  const config = await orExit(() => readConfig(processEnvironment(), process.cwd()));
  // In the local workspace people look at the terminal: the log goes into a file and the terminal shows progress.
  const local = config.slack.mode === 'sandbox';
  const { log, close } = createLog(config.logLevel, local ? join(config.home, 'warroom.log') : null);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'A promise failed and nobody waited for it.'));
  // A terminal that goes away takes its output with it, not the incidents.
  process.stdout.on('error', () => undefined);
  const say = (line: string): void => {
    if (local) process.stdout.write(`${line}\n`);
    else log.info({}, line);
  };
  const warroom = await orExit(() =>
    startWarroom({ config, log, project: PROJECT, progress: (step) => say(`  … ${step}`) }),
  );
  for (const remark of warroom.remarks) say(`  note: ${remark}`);
  say(`Warroom is ready at ${warroom.url}`);
  stopOnSignal(async (signal) => {
    say(`Stopping (${signal}) …`);
    await warroom.stop();
    say('Stopped; everything is kept.');
    close();
  });
}

async function orExit<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const text = error instanceof UserError ? error.message : `Warroom cannot start: ${messageOf(error)}`;
    process.stderr.write(`${text}\n`);
    if (!(error instanceof UserError) && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    process.exit(1);
  }
}

function stopOnSignal(stop: (signal: string) => Promise<void>): void {
  let stopping = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(130);
    stopping = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    stop(signal).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Stopping failed: ${messageOf(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
}
