import { findProgram } from '../../analysis/programs/table.ts';

/** Programs of operations that the table of readers does not list, because nothing of them is known to only read. */
const MORE = new Set(
  `kubectl oc docker docker-compose podman nerdctl crictl helm istioctl kustomize argocd flux linkerd velero kops eksctl kubeadm k9s stern
   flyctl fly heroku vercel aws gcloud gsutil bq az doctl ibmcloud terraform terragrunt tofu ansible ansible-playbook packer vault consul nomad
   psql pg_dump pg_restore pg_basebackup pg_ctl pg_isready pgbench patronictl repmgr mysql mysqldump mysqladmin mongo mongosh mongodump mongorestore
   redis-cli redis-server etcdctl etcdutl rabbitmqctl rabbitmqadmin kafka-topics kafka-topics.sh kafka-consumer-groups kafka-consumer-groups.sh
   nodetool cqlsh influx clickhouse-client sqlcmd sqlite3 elasticsearch-plugin ceph rbd rados gluster zpool zfs mdadm
   systemctl service journalctl supervisorctl pm2 initctl launchctl chkconfig update-rc.d crontab at
   ssh scp sftp rsync curl wget nc ncat netcat telnet nslookup dig host ping traceroute tracepath mtr tcpdump nmap openssl ip ifconfig iptables ufw
   ss netstat lsof fuser strace ltrace perf iotop iostat vmstat mpstat sar dstat iftop nethogs nload htop top ps pgrep pkill kill killall nice renice
   df du free uptime dmesg lsblk blkid mount umount fsck mkfs fdisk parted lvextend lvs vgs pvs resize2fs xfs_growfs swapon swapoff sysctl ulimit
   cat tail head less more grep egrep fgrep zgrep awk sed find xargs sort uniq wc cut tr tee ls cp mv rm mkdir rmdir touch ln chmod chown tar gzip
   gunzip zcat unzip zip md5sum sha256sum stat file date sleep echo printf export source env watch timeout nohup screen tmux sudo su bash sh zsh
   python python3 pip pip3 node npm npx yarn pnpm ruby rails rake bundle php artisan composer java jstack jmap jcmd jstat go cargo make mvn gradle
   perl poetry pytest alembic celery gunicorn uwsgi django-admin git gh apt apt-get yum dnf apk brew snap rpm dpkg chef-client knife puppet salt
   salt-call certbot nginx apachectl apache2ctl haproxy varnishadm caddy jq yq base64 hostnamectl timedatectl chronyc ntpq ntpdate
   cast forge amtool promtool logcli mimirtool tsh teleport boundary gitlab-ctl gitlab-rails gitlab-rake cf minikube kind skaffold tkn oadm omc must-gather
   mailq postqueue postsuper postfix postconf exim sendmail lpstat lpq sacct squeue scontrol mqsc dspmq zkCli.sh consul-template
   lspci lsmod modprobe ethtool nmcli brctl bridge dmidecode smartctl sensors ipmitool multipath iscsiadm nfsstat showmount exportfs rpcinfo
   cd pushd if for while until case set unset trap wait exec eval test [ [[ ! time`.split(/\s+/u),
);

/** Words of the list that are also plain English: they need an argument that only a command has. */
const ENGLISH = new Set(
  `watch find make top kill date time test file host service mount source sort cut head tail cat less more set wait screen nice at stat
   env export case if for while until install split touch history go git bash sh node kind fly influx at look flux bridge boundary wait`.split(
    /\s+/u,
  ),
);

const SENTENCE =
  /(?:^|\s)(?:the|this|that|is|are|was|to|of|and|or|you|your|we|it|for|should|will|il|la|lo|gli|le|che|di|un|una|è|sono|per|con|del|della|se)(?=\s|$)/iu;

/** The name of the program that a line calls, past variables and `sudo`; null when it calls none that is known. */
export function programOf(line: string): string | null {
  const match =
    /^\s*(?:(?:[A-Za-z_]\w*=(?:"[^"]*"|'[^']*'|\S*)\s+)*)(?:sudo\s+(?:-\w+\s+(?:\w+\s+)?)?)?((?:[\w.+/~-]|\$\{?\w+\}?\/)+|\[\[?|!)(?=[\s;|&<>()]|$)/u.exec(
      line,
    );
  const word = match?.[1];
  if (word === undefined) return null;
  const name = word.replace(/^.*\//u, '');
  if (MORE.has(name) || findProgram(name) !== null) return name;
  return /^(?:\.{1,2}|~|\/(?:opt|usr|bin|sbin|etc|var|home|srv|root|app|tmp|scripts?))\/\S*[\w]$/u.test(word) ||
    /^[\w./-]+\.(?:sh|py|rb|pl)$/u.test(word)
    ? name
    : null;
}

/** Surely a command: a known program, called the way that sentences are not written. */
export function isSurelyCommand(line: string): boolean {
  const text = line.trim();
  const name = programOf(text);
  if (name === null || text.length > 4_000) return false;
  const words = text.split(/\s+/u);
  if (words.length === 1) return /^[.~/]/u.test(text) || BARE.has(name);
  if (/[:,]$/u.test(words[0] ?? '') || /^[A-Z][a-z]/u.test(text)) return false;
  const rest = text.slice(text.indexOf(name) + name.length).replaceAll(/"[^"]*"|'[^']*'/gu, ' "" ');
  const marked = /(?:^|\s)-{1,2}[A-Za-z]|[/=|<>$"'{}]|(?:^|\s)[\w-]+\.\w|:\d/u.test(rest);
  if (SENTENCE.test(rest))
    return marked && /(?:^|\s)-{1,2}[A-Za-z]/u.test(rest) && !ENGLISH.has(name) && words.length < 30;
  return marked || !ENGLISH.has(name);
}

/** Programs that are called without any argument. */
const BARE = new Set(
  'uptime top htop free df iftop nethogs iotop vmstat dmesg lsblk mount ps ifconfig w who hostname date env iostat'.split(
    ' ',
  ),
);
