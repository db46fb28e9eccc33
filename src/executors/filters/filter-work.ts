import { parentPort } from 'node:worker_threads';
import { messageOf } from '../../lib/errors.ts';
import { carryOut } from './chain.ts';
import type { FilterAnswer, FilterTask, ThreadMessage } from './filter-task.ts';

/** The thread's side: one answer for each task. Only `filter-thread.mjs` imports this. */
parentPort?.on('message', async (task: FilterTask) => {
  const say = (answer: FilterAnswer, ended: boolean) =>
    parentPort?.postMessage({ answer, ended } satisfies ThreadMessage);
  try {
    const answer = await carryOut(task, (last) => {
      say(last, true);
      process.exit();
    });
    say(answer, false);
  } catch (error) {
    say({ status: 'failed', text: '', reason: messageOf(error) }, false);
  }
});

parentPort?.postMessage('ready');
