import { ANY, each, only, type Program, verbs } from './program.ts';

const KUBERNETES_GLOBAL = '-n: --namespace: --context: --cluster: --request-timeout: -v: --v: --help';
const SELECT =
  '-l: --selector: -A --all-namespaces --field-selector: --show-labels --sort-by: --no-headers --chunk-size:';
const outside = { unknown: 'outside' as const };

/** Verbs that read. The resource itself is looked at by the reader `kubernetes`: never a Secret, never a verb in its place. */
const KUBERNETES_VERBS: Readonly<Record<string, Program>> = {
  get: only(
    `${SELECT} -o: --output: -w --watch --watch-only -L: --label-columns: --template: --ignore-not-found --show-kind --show-managed-fields
    --server-print? --output-watch-events --subresource:`,
    { ...outside, least: 1, reader: 'kubernetes', values: { '--subresource': /^(?:status|scale)$/u } },
  ),
  describe: only(`${SELECT} --show-events?`, { ...outside, least: 1, reader: 'kubernetes' }),
  logs: only(
    `-f --follow -c: --container: --tail: --since: --since-time: -p --previous --timestamps --all-containers --prefix -l: --selector:
    --limit-bytes: --max-log-requests: --ignore-errors --all-pods --pod-running-timeout:`,
    outside,
  ),
  top: verbs('', {
    ...each('pod pods po', only(`${SELECT} --containers --sum --use-protocol-buffers`, outside)),
    ...each('node nodes no', only(`${SELECT} --use-protocol-buffers`, outside)),
  }),
  events: only(`${SELECT} --for: --types: -w --watch -o: --output:`, { operands: 0 }),
  explain: only('--recursive --api-version: --output:', { operands: 1 }),
  'api-resources': only('-o: --output: --namespaced? --api-group: --verbs: --no-headers --sort-by: --cached?', {
    operands: 0,
  }),
  'api-versions': only('', { operands: 0 }),
  version: only('--client --short -o: --output:', { operands: 0 }),
  'cluster-info': only('', { operands: 0 }),
  wait: only(`${SELECT} --for: --timeout: --all`, { ...outside, reader: 'kubernetes' }),
  diff: only('-f: -R --filename: --recursive --server-side --field-manager:', { operands: 0 }),
  rollout: verbs('', {
    status: only('-w --watch --timeout: --revision:', outside),
    history: only('--revision: -o: --output:', outside),
  }),
  config: verbs('', {
    view: only('--minify -o: --output:', { operands: 0 }),
    'current-context': only('', { operands: 0 }),
    'get-contexts': only('-o: --output: --no-headers', { operands: 1 }),
    'get-clusters': only('', { operands: 0 }),
  }),
  auth: verbs('', {
    'can-i': only('--list --as: --as-group: -A --all-namespaces -q --quiet', outside),
    whoami: only('-o:'),
  }),
  plugin: verbs('', { list: only('') }),
};

const OPENSHIFT_VERBS: Readonly<Record<string, Program>> = {
  ...KUBERNETES_VERBS,
  status: only('--suggest -v', { operands: 0 }),
  whoami: only('--show-server --show-console --show-context -c', { operands: 0 }),
  projects: only('-q --short', { operands: 0 }),
  project: only('-q --short', { operands: 0 }),
  adm: verbs('', {
    top: verbs('', {
      ...each('pod pods po node nodes no', only(`${SELECT} --containers --sum`, outside)),
      images: only(''),
      imagestreams: only(''),
    }),
    'node-logs': only('-u: --unit: --role: --path: --tail: --since: --until: -g: --grep: -o:', outside),
  }),
};

const FORMAT =
  '-f: --format: --filter: --no-trunc -q --quiet -a --all --size -s -n: --last: -l --latest --digests --help';

const DOCKER_LOGS = only(
  '-f --follow --tail: -n: --since: --until: -t --timestamps --details --no-log-prefix --no-color --index:',
  outside,
);
const LISTING = only(FORMAT, outside);

const COMPOSE_VERBS: Readonly<Record<string, Program>> = {
  ps: only('-a --all -q --quiet --services --filter: --status: --format: --orphans --no-trunc', outside),
  logs: DOCKER_LOGS,
  top: only('', outside),
  images: only('-q --quiet --format:', outside),
  ls: only('-a --all -q --quiet --filter: --format:', { operands: 0 }),
  port: only('--protocol: --index:', outside),
  events: only('--json --since: --until:', outside),
  stats: only('-a --all --format: --no-stream --no-trunc', outside),
  version: only('--short -f: --format:', { operands: 0 }),
  config: only('-q --quiet --services --volumes --images --profiles --hash:', { operands: 0 }),
};
const COMPOSE_GLOBAL =
  '-f: --file: -p: --project-name: --env-file: --profile: --project-directory: --ansi: --progress: --compatibility --no-ansi';
const COMPOSE = verbs(COMPOSE_GLOBAL, COMPOSE_VERBS, { stopAtOperand: true });

const CONTAINER_VERBS: Readonly<Record<string, Program>> = {
  ps: LISTING,
  logs: DOCKER_LOGS,
  inspect: only('-f: --format: -s --size --type:', outside),
  stats: only('-a --all --format: --no-stream --no-trunc', outside),
  top: only('', { ...outside, operands: 1 }),
  port: only('', outside),
  diff: only('', outside),
};

const DOCKER_VERBS: Readonly<Record<string, Program>> = {
  ...CONTAINER_VERBS,
  images: LISTING,
  version: only('-f: --format:', { operands: 0 }),
  info: only('-f: --format:', { operands: 0 }),
  events: only('--filter: -f: --format: --since: --until:', { operands: 0 }),
  history: only('--no-trunc -H --human -q --quiet --format:', outside),
  container: verbs('', { ...CONTAINER_VERBS, ls: LISTING, list: LISTING }),
  image: verbs('', {
    ls: LISTING,
    list: LISTING,
    inspect: only('-f: --format:', outside),
    history: only('--no-trunc -q', outside),
  }),
  ...each(
    'network volume',
    verbs('', { ls: LISTING, list: LISTING, inspect: only('-f: --format: -v --verbose', outside) }),
  ),
  system: verbs('', {
    df: only('-v --verbose --format:', { operands: 0 }),
    info: only('-f: --format:', { operands: 0 }),
    events: only('--filter: -f: --format: --since: --until:', { operands: 0 }),
  }),
  ...each(
    'node service stack',
    verbs('', {
      ls: LISTING,
      ps: LISTING,
      inspect: only('-f: --format: --pretty', outside),
      services: LISTING,
      logs: only('-f --follow --tail: -n: --since: -t --timestamps --raw --no-trunc --no-task-ids', outside),
    }),
  ),
  context: verbs('', { ls: LISTING, show: only(''), inspect: only('-f: --format:') }),
  buildx: verbs('', { ls: only(''), du: only('--verbose --filter:') }),
  compose: COMPOSE,
};

/** Containers and clusters. What runs inside of a container is never a read: see REMOTE. */
export const CONTAINERS: Readonly<Record<string, Program>> = {
  kubectl: verbs(KUBERNETES_GLOBAL, KUBERNETES_VERBS, { stopAtOperand: true }),
  oc: verbs(KUBERNETES_GLOBAL, OPENSHIFT_VERBS, { stopAtOperand: true }),
  ...each('docker podman', verbs('--context: --log-level:', DOCKER_VERBS, { stopAtOperand: true })),
  'docker-compose': COMPOSE,
  crictl: verbs('-r: --runtime-endpoint: --timeout:', {
    ...each(
      'ps pods images stats statsp info version inspect inspectp inspecti imagefsinfo',
      only('-a -o: --output: -q --name: --state: --namespace: -v'),
    ),
    logs: DOCKER_LOGS,
  }),
  helm: verbs('-n: --namespace: --kube-context: -o: --output:', {
    ...each(
      'list ls',
      only('-A --all-namespaces -a --all -f: --filter: -q --short --failed --pending --deployed --date -m: --max:', {
        operands: 0,
      }),
    ),
    status: only('--revision: --show-desc', outside),
    history: only('--max:', outside),
    version: only('--short --template:', { operands: 0 }),
    search: verbs('', { repo: only('-l --versions --version: --devel', outside), hub: only('', outside) }),
    repo: verbs('', { list: only('') }),
  }),
  istioctl: verbs('-n: --namespace: -i: --istioNamespace: --context: -o: --output:', {
    version: only('--remote? --short'),
    ...each('proxy-status ps', only('', outside)),
    ...each(
      'proxy-config pc',
      verbs(
        '',
        each(
          'cluster clusters c listener listeners l route routes r endpoint endpoints ep log bootstrap b',
          only('--port: --fqdn: --address: --direction: --type: --name: --subset: --cluster: --status:', outside),
        ),
      ),
    ),
    analyze: only('-A --all-namespaces --timeout: --failure-threshold: --output-threshold:', outside),
    authn: verbs('', { 'tls-check': only('', outside) }),
    ...each(
      'x experimental',
      verbs('', { describe: only('', outside), authz: verbs('', { check: only('', outside) }) }),
    ),
    validate: only('-f:'),
  }),
  virsh: verbs(
    '-c: --connect:',
    each('list dominfo domstate nodeinfo net-list pool-list vol-list version', only('--all --name')),
  ),
  etcdctl: verbs(
    '--endpoints: --cacert: --cert: --key: -w: --write-out: --cluster --command-timeout: --dial-timeout:',
    {
      endpoint: verbs('', each('health status hashkv', only(''))),
      member: verbs('', { list: only('') }),
      alarm: verbs('', { list: only('') }),
      version: only(''),
    },
  ),
  flux: verbs('-n: --namespace: -A --all-namespaces --context:', {
    get: verbs('', each('all kustomizations kustomization ks helmreleases helmrelease hr sources source', ANY)),
    check: only(''),
    version: only(''),
  }),
};
