import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const RUNBOOKS_PER_SYSTEM = 200;

/** A pack of generated runbooks: the same number gives the same files. */
export type GeneratedPacks = {
  readonly bytes: number;
  readonly steps: number;
  /** Things that people search for, one for each third runbook: an alert, a symptom, words of a title. */
  readonly queries: readonly string[];
};

const COMPONENTS =
  'quote cart parcel invoice ledger payment refund session token webhook mail queue cache index replica shard gateway proxy worker scheduler importer exporter tracker carrier label route depot customs driver fleet booking room rate guest loyalty coupon catalogue price stock order basket checkout fraud identity consent audit report dashboard alert metric trace log backup archive search recommender'.split(
    ' ',
  );
const FAULTS =
  'latency_high error_rate backlog timeout disk_full memory_leak connection_refused replication_lag deadlock expired_certificate crash_loop rate_limited stale_data split_brain throttled unreachable out_of_sync quota_exceeded corrupt_file slow_query'.split(
    ' ',
  );
const PHRASES = [
  'Customers wait longer than usual for an answer',
  'The log shows "connection reset by peer" several times a minute',
  'Workers restart and lose what they had begun',
  'Nothing is accepted although the health check is green',
  'The number of waiting items grows by hundreds an hour',
  'Half of the calls end with status 503',
  'A partner reports that no file arrived since midnight',
  'The dashboard shows a flat line where traffic should be',
  'I clienti ricevono risposte in ritardo',
  'La coda cresce e nessun lavoratore la svuota',
  'Il certificato risulta scaduto sul bilanciatore',
  'Le scritture falliscono con "no space left on device"',
];
const PROSE = [
  'Look at the newest deployment first: most of these faults begin within an hour of one.',
  'The upstream has a limit of its own, so a restart of everything at once makes it worse.',
  'When two regions are affected, treat them one after the other and watch the first for ten minutes.',
  'Ask the owner of the data before anything is removed; a copy is kept for seven days only.',
];

/** Writes `count` runbooks as systems of two hundred below `dir`. Throws the system's own error when it cannot. */
export async function generatePacks(dir: string, count: number): Promise<GeneratedPacks> {
  const random = mulberry32(7);
  const total = { bytes: 0, steps: 0, queries: [] as string[] };
  for (let from = 0, system = 1; from < count; from += RUNBOOKS_PER_SYSTEM, system += 1) {
    const folder = join(dir, `system-${system}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'system.yml'), systemFile(system));
    for (let number = from + 1; number <= Math.min(count, from + RUNBOOKS_PER_SYSTEM); number += 1) {
      const made = runbook(random, number);
      await writeFile(join(folder, `rb-${number}.md`), made.text);
      total.bytes += Buffer.byteLength(made.text);
      total.steps += made.steps;
      if (number % 3 === 0) total.queries.push(made.query);
    }
  }
  return total;
}

function systemFile(system: number): string {
  const target = (name: string, executor: string, read: string) =>
    `  ${name}: { executor: ${executor}, read: { ${read} }, write: { ${read} } }`;
  return [
    `name: Generated ${system}`,
    'severities:',
    '  - { level: SEV1, rank: 1, definition: Everything is down., war_room: channel }',
    '  - { level: SEV2, rank: 2, definition: A part is down., war_room: hub-thread }',
    '  - { level: SEV3, rank: 3, definition: Somebody notices., war_room: none }',
    'targets:',
    target('api', 'http', 'url: "http://127.0.0.1:1"'),
    target('db', 'sql', 'url: "postgres://127.0.0.1:1/x"'),
    target('cache', 'redis', 'url: "redis://127.0.0.1:1"'),
    target('cluster', 'kubectl', 'namespace: shop'),
    target('host', 'sh', 'directory: /srv'),
    '',
  ].join('\n');
}

type Random = () => number;

function runbook(random: Random, number: number): { text: string; steps: number; query: string } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const first = pick(COMPONENTS);
  const second = pick(COMPONENTS);
  const fault = pick(FAULTS);
  const name = `${first}_${second}`;
  const alert = `${name}_${fault}_${number}`;
  const title = `${capital(first)} ${second}: ${fault.replaceAll('_', ' ')} in region ${1 + (number % 40)}`;
  const symptom = `${pick(PHRASES)}, seen in ${name.replace('_', '-')}-${number % 97}`;
  const diagnose = READS.filter(() => random() < 0.75).map((make, index) => make(`read_${index}`, name, number));
  const mitigate = CHANGES.filter(() => random() < 0.6).map((make, index) => make(`fix_${index}`, name, number));
  const lines = [
    '---',
    `id: RB-${number}`,
    `title: "${title}"`,
    `severity: ${pick(['SEV1', 'SEV2', 'SEV3'])}`,
    `alerts: [${alert}, ${name}_watch]`,
    'rto: 30m',
    'blast_radius:',
    `  - warn: ${capital(first)} is slower for everybody`,
    `  - ok: What ${second} accepted before is kept`,
    'params:',
    '  max_items: { type: integer, min: 1, max: 500, default: 25 }',
    '  region: { type: choice, choices: [north, south], default: north }',
    '---',
    '',
    `# ${title}`,
    '',
    `${pick(PROSE)} See [the neighbour](rb-${number % RUNBOOKS_PER_SYSTEM === 1 ? number : number - 1}.md) when it is not this.`,
    '',
    '## Symptoms',
    '',
    `- ${symptom}`,
    `- ${pick(PHRASES)}`,
    `- The alert \`${alert}\` fires`,
    '',
    '## Diagnose',
    '',
    pick(PROSE),
    '',
    ...diagnose,
    '| signal | healthy | broken |',
    '|---|---|---|',
    `| waiting ${first} | below ${10 + (number % 90)} | above ${200 + (number % 700)} |`,
    `| errors of **${second}** | 0.${number % 10} % | more than 5 % |`,
    '',
    '## Mitigate',
    '',
    ...mitigate,
    '## Recover',
    '',
    pick(PROSE),
    '',
    `- [ ] Tell the owner of ${second} what was done`,
    `- [ ] Compare the ${first} totals with yesterday's`,
    '',
    '## Escalate',
    '',
    `Page the platform owner when ${name} is not back within ${10 + (number % 50)} minutes.`,
    '',
  ];
  const query = pick([
    alert,
    symptom,
    `${first} ${fault.replaceAll('_', ' ')}`,
    `${second} ${pick(['log', 'slow', 'certificate'])}`,
  ]);
  return { text: lines.join('\n'), steps: diagnose.length + mitigate.length + 2, query };
}

type Make = (id: string, name: string, number: number) => string;

function fence(heading: string, opening: string, body: string): string {
  return `### ${heading}\n\n\`\`\`${opening}\n${body}\n\`\`\`\n`;
}

const READS: readonly Make[] = [
  (id, name, number) =>
    fence(
      `Statistics of ${name}`,
      `http {#${id} target=api expect="status == 200 && body.backlog < ${number % 500}"}`,
      `GET /v1/${name.replace('_', '/')}/stats?limit=\${max_items}`,
    ),
  (id, name, number) =>
    fence(
      `Oldest waiting ${name}`,
      `sql {#${id} target=db expect="rows.size() < ${1 + (number % 20)}" timeout=10s}`,
      `SELECT id, state, now() - created_at AS age\nFROM ${name}\nWHERE state = 'waiting' AND attempts > ${number % 7}\nORDER BY created_at LIMIT 20`,
    ),
  (id, name) => fence(`Breaker of ${name}`, `redis {#${id} target=cache}`, `GET circuit_breaker:${name}`),
  (id, name, number) =>
    fence(
      `Locks on ${name}`,
      `sql {#${id} target=db}`,
      `SELECT pid, wait_event, left(query, 80) AS query FROM pg_stat_activity WHERE query ILIKE '%${name}%' AND pid <> ${number}`,
    ),
  (id, name, number) =>
    fence(`Pods of ${name}`, `kubectl {#${id} target=cluster}`, `get pods -n shop -l app=${name}-${number % 30}`),
];

const CHANGES: readonly Make[] = [
  (id, name) => fence(`Close the breaker of ${name}`, `redis {#${id} target=cache}`, `DEL circuit_breaker:${name}`),
  (id, name, number) =>
    fence(
      `Give ${name} another try`,
      `sql {#${id} target=db timeout=30s}`,
      `UPDATE ${name} SET state = 'waiting', attempts = 0 WHERE state = 'failed' AND id > ${number}`,
    ),
  (id, name, number) =>
    fence(
      `Work off the ${name} backlog`,
      `sh {#${id} target=host expect="exit_code == 0" timeout=2m}`,
      `cd /srv/${name}\nfor shard in 1 2 3; do\n  ./bin/drain --shard="$shard" --limit="$max_items" --batch=${number % 50} | tee -a /var/log/${name}.log\ndone`,
    ),
  (id, name) =>
    fence(
      `Restart ${name}`,
      `kubectl {#${id} target=cluster}`,
      `rollout restart deployment/${name.replace('_', '-')} -n shop`,
    ),
];

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** A small generator of pseudo-random numbers from 0 to 1 that starts anywhere: the corpus must not change between runs. */
function mulberry32(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
