import { ANY, each, only, type Program, verbs } from './program.ts';

const outside = { unknown: 'outside' as const };
const NONE = only('', { operands: 0 });
const GIT_SHOW = `-n: -# --oneline --since: --until: --after: --before: --author: --grep: --all --graph --decorate --stat --name-only --name-status --format:
  --pretty --pretty: -p --patch --no-merges --merges --first-parent --reverse --abbrev-commit -S: -G: --follow --cached --staged --shortstat --numstat
  -w -U: --no-pager --no-color --color --date: --max-count: -i -L: --summary --word-diff --relative-date --no-patch -s`;

/** Data stores, version control, infrastructure and platforms. */
export const TOOLS: Readonly<Record<string, Program>> = {
  ...each(
    'redis-cli valkey-cli keydb-cli',
    only(
      `-h: -p: -a: -n: -s: -u: -t: -2 -3 -r: -i: -e --user: --pass: --no-auth-warning --raw --no-raw --csv --json --tls --cacert: --cert: --key: --sni:
    --insecure --bigkeys --memkeys --hotkeys --scan --pattern: --count: --stat --latency --latency-history --version -v`,
      { stopAtOperand: true, reader: 'redis' },
    ),
  ),
  psql: only(
    `-h: -p: -U: -d: -c: -t -A -x -q -X -w -l -F: -R: --host: --port: --username: --dbname: --command: --tuples-only --no-align --expanded
    --quiet --no-psqlrc --no-password --list --csv --html -V --version --field-separator:`,
    { operands: 2, reader: 'psql' },
  ),
  pg_isready: only('-h: -p: -U: -d: -t: -q --host: --port: --username: --dbname: --timeout: --quiet', { operands: 0 }),
  pg_controldata: only('-D:', { operands: 1 }),
  git: verbs(
    '-C: --no-pager',
    {
      status: only('-s -b -u --short --branch --porcelain -uno --ignored --long'),
      log: only(GIT_SHOW),
      show: only(GIT_SHOW),
      diff: only(GIT_SHOW),
      ...each('rev-parse', only('--short --abbrev-ref --show-toplevel --verify --is-inside-work-tree --git-dir')),
      describe: only('--tags --always --dirty --abbrev: --all --long'),
      shortlog: only('-s -n -e --since: --until: --all'),
      blame: only('-L: -w -C -M --since: -l -s'),
      'ls-files': only('-m -o -d -s --modified --others --deleted --exclude-standard'),
      'rev-list': only('--count --all -n: --since: --max-count:'),
      branch: only('-a -r -v -vv --all --remotes --show-current --list', { operands: 0 }),
      tag: only('-l --list --sort: -n', { operands: 0 }),
      remote: { options: '-v --verbose', operands: 0, bare: true, verbs: { 'get-url': only('') } },
      stash: verbs('', { list: NONE, show: only('-p --stat') }),
      reflog: { options: '-n: --date:', bare: true, verbs: { show: only('') } },
      version: NONE,
    },
    { stopAtOperand: true },
  ),
  gh: verbs(
    '-R: --repo: --json: --jq: -q: -L: --limit:',
    each(
      'pr issue run release workflow',
      verbs(
        '',
        each('list view status checks diff', only('--state: --log --log-failed --comments --branch: -w: --workflow:')),
      ),
    ),
  ),
  vault: verbs(
    '-address: -namespace: -format: -ca-cert: -tls-skip-verify',
    {
      status: NONE,
      version: NONE,
      secrets: verbs('', { list: only('-detailed') }),
      auth: verbs('', { list: only('-detailed') }),
      policy: verbs('', { list: NONE, read: only('', { operands: 1 }) }),
      audit: verbs('', { list: only('-detailed') }),
      kv: verbs('', {
        list: only('-mount:', { operands: 1 }),
        metadata: verbs('', { get: only('-mount:', { operands: 1 }) }),
      }),
      list: only('', { operands: 1 }),
      operator: verbs('', { raft: verbs('', { 'list-peers': NONE }), members: NONE, 'key-status': NONE }),
    },
    { wholeWords: true },
  ),
  terraform: verbs(
    '-no-color -chdir: -json',
    {
      version: NONE,
      validate: NONE,
      show: only('', { operands: 1 }),
      providers: NONE,
      state: verbs('', { list: only('-id:'), show: only('') }),
      workspace: verbs('', { show: NONE, list: NONE }),
      graph: only('-type:'),
    },
    { wholeWords: true },
  ),
  ...each(
    'flyctl fly',
    verbs('-a: --app: -j --json -c:', {
      status: only('--all', outside),
      logs: only('-i: --instance: -r: --region: -n --no-tail', outside),
      releases: only('--image', outside),
      ...each('apps app', verbs('', { list: NONE })),
      ...each('postgres pg', verbs('', { list: NONE })),
      ...each('machine machines m', verbs('', { list: only('-q --quiet'), status: only('', outside) })),
      ...each('volumes volume ips secrets regions certs checks', verbs('', { list: NONE, show: only('', outside) })),
      scale: verbs('', { show: NONE }),
      version: NONE,
      platform: verbs('', { regions: NONE, 'vm-sizes': NONE, status: NONE }),
    }),
  ),
  cast: verbs(
    '--rpc-url: -r: -e --ether --block: -B: --json -j',
    each(
      'balance block block-number gas-price base-fee tx receipt call nonce chain-id chain client code codesize storage age find-block logs basefee estimate',
      only('-f: --from: --field:', outside),
    ),
  ),
  aws: {
    options: '--region: --profile: --output: --query: --no-cli-pager --no-paginate --max-items: --filters: --filter:',
    verbs: {
      ec2: awsRead(
        'describe-instances describe-instance-status describe-volumes describe-vpcs describe-subnets describe-security-groups describe-addresses describe-images',
      ),
      rds: awsRead('describe-db-instances describe-db-clusters describe-events describe-db-log-files'),
      ecs: awsRead('describe-services describe-clusters describe-tasks list-services list-clusters list-tasks'),
      eks: awsRead('describe-cluster list-clusters list-nodegroups describe-nodegroup'),
      elbv2: awsRead('describe-load-balancers describe-target-groups describe-target-health describe-listeners'),
      cloudwatch: awsRead('describe-alarms describe-alarm-history get-metric-statistics list-metrics'),
      logs: awsRead('describe-log-groups describe-log-streams filter-log-events get-log-events tail'),
      sqs: awsRead('list-queues get-queue-attributes get-queue-url'),
      s3: verbs('', { ls: only('--recursive --human-readable --summarize', outside) }),
      sts: awsRead('get-caller-identity'),
      autoscaling: awsRead('describe-auto-scaling-groups describe-scaling-activities'),
      lambda: awsRead('list-functions get-function-configuration'),
      elasticache: awsRead('describe-cache-clusters describe-replication-groups'),
    },
  },
  rabbitmqctl: verbs(
    '-n: -p: -q --quiet --node: --vhost: -t: --timeout:',
    each(
      `status cluster_status list_queues list_exchanges list_bindings list_connections list_channels list_consumers list_vhosts list_users
    list_permissions list_policies list_parameters node_health_check ping version report`,
      only('--formatter: --online --offline --local', outside),
    ),
  ),
  'rabbitmq-diagnostics': verbs(
    '-n: -q --quiet --node:',
    each(
      'status ping check_running check_local_alarms check_port_connectivity check_virtual_hosts memory_breakdown cluster_status alarms listeners',
      only('--formatter: --unit:'),
    ),
  ),
  ...each(
    'kafka-topics kafka-topics.sh kafka-consumer-groups kafka-consumer-groups.sh',
    only(
      '--bootstrap-server: --describe --list --topic: --group: --all-groups --state --members --verbose --under-replicated-partitions --unavailable-partitions',
      { operands: 0, oneOf: '--describe --list' },
    ),
  ),
  ceph: verbs(
    '-f: --format: -s',
    {
      ...each('status health df versions', only('', { operand: /^detail$/u })),
      osd: verbs('', each('tree df status stat perf dump', only('', { operands: 0 }))),
      mon: verbs('', each('stat dump', NONE)),
      pg: verbs('', each('stat', NONE)),
    },
    { bare: true, oneOf: '-s' },
  ),
  consul: verbs(
    '-http-addr:',
    {
      members: only('-detailed -wan'),
      info: NONE,
      catalog: verbs('', each('nodes services datacenters', only('-service:'))),
      operator: verbs('', { raft: verbs('', { 'list-peers': NONE }) }),
    },
    { wholeWords: true },
  ),
  ...each(
    'python python3',
    only('--version -V -m:', {
      operands: 1,
      oneOf: '--version -V -m',
      wholeWords: true,
      values: { '-m': /^json\.tool$/u },
    }),
  ),
  nginx: only('-t -T -v -V -q', { operands: 0, oneOf: '-t -T -v -V' }),
  ...each('apachectl apache2ctl httpd', only('-t -S -v -V -M', { operands: 0, oneOf: '-t -S -v -V -M' })),
  haproxy: only('-v -vv', { operands: 0, oneOf: '-v -vv', wholeWords: true }),
  mongostat: only('--host: --port: -n:', { operands: 1, operand: /^\d+$/u }),
  ...each(
    'node java ruby perl php go pip pip3 npm poetry',
    only('--version -V -version', { operands: 0, oneOf: '--version -V -version', wholeWords: true }),
  ),
};

function awsRead(names: string): Program {
  return verbs('', each(names, { ...ANY, unknown: 'outside' }));
}
