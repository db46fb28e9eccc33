import { ANY, each, only, type Program } from './program.ts';

const NAME = /^[A-Za-z_]\w*$/u;

/** The shell's own commands. What sets a variable is limited to the script's own variables by the analysis of the syntax tree. */
export const BUILTINS: Readonly<Record<string, Program>> = {
  ...each('echo true false : pwd type times', ANY),
  ...each('exit return break continue shift sleep', ANY),
  cd: only('-', { operands: 1, unknown: 'outside' }),
  wait: only('', { operands: 0 }),
  jobs: only('-l -p'),
  set: only('-e -u -x -f -o:', { operand: /^\+[euxf]+$/u, values: { '-o': /^(?:pipefail|errexit|nounset|xtrace)$/u } }),
  read: only('-r -s -t: -n: -N: -d: -p:', { operand: NAME, stopAtOperand: true, reader: 'variables' }),
  printf: only('', { least: 1, stopAtOperand: true }),
  ...each('test [', only('*', { reader: 'test' })),
  ulimit: only('-a -n -u -S -H', { operands: 0 }),
  umask: only('-S -p', { operands: 0 }),
  hash: only('', { operands: 0 }),
};

/** Files and text. Programs that can write (`sort -o`, `uniq IN OUT`, `date -s`) are listed with what reads alone. */
export const TEXT: Readonly<Record<string, Program>> = {
  ...each('cat tac head wc nl rev cut tr fold paste comm join expand unexpand cmp strings tsort column fmt pr', ANY),
  ...each('ls dir stat readlink realpath basename dirname du df md5sum sha1sum sha224sum sha256sum', ANY),
  ...each('sha384sum sha512sum b2sum cksum sum egrep fgrep grep zgrep zegrep zfgrep', ANY),
  ...each('jq seq expr factor numfmt nproc uname tty logname whoami groups which whereis cal', ANY),
  ...each('zcat bzcat xzcat zstdcat', only('')),
  arch: only('', { operands: 0 }),
  tail: ANY,
  ...each('base64 base32', only('-d -D -w: -i --decode --wrap: --ignore-garbage')),
  hexdump: ANY,
  od: ANY,
  rg: only('-i -v -n -c -l -w -o -F -S -H -N -s -x -A: -B: -C: -e: -g: -t: -m: --no-heading --count --fixed-strings'),
  diff: only('-u -r -q -w -b -B -i -N -a -c -y -s -U: -C: --brief --unified --recursive --side-by-side --color'),
  sort: only(
    '-n -r -u -h -k: -t: -f -b -V -g -M -s -d -i -c -z -R --reverse --unique --numeric-sort --human-numeric-sort --key: --version-sort',
  ),
  uniq: only('-c -d -u -i -f: -s: -w: -D -z --count --repeated --unique', { operands: 1 }),
  shuf: only('-n: -e -i: -r -z'),
  xxd: only('-l: -s: -c: -g: -p -u -b -ps', { operands: 1 }),
  file: only('-b -i -L -k --mime-type --mime --brief'),
  date: only('-u -R -d: --date: --utc --iso-8601? --rfc-3339: -I? -r:', { operands: 1, operand: /^\+/u }),
  less: only('-R -S -N -F -X -r -n -i', { operand: /^[^+]/u }),
  more: only('', { operand: /^[^+]/u }),
  sed: only('-n -E -r -u -s -z -e: --quiet --silent --regexp-extended --expression:', { reader: 'sed' }),
  ...each(
    'awk gawk mawk nawk',
    only('-F: -v: --field-separator: --assign:', { stopAtOperand: true, least: 1, reader: 'awk' }),
  ),
  bc: only('-l -q', { operands: 0 }),
  yq: only('-r -e -o: -P -c -M -C -j -N -p: --output-format: --prettyPrint --exit-status'),
  tar: only('-t -v -z -j -J -f: --list --verbose --gzip --file:', {
    oneOf: '-t --list',
    values: { '-f': /^[^:]+$/u, '--file': /^[^:]+$/u },
  }),
  unzip: only('-l -v -Z', { oneOf: '-l -v -Z' }),
  zipinfo: only('-1 -l -m -s'),
  gunzip: only('-c -l -t --stdout --list --test', { oneOf: '-c -l -t --stdout --list --test' }),
  gzip: only('-l -t --list --test', { oneOf: '-l -t --list --test' }),
  clear: only('', { operands: 0 }),
  tput: only('', { operand: /^(?:bold|sgr0|setaf|setab|\d|cols|lines|rev|smul|rmul|el|clear|reset)$/u }),
  getconf: only('-a', { operands: 2 }),
  locale: only('-a -m -k'),
};

/** What a machine is doing. */
export const MACHINE: Readonly<Record<string, Program>> = {
  ...each('ps free uptime w who id pgrep pidof pstree pmap vmstat mpstat lscpu lsmem lsmod lsusb nethogs', ANY),
  ...each('last lastb lastlog getent iostat findmnt lsblk lsns lsipc', ANY),
  lspci: only('-v -vv -k -n -nn -t -s: -d:', { operands: 0 }),
  pidstat: only('-u -r -d -w -p: -t -h -l -C:', { operand: /^\d+$/u }),
  top: only('-b -n: -p: -o: -c -H -d: -u: -U: -1 -w: -i -l: -s: -E: -e:'),
  htop: only('-d: -u: -p: -s: -t -C', { operands: 0 }),
  iotop: only('-o -b -n: -d: -p: -u: -a -P -k -t -q', { operands: 0 }),
  iftop: only('-n -N -P -t -i: -s: -B -b', { operands: 0 }),
  sar: only('-u -r -b -d -n: -q -A -p -f: -s: -e: -P: -S -W', { operand: /^\d+$/u }),
  slabtop: only('-o -s:', { operands: 0 }),
  numastat: only('-m -n -c -p:', { operand: /^[\w.-]+$/u }),
  hostname: only('-f -i -I -s -d -A --fqdn --short --all-ip-addresses', { operands: 0 }),
  hostnamectl: only('', { operands: 1, operand: /^status$/u }),
  timedatectl: only('--no-pager', {
    operands: 1,
    operand: /^(?:status|show|timesync-status|show-timesync|list-timezones)$/u,
  }),
  mount: only('-l -t:', { operands: 0 }),
  dmesg: only('-T -H -w -l: -f: -k -x -P -L --level: --ctime --human --since: --until: --follow --color --nopager', {
    operands: 0,
  }),
  lsof: only('-i? -s? -n -P -p: -u: -c: -t -a -l -R -d: -U'),
  fuser: only('-v -n: -u -m -a'),
  sysctl: only('-a -n -e -N --all --values', { operand: /^[\w./-]+$/u }),
  crontab: only('-l -u:', { operands: 0, oneOf: '-l' }),
  atq: only('', { operands: 0 }),
  smartctl: only('-a -H -i -A -x -l: -d: --all --health --info', { operands: 1 }),
  mdadm: only('--detail --examine --query -D -E -Q', { operands: 1, least: 1 }),
  ...each('lvs vgs pvs', only('-a -o: --units: --noheadings -v --all --options:')),
  ...each('lvdisplay vgdisplay pvdisplay', only('-v -m -c')),
  zpool: { options: '', verbs: { status: only('-v -x -L -P'), list: only('-v -H -o:') } },
  zfs: { options: '', verbs: { list: only('-t: -o: -H -r -s: -S:'), get: only('-H -r -o: -s: -t:') } },
  'nvidia-smi': only('-q -L -d: --query-gpu: --format:', { operands: 0 }),
  systemctl: {
    options:
      '--no-pager -l --full -q --quiet -n: --lines: -o: --output: -t: --type: --state: --failed -a --all --user --plain --no-legend -p: --property: --value -r --reverse',
    bare: true,
    unknown: 'outside',
    verbs: each(
      `status is-active is-enabled is-failed is-system-running list-units list-unit-files list-timers list-sockets list-jobs
      list-dependencies show cat get-default`,
      only('', { unknown: 'outside' }),
    ),
  },
  journalctl: only(
    `-u: -n: -f -e -x -r -b -k -p: -S: -U: -o: -g: -t: -a -q -m -l --unit: --lines: --follow --since: --until: --output: --no-pager
    --priority: --grep: --boot --dmesg --reverse --catalog --utc --no-hostname --disk-usage --list-boots --identifier: --all --system --user
    --full --no-full --no-tail --output-fields: -N -F: -#`,
  ),
  supervisorctl: { options: '', verbs: { status: ANY, pid: ANY, avail: only(''), tail: only('-#') } },
  loginctl: {
    options: '--no-pager',
    bare: true,
    verbs: each('list-sessions list-users show-session session-status', only('')),
  },
  apt: { options: '', verbs: each('list show search policy', only('--installed --upgradable -a')) },
  'apt-cache': { options: '', verbs: each('policy show search showpkg depends rdepends madison', only('-n')) },
  dpkg: only('-l -s -L -S --list --status --listfiles --search --print-architecture', {
    oneOf: '-l -s -L -S --list --status --listfiles --search --print-architecture',
  }),
  'dpkg-query': only('-l -s -L -S -W -f: --show --list'),
  rpm: only('-q -a -i -l -f -c -p --query --all --info --list', { oneOf: '-q --query' }),
};
