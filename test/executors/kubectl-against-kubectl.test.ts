import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { createKubectlExecutor } from '../../src/executors/kubectl/kubectl-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { addFullObjects } from '../support/kube/full-objects.ts';
import type { KubeServer } from '../support/kube/server.ts';
import { shopCluster } from '../support/kube/shop-cluster.ts';
import { execute } from './harness.ts';

const run = promisify(execFile);
const binary = await run('kubectl', ['version', '--client', '-o', 'json']).then(
  ({ stdout }) => JSON.parse(stdout) as { clientVersion: { gitVersion: string } },
  () => null,
);
if (binary === null && process.env.CI === 'true')
  throw new Error('kubectl is not on this machine: apt-get install kubernetes-client');
if (binary === null) console.warn('kubectl is not on this machine: the comparison with it is skipped');

/** Reading commands whose output must be the same, letter for letter. */
const READS = [
  'get pods -n shop',
  'get pods -n shop -o wide',
  'get po web-1 -n shop',
  'get pod/web-1 pod/web-2 -n shop',
  'get pods web-1 web-10 -n shop',
  'get pods -A',
  'get pods -A -l app=lonely',
  'get pods -n shop -l app=web,app!=other',
  'get pods -n shop -l "app in (web,prey)"',
  'get pods -n shop --field-selector spec.nodeName=node-b',
  'get nodes --sort-by=.metadata.name',
  'get pods -n shop --sort-by={.status.containerStatuses[0].restartCount}',
  'get pods -n shop --show-labels',
  'get pods -n shop -L app',
  'get pods -n shop --no-headers',
  'get pods,services -n shop',
  'get deploy -n shop',
  'get deployments.apps web -n shop -o wide',
  'get rs -n shop',
  'get svc -n shop -owide',
  'get nodes',
  'get ns',
  'get cm -n shop',
  'get ev -n shop',
  'get carts -n shop',
  'get ct basket -n shop -o yaml',
  'get pods -n empty',
  'get pods -n shop -o name',
  'get deploy,svc -n shop -o name',
  'get deploy web -n shop -o jsonpath={.spec.replicas}',
  `get pods -n shop -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.status.phase}{"\\n"}{end}'`,
  `get pods -n shop -o 'jsonpath={.items[*].metadata.name}'`,
  `get pods -n shop -o 'jsonpath={.items[?(@.metadata.name=="web-1")].spec.nodeName}'`,
  `get pods -n shop -o 'jsonpath={.items[0].metadata.labels}'`,
  `get pods -n shop -o 'jsonpath={..image}'`,
  `get pods -n shop -o 'jsonpath={.items[1:3].metadata.name}'`,
  'get pods -n shop -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName,NOTHING:.spec.nothing',
  'get pods -n shop -o custom-columns=LABELS:.metadata.labels --no-headers',
  'get svc web -n shop -o json',
  'get svc -n shop -o yaml',
  'get all -n shop',
  'logs web-1 -n shop -c app',
  'logs web-1 -n shop -c app --tail=1',
  'logs web-10 -n shop -c app --previous',
  'logs -l app=prey -n shop --all-containers',
  'logs web-1 -n shop -c app --prefix',
  'rollout status deployment/web -n shop',
  'rollout history deployment/web -n shop',
  'rollout history deploy -n shop',
  'top pods -n shop --sum',
  'top nodes',
  'get pods web-1 web-2 --ignore-not-found -n shop',
  'get pods -n shop -o jsonpath={.items[0]}',
  'describe pod web-1 -n shop',
  'describe pod web-10 -n shop --show-events=false',
  'describe pod full -n rich',
  'describe deployment web -n shop',
  'describe deployment full -n rich',
  'describe pods -n shop -l app=web',
];

/** The same but for what is left out on purpose, or set in columns where the binary leaves tabs. */
const NEARLY: { line: string; theirs: (text: string) => string }[] = [
  { line: 'rollout history deployment/web -n shop --revision=2', theirs: (text) => text },
  { line: 'rollout history deployment/full -n rich --revision=1', theirs: (text) => text },
  {
    line: 'describe node node-full',
    theirs: (text) =>
      text.replace(/^Lease:.*\n(?: .*\n)*/mu, '').replace(/^Non-terminated Pods:[\s\S]*?(?=^Events:)/mu, ''),
  },
];

/** Changing commands: the same words, and the same state of the cluster afterwards. */
const CHANGES: { command: string; documents?: string }[] = [
  { command: 'scale deployment/web --replicas=5 -n shop' },
  { command: 'scale deploy web --current-replicas=3 --replicas=4 -n shop' },
  { command: 'rollout undo deployment/web -n shop' },
  { command: 'rollout undo deployment/web --to-revision=1 -n shop' },
  { command: 'delete pod prey -n shop' },
  { command: 'delete pod/prey pod/web-1 -n shop' },
  { command: 'delete pods -l app=prey -n shop' },
  { command: 'delete deployment web -n shop' },
  { command: 'patch deployment web -n shop -p {"spec":{"replicas":2}}' },
  { command: 'patch deployment web -n shop --type=merge -p {"spec":{"replicas":2}}' },
  { command: 'patch deployment web -n shop --type=json -p [{"op":"replace","path":"/spec/replicas","value":6}]' },
  { command: 'set image deployment/web app=shop/web:4 -n shop' },
  { command: 'set env deployment/web MODE=test -n shop' },
  { command: 'set resources deployment/web -c=app --limits=cpu=1,memory=1Gi --requests=cpu=500m -n shop' },
  { command: 'label pod web-1 tier=front -n shop' },
  { command: 'label pod web-1 app- -n shop' },
  { command: 'annotate pod web-1 note=looked-at -n shop' },
  { command: 'cordon node-a' },
  {
    command: 'apply --server-side -f - -n shop',
    documents: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  mode: maintenance\n',
  },
  {
    command: 'apply --server-side -f - -n shop',
    documents: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: another\ndata:\n  octal: "0644"\n',
  },
];

const executor = createKubectlExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('admin')) });
let dir = '';

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'warroom-kubectl-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

type Place = { server: KubeServer; target: TargetDefinition; kubeconfig: string };

let clusters = 0;

async function cluster(): Promise<Place> {
  const now = new Date();
  const server = shopCluster({ now: () => now });
  const address = await server.start();
  clusters += 1;
  const kubeconfig = path.join(dir, `cluster-${clusters}.yaml`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'shop',
    clusters: [
      {
        name: 'c',
        cluster: { server: address, 'certificate-authority-data': Buffer.from(server.authority).toString('base64') },
      },
    ],
    users: [{ name: 'u', user: { token: 'admin' } }],
    contexts: [{ name: 'shop', context: { cluster: 'c', user: 'u', namespace: 'default' } }],
  };
  await writeFile(kubeconfig, stringify(config));
  const target: TargetDefinition = {
    name: 'cluster',
    executor: 'kubectl',
    description: null,
    options: { kubeconfig },
    read: {},
    write: {},
  };
  return { server, target, kubeconfig };
}

/** The words of a line as the shell would give them to the binary. */
function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"]|(?<=[=[{,:"])"[^"]*")+/gu)].map(([word]) =>
    word.startsWith('{') || word.startsWith('[') ? word : word.replace(/'([^']*)'|^"([^"]*)"$/gu, '$1$2'),
  );
}

async function original(place: Place, line: string, input = ''): Promise<string> {
  const cache = path.join(dir, 'cache');
  // The imitation has no schemas to validate against.
  const validation = line.startsWith('apply') ? ['--validate=false'] : [];
  const running = run(
    'kubectl',
    ['--kubeconfig', place.kubeconfig, '--cache-dir', cache, ...words(line), ...validation],
    {
      env: { PATH: process.env.PATH, HOME: dir, TZ: 'UTC' },
      timeout: 20_000,
    },
  );
  running.child.stdin?.end(input);
  const { stdout, stderr } = await running;
  return `${stdout}${stderr.includes('No resources found') ? stderr : ''}`;
}

/** What the executor leaves out on purpose, and a field that kubectl has not printed since 1.24. */
const comparable = (text: string) =>
  text
    .replaceAll('hunter2-plain', '<secret>')
    .replaceAll('hunter2-config', '<secret>')
    .replace(/\n *"?selfLink"?: ""/gu, '')
    .replace(/,(?=\n *\})/gu, '')
    .replace(/\n+NAME +AGE\nstrongbox[^\n]*/gu, '');

const trimmed = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();

describe.skipIf(binary === null)('the same server, the same arguments: the kubectl binary and the executor', () => {
  let place: Place;
  beforeAll(async () => {
    place = await cluster();
    addFullObjects(place.server.store);
  });
  afterAll(async () => {
    await place?.server.stop();
  });

  it.concurrent.each(READS)('prints the same for %s', async (line) => {
    const expected = await original(place, line);
    const result = await execute(
      executor,
      { text: line, values: {}, target: place.target, allowed: 'read' },
      { maxOutputBytes: 200_000 },
    );
    expect(result.error).toBeNull();
    const [ours, theirs] = [result.output, comparable(expected)].map(trimmed) as [string, string];
    // The binary reads several logs at once and prints them as they come.
    if (line.includes('--all-containers')) expect(ours.split('\n').sort()).toEqual(theirs.split('\n').sort());
    else expect(ours).toBe(theirs);
  });

  it.concurrent.each(NEARLY)('says the same, spaces aside, for $line', async ({ line, theirs }) => {
    const expected = theirs(comparable(await original(place, line)));
    const source = { text: line, values: {}, target: place.target, allowed: 'read' } as const;
    const result = await execute(executor, source, { maxOutputBytes: 200_000 });
    const spaced = (text: string) =>
      text
        .replace(/[ \t]+/gu, ' ')
        .replace(/ ?\n ?/gu, '\n')
        .trim();
    expect(result.error).toBeNull();
    expect(spaced(result.output)).toBe(spaced(expected));
  });

  it('what is there is shown although another name is not', async () => {
    const line = 'get pods web-1 nobody web-2 -n shop';
    const theirs = await original(place, line).catch((error: { stdout?: string }) => error.stdout ?? '');
    const ours = await execute(executor, { text: line, values: {}, target: place.target, allowed: 'read' });
    expect(ours).toMatchObject({ status: 'failed', error: expect.stringContaining('"nobody" not found') });
    expect(trimmed(ours.output)).toBe(trimmed(theirs));
    expect(ours.output).toContain('web-2');
  });

  it.concurrent.each(CHANGES)('does and says the same for $command', async ({ command, documents = '' }) => {
    const [theirs, ours] = await Promise.all([cluster(), cluster()]);
    try {
      const expected = await original(theirs, command, documents);
      const text = `${quoted(command)}${documents === '' ? '' : `\n${documents}`}`;
      const result = await execute(executor, { text, values: {}, target: ours.target, allowed: 'destructive' });
      expect(result.error).toBeNull();
      expect(trimmed(result.output)).toBe(trimmed(expected));
      expect(await settledState(ours)).toEqual(await settledState(theirs));
      expect(await settledState(ours)).not.toEqual(initialState());
    } finally {
      await Promise.all([theirs.server.stop(), ours.server.stop()]);
    }
  });
});

/** The JSON of -p is one word for both. */
function quoted(command: string): string {
  return command.replace(/([{[]".*[}\]])$/u, "'$1'");
}

/** The binary writes `resources: {}` where nothing was. */
function isEmpty(value: unknown): boolean {
  return value !== null && typeof value === 'object' && Object.keys(value).length === 0;
}

/** The cluster's content without what differs by accident: identities and versions. */
function stateOf(server: KubeServer): unknown {
  return JSON.parse(
    JSON.stringify(server.store.snapshot(), (key, value: unknown) =>
      ['uid', 'resourceVersion', 'creationTimestamp'].includes(key) || isEmpty(value) ? undefined : value,
    ),
  );
}

async function settledState(place: Place): Promise<unknown> {
  await new Promise((resolve) => setTimeout(resolve, 60));
  return stateOf(place.server);
}

function initialState(): unknown {
  return stateOf(shopCluster());
}
