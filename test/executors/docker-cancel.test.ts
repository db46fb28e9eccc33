import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createDockerExecutor } from '../../src/executors/docker/docker-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type TestEngine, testEngine } from '../support/docker-engine.ts';
import { execute, runContext } from './harness.ts';

let engine: TestEngine | null;
let target: TargetDefinition;
const executor = createDockerExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')) });

beforeAll(async () => {
  engine = await testEngine();
  target = {
    ...{ name: 'engine', executor: 'docker', description: null, read: {}, write: {} },
    options: { host: `unix://${engine?.socket ?? '/none'}`, project: 'shop' },
  };
  await engine?.create({ name: 'host', command: ['sh', '-c', 'while true; do sleep 0.2; done'] });
});
afterAll(async () => engine?.stop());

/** What runs inside of the container. */
async function programs(): Promise<string> {
  return (await execute(executor, { text: 'docker top host', values: {}, target, allowed: 'read' })).output;
}

it('a program in a container goes on although it was cancelled, so what became of it is unknown and its target stays held', async (context) => {
  if (engine === null) return context.skip('no container engine on this machine');
  const source = { text: 'docker exec host sleep 4711', values: {}, target, allowed: 'change' } as const;
  const cancel = new AbortController();
  const running = (await executor.prepare(source)).run(runContext({ signal: cancel.signal, timeoutMs: 60_000 }));
  await expect.poll(programs, { timeout: 10_000 }).toContain('sleep 4711');
  cancel.abort();
  expect(await running).toMatchObject({
    status: 'unknown',
    error: expect.stringMatching(
      /^Cancelled after .* s: the program inside of the container was left alone and may go on/u,
    ),
  });
  // It does.
  expect(await programs()).toContain('sleep 4711');
}, 60_000);
