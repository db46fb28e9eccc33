import { after, hasOption, hasWord, operands } from './call-options.ts';

/** What to write instead of a command that goes on until somebody stops it; null for one that ends by itself. */
type Look = (words: readonly string[]) => string | null;

const POLL = 'Take the option away; poll="30s for 15m" repeats the step.';

const followsLogs: Look = (words) => {
  const logs = after(words, 'logs') ?? after(words, 'log');
  return logs && hasOption(logs, 'f', '--follow') ? 'Write --tail=200 or --since=10m instead of -f.' : null;
};

const kubectl: Look = (words) => {
  const [verb] = operands(words, /^(?:-n|--namespace|--context|--kubeconfig|--cluster|--user|-s|--server)$/u);
  if (verb === 'port-forward' || verb === 'proxy' || verb === 'attach')
    return 'A step cannot keep a connection open: run what it was opened for.';
  if (verb === 'get' || verb === 'events') return hasOption(words, 'w', '--watch', '--watch-only') ? POLL : null;
  return verb === 'logs' ? followsLogs(words) : null;
};

const docker: Look = (words) => {
  const stats = after(words, 'stats');
  if (stats) return hasWord(stats, '--no-stream') ? null : 'Write docker stats --no-stream.';
  const events = after(words, 'events');
  if (events) return hasWord(events, '--until') ? null : 'Write --until=0s with --since=….';
  const up = after(words, 'up');
  if (up && hasWord(words, 'compose', 'docker-compose'))
    return hasOption(up, 'd', '--detach', '--wait', '--no-start') ? null : 'Write up -d.';
  return followsLogs(words);
};

/** A second number is how often; without it the program goes on. */
const sampling: Look = (words) => {
  const numbers = operands(words, /^-[a-zA-Z]$/u).filter((word) => /^\d+$/u.test(word));
  return numbers.length === 1 ? 'Say how often as well: a second number.' : null;
};

const LOOKS: Readonly<Record<string, Look>> = {
  watch: () => 'Run the command by itself; poll="30s for 15m" repeats the step.',
  tail: (words) => (hasOption(words, 'fF', '--follow', '--retry') ? 'Write tail -n 200.' : null),
  journalctl: (words) => (hasOption(words, 'f', '--follow') ? 'Write -n 200 or --since instead of -f.' : null),
  dmesg: (words) => (hasOption(words, 'w', '--follow') ? 'Take -w away.' : null),
  top: (words) => (hasOption(words, 'b') && !hasOption(words, 'n') ? 'Write top -b -n 1.' : null),
  iotop: (words) => (hasOption(words, 'b') && !hasOption(words, 'n') ? 'Write iotop -b -n 1.' : null),
  iftop: (words) => (hasOption(words, 't') && !hasOption(words, 's') ? 'Write iftop -t -s 10.' : null),
  nethogs: (words) => (hasOption(words, 't') && !hasOption(words, 'c') ? 'Write nethogs -t -c 5.' : null),
  ping: (words) => (hasOption(words, 'cw') ? null : 'Write ping -c 5.'),
  ping6: (words) => (hasOption(words, 'cw') ? null : 'Write ping6 -c 5.'),
  tcpdump: (words) => (hasOption(words, 'crVDh') ? null : 'Write tcpdump -c 100.'),
  mtr: (words) => (hasOption(words, 'rc', '--report') ? null : 'Write mtr --report -c 10.'),
  vmstat: sampling,
  iostat: sampling,
  mpstat: sampling,
  pidstat: sampling,
  sar: sampling,
  kubectl,
  oc: kubectl,
  stern: () => 'Write kubectl logs --tail=200 with a selector.',
  docker,
  podman: docker,
  'docker-compose': (words) => docker(['docker', 'compose', ...words.slice(1)]),
  heroku: (words) => (after(words, 'logs') && hasOption(words, 't', '--tail') ? 'Take --tail away.' : null),
  fly: (words) => (after(words, 'logs') && !hasOption(words, 'n', '--no-tail') ? 'Write fly logs --no-tail.' : null),
  flyctl: (words) => (after(words, 'logs') && !hasOption(words, 'n', '--no-tail') ? 'Write fly logs --no-tail.' : null),
  'redis-cli': (words) =>
    words.some((word) =>
      /^(?:monitor|subscribe|psubscribe|ssubscribe|--stat|--latency|--latency-history|--latency-dist)$/iu.test(word),
    )
      ? 'It never ends: read INFO, SLOWLOG or LATENCY LATEST instead.'
      : null,
  inotifywait: (words) => (hasOption(words, 'm', '--monitor') ? 'Take -m away and give --timeout.' : null),
  yes: () => 'Give the answer as an option of the program that asks.',
};

/** What to write instead when the command goes on until somebody stops it; null when it ends by itself. */
export function unboundedFix(words: readonly string[]): string | null {
  const program = words[0] ?? '';
  return Object.hasOwn(LOOKS, program) ? (LOOKS[program]?.(words) ?? null) : null;
}
