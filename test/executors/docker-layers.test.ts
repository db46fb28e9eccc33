import { afterAll, beforeAll, vi } from 'vitest';
import { createDockerExecutor } from '../../src/executors/docker/docker-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type TestEngine, testEngine } from '../support/docker-engine.ts';
import { describeLayers, thatChanged } from './escape-layers.ts';
import { attempt } from './harness.ts';

/** Layers are left out here and nowhere else: this file replaces their modules, production code has no switch. */
const off = vi.hoisted(() => new Set<string>());

vi.mock('../../src/analysis/docker-effect.ts', async (load) => {
  const real = await load<typeof import('../../src/analysis/docker-effect.ts')>();
  const effectOfDocker: typeof real.effectOfDocker = async (command) =>
    off.has('list of verbs') ? { effect: 'read', reasons: [] } : await real.effectOfDocker(command);
  return { ...real, effectOfDocker };
});
vi.mock('../../src/executors/docker/engine-guard.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/docker/engine-guard.ts')>();
  const requireAllowed: typeof real.requireAllowed = (method, where, allowed) => {
    if (!off.has('guard of the engine')) real.requireAllowed(method, where, allowed);
  };
  return { ...real, requireAllowed };
});

type Escape = { readonly name: string; readonly text: string };
const ESCAPES: readonly Escape[] = [
  'docker stop -t 1 victim',
  'docker kill victim',
  'docker restart -t 1 victim',
  'docker start corpse',
  'docker exec victim touch /tmp/one',
  'docker container prune -f',
  'docker compose stop -t 1 api',
  'docker compose kill api',
  'docker compose exec -T api touch /tmp/two',
].map((text) => ({ name: text, text }));

const WAIT = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.1; done'];
const LABELS = {
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': 'api',
  'com.docker.compose.container-number': '1',
};
const CORPSE = { name: 'corpse', command: ['true'], stopped: true } as const;
const executor = createDockerExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')) });
let engine: TestEngine | null = null;

beforeAll(async () => {
  engine = await testEngine();
  await engine?.create({ name: 'victim', command: WAIT, labels: LABELS });
  await engine?.create(CORPSE);
});
afterAll(() => engine?.stop());

async function state(): Promise<unknown> {
  const files = ['one', 'two'].map((name) => engine?.call('GET', `/containers/victim/archive?path=/tmp/${name}`));
  return [await engine?.state(), (await Promise.all(files)).map((answer) => answer?.status)];
}

/** What was made stays: the next state is compared with what is there then. */
async function reset(): Promise<void> {
  await engine?.call('POST', '/containers/victim/start');
  const found = JSON.parse((await engine?.call('GET', '/containers/corpse/json'))?.body ?? '{}') as {
    State?: { Status: string };
  };
  if (found.State?.Status === 'created') return;
  await engine?.call('DELETE', '/containers/corpse?force=true');
  await engine?.create(CORPSE);
}

async function run({ text }: Escape): Promise<string> {
  const options = { host: `unix://${engine?.socket}`, project: 'shop' };
  const target = { name: 'engine', executor: 'docker', description: null, options, read: {}, write: {} } as const;
  return await attempt(executor, { text, values: {}, target, allowed: 'read' });
}

describeLayers({
  executor: 'docker',
  off,
  escapes: ESCAPES,
  layers: [
    { name: 'list of verbs', behind: ['guard of the engine'] },
    { name: 'guard of the engine', behind: ['list of verbs'] },
  ],
  attempt: () => thatChanged(ESCAPES, { run, state, reset }),
  missing: () => (engine === null ? 'no container engine on this machine' : null),
});
