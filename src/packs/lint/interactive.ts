import { after, hasOption, hasWord, operands } from './call-options.ts';

type Look = (words: readonly string[], hasInput: boolean) => string | null;

const EDITOR = 'Edit with a command that needs no keyboard, or make it a task-list item.';
const WATCHER = 'Write top -b -n 1.';
const always =
  (fix: string): Look =>
  () =>
    fix;

/** `-i` and `-t` together, in one cluster or apart. */
function opensTerminal(words: readonly string[]): boolean {
  return hasOption(words, 'i', '--interactive', '--stdin') && hasOption(words, 't', '--tty');
}

/** A program that reads commands from the keyboard unless it is given some. */
const needs =
  (short: string, long: readonly string[], fix: string): Look =>
  (words, hasInput) =>
    hasInput || hasOption(words, short, ...long) ? null : fix;

/** An interpreter without a script. */
const interpreter: Look = (words, hasInput) =>
  hasInput || words.length > 1 ? null : 'Give it a script or a command with its option.';

const container: Look = (words) => {
  const verb = after(words, 'exec') ?? after(words, 'run');
  // What follows `--` belongs to the command inside.
  const own = verb?.slice(0, verb.includes('--') ? verb.indexOf('--') : undefined);
  if (own && opensTerminal(own)) return 'Take -it away and give the command that is to be run.';
  return hasWord(words, 'attach') ? 'A step has no keyboard: read the logs instead.' : null;
};

const kubectl: Look = (words) => {
  if (words[1] === 'edit' || after(words, 'edit')) return 'Write kubectl patch or kubectl apply.';
  if (after(words, 'rsh') || after(words, 'debug')) return 'Write kubectl exec with a command.';
  return container(words, false);
};

const git: Look = (words) => {
  const commit = after(words, 'commit');
  if (commit && !hasOption(commit, 'mFC', '--message', '--file', '--no-edit')) return 'Write git commit -m.';
  const [verb = ''] = operands(words, /^-[cC]$/u);
  const asks =
    /^(?:rebase|add|checkout|reset|stash|clean)$/u.test(verb) && hasOption(words, 'ip', '--interactive', '--patch');
  return asks ? 'Name what is meant instead of choosing it.' : null;
};

const LOOKS: Readonly<Record<string, Look>> = {
  ...Object.fromEntries(
    'vi vim nvim nano emacs pico ed joe micro visudo vipw'.split(' ').map((name) => [name, always(EDITOR)]),
  ),
  ...Object.fromEntries(
    'less more most man'.split(' ').map((name) => [name, always('Write cat, head or tail -n 200.')]),
  ),
  ...Object.fromEntries('htop atop btop glances'.split(' ').map((name) => [name, always(WATCHER)])),
  ...Object.fromEntries(
    'screen tmux'.split(' ').map((name) => [name, always('A step has no terminal: run the command itself.')]),
  ),
  ...Object.fromEntries(
    'telnet ftp'.split(' ').map((name) => [name, always('Use a probe step, or nc -z with a port.')]),
  ),
  top: (words) => (hasOption(words, 'b') ? null : WATCHER),
  iotop: (words) => (hasOption(words, 'b', '--batch') ? null : 'Write iotop -b -n 1.'),
  iftop: (words) => (hasOption(words, 't') ? null : 'Write iftop -t -s 10.'),
  nethogs: (words) => (hasOption(words, 't') ? null : 'Write nethogs -t -c 5.'),
  psql: needs('cflV', ['--command', '--file', '--list', '--version'], 'Write psql -c, or better a sql step.'),
  mysql: needs('eV', ['--execute', '--version'], 'Write mysql -e.'),
  mariadb: needs('eV', ['--execute', '--version'], 'Write mariadb -e.'),
  mongo: needs('', ['--eval', '--version'], 'Write --eval.'),
  mongosh: needs('', ['--eval', '--version', '--file'], 'Write --eval.'),
  'redis-cli': (words, hasInput) =>
    hasInput ||
    hasWord(words, '--stat', '--latency', '--bigkeys', '--memkeys', '--hotkeys', '--scan', '--rdb', '--version') ||
    operands(words, /^(?:-h|-p|-s|-a|-u|-n|-r|-i|-d|--user|--pass|--cacert|--cert|--key|--cluster)$/u).length > 0
      ? null
      : 'Give the command, or better write a redis step.',
  sqlite3: (words, hasInput) => (hasInput || operands(words, /^-cmd$/u).length > 1 ? null : 'Give the statement.'),
  ssh: (words) =>
    operands(words, /^-[BbcDEeFIiJLlmOopQRSWw]$/u).length > 1 || hasOption(words, 'NVGO')
      ? null
      : 'Give the command that is to be run there.',
  sftp: needs('b', [], 'Write sftp -b, or scp.'),
  su: needs('c', ['--command'], 'Write su -c.'),
  sudo: (words) =>
    hasOption(words, 'is', '--login', '--shell') || words.length === 1 ? 'Write sudo with the command.' : null,
  passwd: always('Make it a task-list item.'),
  crontab: (words) => (hasOption(words, 'e') ? 'Write crontab with a file.' : null),
  systemctl: (words) => (after(words, 'edit') ? 'Write a file below /etc/systemd and reload.' : null),
  docker: container,
  podman: container,
  'docker-compose': (words) => (hasWord(words, 'exec') && !hasOption(words, 'T', '--no-TTY') ? 'Write exec -T.' : null),
  kubectl,
  oc: kubectl,
  git,
  python: interpreter,
  python3: interpreter,
  node: interpreter,
  irb: interpreter,
  bash: interpreter,
  sh: interpreter,
  zsh: interpreter,
  read: (words, hasInput) => (hasInput || !hasOption(words, 'p') ? null : 'Declare a parameter and use "$name".'),
};

/** What to write instead when the command waits for a person at a keyboard; null when it does not. */
export function interactiveFix(words: readonly string[], hasInput: boolean): string | null {
  const program = words[0] ?? '';
  return Object.hasOwn(LOOKS, program) ? (LOOKS[program]?.(words, hasInput) ?? null) : null;
}
