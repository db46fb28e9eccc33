import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import type { BoundValues } from '../../src/executors/executor.ts';
import { createShExecutor } from '../../src/executors/sh/sh-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { describeLayers, thatChanged } from './escape-layers.ts';
import { execute } from './harness.ts';

/** Layers are left out here and nowhere else: this file replaces their modules, production code has no switch. */
const { off, warroom } = vi.hoisted(() => ({ off: new Set<string>(), warroom: { env: {} as Record<string, string> } }));

vi.mock('../../src/analysis/shell/shell-effect.ts', async (load) => {
  const real = await load<typeof import('../../src/analysis/shell/shell-effect.ts')>();
  const classifyShell: typeof real.classifyShell = async (text) =>
    off.has('list of programs') ? { effect: 'read', reasons: [] } : await real.classifyShell(text);
  return { ...real, classifyShell };
});
vi.mock('../../src/executors/sh/environment.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/sh/environment.ts')>();
  const refuseSteeringName: typeof real.refuseSteeringName = (name) => {
    if (!off.has('names that steer')) real.refuseSteeringName(name);
  };
  const scriptEnvironment: typeof real.scriptEnvironment = (parts) =>
    off.has('environment of its own')
      ? { ...real.scriptEnvironment(parts), ...warroom.env }
      : real.scriptEnvironment(parts);
  return { ...real, refuseSteeringName, scriptEnvironment };
});
vi.mock('../../src/executors/sh/sh-target.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/sh/sh-target.ts')>();
  const shellPlace: typeof real.shellPlace = async (target, name, secrets) => {
    const place = await real.shellPlace(target, name, secrets);
    return off.has('programs of the system') ? { ...place, path: String(target.options.path) } : place;
  };
  return { ...real, shellPlace };
});
vi.mock('../../src/executors/credential.ts', async (load) => {
  const real = await load<typeof import('../../src/executors/credential.ts')>();
  const credentialFor: typeof real.credentialFor = (target, allowed) =>
    off.has('credential for reading') ? 'write' : real.credentialFor(target, allowed);
  return { ...real, credentialFor };
});

type Escape = { readonly name: string; readonly text: string; readonly values?: () => BoundValues };
const ESCAPES: readonly Escape[] = [
  { name: 'touch', text: 'touch made' },
  { name: 'a redirect', text: 'cat app.log > made' },
  { name: 'tee', text: 'cat app.log | tee made' },
  { name: 'a shell in a shell', text: 'sh -c "touch made"' },
  { name: 'rm', text: 'rm app.log' },
  { name: 'an alias of a listed program', text: 'cat() { touch made; }; cat app.log' },
  { name: 'sort -o', text: 'sort -o made app.log' },
  { name: 'find -delete', text: 'find . -name app.log -delete' },
  { name: 'find -exec', text: 'find . -name app.log -exec touch made ";"' },
  { name: 'awk', text: `awk 'BEGIN { print "x" > "made" }'` },
  { name: 'sed -i', text: 'sed -i s/one/two/ app.log' },
  { name: 'a substitution', text: 'echo "$(touch made)"' },
  {
    name: 'http_proxy from a value',
    text: 'echo "$http_proxy"; curl -s -m 5 http://127.0.0.1:1/',
    values: () => ({ http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` }),
  },
  { name: 'a program of the target’s own folder', text: 'uptime' },
  { name: 'a program of Warroom’s own PATH', text: 'tty' },
  { name: 'a secret of Warroom’s own', text: 'cat /proc/self/environ' },
  { name: 'the key for changes', text: '[ -n "$WRITE_KEY" ] && echo may-change' },
];

let dir: string;
let work: string;
/** Whoever steers the proxy reads and answers in the place of the real server. */
let proxied = 0;
const proxy = http.createServer((_request, response) => {
  proxied += 1;
  response.end();
});
/** Times that a script printed what it must not have. */
let shown = 0;

async function program(folder: string, name: string): Promise<void> {
  await mkdir(path.join(dir, folder), { recursive: true });
  const file = path.join(dir, folder, name);
  await writeFile(file, `#!/bin/sh\n: > "${path.join(work, 'made')}"\n`);
  await chmod(file, 0o755);
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-sh-layers-'));
  work = path.join(dir, 'work');
  await mkdir(work);
  await program('targets', 'uptime');
  await program('warrooms', 'tty');
  warroom.env = { PATH: `${path.join(dir, 'warrooms')}:/usr/bin:/bin`, TOKEN_OF_WARROOM: 'xoxb-of-warroom' };
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', () => resolve()));
  await reset();
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await rm(dir, { recursive: true, force: true });
});

async function state(): Promise<unknown> {
  const log = await readFile(path.join(work, 'app.log'), 'utf8').catch(() => null);
  return [await readdir(work), log, shown, proxied];
}

async function reset(): Promise<void> {
  await rm(path.join(work, 'made'), { force: true });
  await writeFile(path.join(work, 'app.log'), 'one\n');
}

async function run({ text, values }: Escape): Promise<void> {
  const executor = createShExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')) });
  const options = { cwd: work, shell: '/bin/bash', path: path.join(dir, 'targets') };
  const write = { env: { WRITE_KEY: { secret: 'env:WRITE' } } };
  const target = { name: 'host', executor: 'sh', description: null, options, read: {}, write } as const;
  const result = await execute(executor, { text, values: values?.() ?? {}, target, allowed: 'read' });
  if (/TOKEN_OF_WARROOM|may-change/u.test(result.output)) shown += 1;
}

describeLayers({
  executor: 'sh',
  off,
  escapes: ESCAPES,
  layers: [
    { name: 'list of programs', behind: [] },
    { name: 'names that steer', behind: [] },
    { name: 'environment of its own', behind: [] },
    { name: 'programs of the system', behind: [] },
    { name: 'credential for reading', behind: [] },
  ],
  attempt: () => thatChanged(ESCAPES, { run, state, reset }),
  missing: () => (existsSync('/usr/bin/curl') ? null : 'curl is not on this machine, which obeys http_proxy'),
});
