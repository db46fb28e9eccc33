import { ANY, each, only, type Program, verbs } from './program.ts';

/** Programs that ask other machines. Whoever can send what stands in their input is limited to a closed input. */
export const NETWORK: Readonly<Record<string, Program>> = {
  ...each('nslookup host', { options: '*', unknown: 'any', least: 1 }),
  dig: ANY,
  ping: only('-c: -i: -W: -w: -n -q -s: -4 -6 -I: -t: -D -O -a -v -M: -Q:', {
    operands: 1,
    least: 1,
    unknown: 'outside',
  }),
  ping6: only('-c: -i: -W: -w: -n -q -s: -I:', { operands: 1, least: 1, unknown: 'outside' }),
  fping: only('-c: -q -a -u -e -t: -C:', { least: 1 }),
  ...each('traceroute traceroute6', only('-n -m: -w: -q: -I -T -U -p: -4 -6 -A -i:', { operands: 2, least: 1 })),
  tracepath: only('-n -b -m: -p: -4 -6', { operands: 1, least: 1 }),
  mtr: only('-r -c: -n -w -b -T -u -P: -4 -6 -i: -z --report --report-wide --report-cycles: --no-dns --tcp --port:', {
    operands: 1,
  }),
  whois: only('-h:', { operands: 1 }),
  ...each('nc ncat netcat', only('-z -v -w: -n -u -4 -6 -q: -i:', { operands: 2, least: 1, reader: 'closed-input' })),
  telnet: only('', { operands: 2, least: 1, reader: 'closed-input' }),
  openssl: {
    options: '',
    verbs: {
      s_client: only(
        `-connect: -servername: -brief -showcerts -starttls: -verify: -verify_return_error -CAfile: -CApath: -tls1 -tls1_1 -tls1_2
        -tls1_3 -no_tls1_2 -no_tls1_3 -status -alpn: -cipher: -ciphersuites: -quiet -verify_hostname: -4 -6 -prexit -no_ign_eof -state -msg
        -crlf -host: -port:`,
        { wholeWords: true, operands: 1, reader: 'closed-input' },
      ),
      x509: only(
        `-in: -inform: -noout -dates -enddate -startdate -subject -issuer -text -checkend: -fingerprint -serial -ext: -sha256 -sha1 -hash
        -email -pubkey -modulus -nameopt: -checkhost: -purpose -ocsp_uri -issuer_hash -subject_hash -certopt: -alias`,
        { wholeWords: true, operands: 0 },
      ),
      ...each(
        'crl req',
        only('-in: -inform: -noout -text -subject -verify -nextupdate -lastupdate -issuer', {
          wholeWords: true,
          operands: 0,
        }),
      ),
      verify: only('-CAfile: -CApath: -untrusted: -verbose -purpose: -show_chain -partial_chain -crl_check', {
        wholeWords: true,
      }),
      ciphers: only('-v -V -s -tls1_2 -tls1_3', { wholeWords: true, operands: 1 }),
      version: only('-a -v -d', { wholeWords: true, operands: 0 }),
    },
  },
  curl: only(
    `-s -S -f -k -L -v -i -I -g -G -N -# -4 -6 -0 -H: -A: -m: -w: -u: -X: -o: -D: -b: -e: -x: -E: -d: -r: -z: --silent --show-error
    --fail --insecure --location --verbose --include --head --get --no-buffer --globoff --header: --user-agent: --max-time: --write-out:
    --user: --request: --output: --dump-header: --cookie: --referer: --proxy: --cert: --key: --cacert: --capath: --resolve: --connect-to:
    --connect-timeout: --retry: --retry-delay: --retry-max-time: --retry-connrefused --retry-all-errors --compressed --http1.1 --http1.0
    --http2 --tlsv1.2 --tlsv1.3 --fail-with-body --url: --unix-socket: --range: --max-redirs: --no-progress-meter --progress-bar --data:
    --data-raw: --data-urlencode: --data-binary: --json: --form: -F: --upload-file: -T: --noproxy: --interface: --limit-rate: --oauth2-bearer: --basic
    --anyauth --digest --negotiate --cert-type: --pass: --ssl-reqd --ipv4 --ipv6 --max-filesize: --location-trusted --path-as-is --version -V`,
    { reader: 'curl', bare: true },
  ),
  wget: only(
    `-q -S -v -nv -T: -t: -O: --spider --server-response --no-check-certificate --timeout: --tries: --header: --user-agent: --quiet
    --output-document: --no-verbose --max-redirect: --version`,
    { reader: 'wget' },
  ),
  ss: only(
    '-t -u -l -n -p -a -s -r -e -m -o -i -4 -6 -x -w -H -O -4 --tcp --udp --listening --numeric --processes --all --summary',
  ),
  netstat: only('-t -u -l -n -p -a -s -r -e -i -c -o -g -x -4 -6 -W', { operands: 0 }),
  ip: verbs(
    '-s -d -4 -6 -o -br -c -j -p -brief -color -json -stats -details -a',
    each('a addr address l link r ro route n neigh neighbor neighbour ru rule maddr', {
      ...only(''),
      operand:
        /^(?:show|list|ls|get|lst|sh|dev|up|via|table|all|main|from|to|type|master|scope|[\w.:/@-]*\d[\w.:/@-]*|lo)$/u,
    }),
    { wholeWords: true },
  ),
  ifconfig: only('-a -s', { operands: 1 }),
  arp: only('-a -n -v -i: -e', { operands: 1 }),
  route: only('-n -e -v', { operands: 0 }),
  ethtool: only('-i -S -k -a -g -c -l -m', { operands: 1, least: 1 }),
  iptables: only('-L -S -n -v -t: -x --line-numbers --list --list-rules --numeric --verbose', {
    oneOf: '-L -S --list --list-rules',
    operand: /^[A-Z][\w-]*$/u,
  }),
  ip6tables: only('-L -S -n -v -t: -x --line-numbers --list', { oneOf: '-L -S --list', operand: /^[A-Z][\w-]*$/u }),
  ufw: verbs('', { status: only('', { operand: /^(?:verbose|numbered)$/u }), version: only('') }),
  grpcurl: only('-plaintext -insecure -H:', {
    wholeWords: true,
    operands: 2,
    operand: /^(?:[\w.-]+:\d+|list|describe)$/u,
  }),
  promtool: verbs('', {
    check: verbs('', each('config rules metrics web-config', only('--lint:'))),
    query: verbs('', each('instant range series labels', only('--start: --end: --step: -o: --format:'))),
  }),
  amtool: verbs('--alertmanager.url: -o: --output:', {
    alert: { options: '', bare: true, verbs: { query: only('') } },
    silence: verbs('', { query: only('') }),
    'check-config': only(''),
    config: verbs('', { show: only('') }),
  }),
};
