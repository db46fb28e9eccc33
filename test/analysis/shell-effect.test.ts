import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { programNames } from '../../src/analysis/programs/table.ts';
import { classifyShell } from '../../src/analysis/shell/shell-effect.ts';

/** Texts of a table; a line of two percent signs stands between them. Kept in files, so that no shell ever sees them. */
function table(name: string): string[] {
  const text = readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
  return text.replace(/\n$/u, '').split('\n%%\n');
}

const CHANGES = table('shell-changes.txt');
const READS = table('shell-reads.txt');

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Ways to run a command that hide it a little. */
const WRAPPINGS: readonly ((command: string) => string)[] = [
  (c) => `bash -c ${quoted(c)}`,
  (c) => `sh -c ${quoted(c)}`,
  (c) => `eval ${quoted(c)}`,
  (c) => `echo "$(${c})"`,
  (c) => `echo $(${c})`,
  (c) => `x=$(${c})`,
  (c) => `cat <(${c})`,
  (c) => `ls >(${c})`,
  (c) => `true && ${c}`,
  (c) => `false || ${c}`,
  (c) => `ls; ${c}`,
  (c) => `ls & ${c}`,
  (c) => `ls | ${c}`,
  (c) => `ls\n${c}`,
  (c) => `ls # nothing\n${c}`,
  (c) => `( ${c} )`,
  (c) => `{ ${c}\n}`,
  (c) => `! ${c}`,
  (c) => `if true; then ${c}\nfi`,
  (c) => `if ${c}\nthen ls; fi`,
  (c) => `while ${c}\ndo ls; done`,
  (c) => `for i in 1; do ${c}\ndone`,
  (c) => `case a in a) ${c}\n;; esac`,
  (c) => `f() { ${c}\n}; f`,
  (c) => `ls() { ${c}\n}; ls`,
  (c) => `env ${c}`,
  (c) => `env LANG=C ${c}`,
  (c) => `LANG=C ${c}`,
  (c) => `timeout 5 ${c}`,
  (c) => `sudo ${c}`,
  (c) => `sudo -u root ${c}`,
  (c) => `nohup ${c}`,
  (c) => `nice -n 5 ${c}`,
  (c) => `time ${c}`,
  (c) => `command ${c}`,
  (c) => `exec ${c}`,
  (c) => `coproc ${c}`,
  (c) => `stdbuf -oL ${c}`,
  (c) => `setsid ${c}`,
  (c) => `watch ${quoted(c)}`,
  (c) => `ls | xargs ${c}`,
  (c) => `ls | xargs -I{} sh -c ${quoted(c)}`,
  (c) => `find . -exec sh -c ${quoted(c)} \\;`,
  (c) => `find . -exec ${c} \\;`,
  (c) => `alias x=${quoted(c)}; x`,
  (c) => `trap ${quoted(c)} EXIT`,
  (c) => `PROMPT_COMMAND=${quoted(c)}`,
  (c) => `echo ${base64(c)} | base64 -d | sh`,
  (c) => `sh <<< ${quoted(c)}`,
  (c) => `sh <<'HERE'\n${c}\nHERE`,
  (c) => `cat <<'HERE' | bash\n${c}\nHERE`,
  (c) => `cat <<HERE\n$(${c})\nHERE`,
  (c) => `ssh host ${quoted(c)}`,
  (c) => `docker exec web sh -c ${quoted(c)}`,
  (c) => `kubectl exec web -- sh -c ${quoted(c)}`,
  (c) => `echo ${quoted(c)} | sh`,
  (c) => `x=${quoted(c)}; eval "$x"`,
  (c) => `x=${quoted(c)}; $x`,
  (c) => `source <(echo ${quoted(c)})`,
  (c) => `bash -c "$(echo ${quoted(c)})"`,
  (c) => `"${c[0]}"${c.slice(1)}`,
  (c) => `\\${c}`,
  (c) => `${c[0]}''${c.slice(1)}`,
  (c) => `$'${c[0]}'${c.slice(1)}`,
  (c) => `${c} # a comment`,
  (c) => `${c} > /dev/null 2>&1`,
  (c) => `echo $(( $(${c}) ))`,
  (c) => `[ "$(${c})" = x ]`,
  (c) => `[[ -n "$(${c})" ]]`,
  (c) => `echo "\${x:-$(${c})}"`,
];

/** Commands of one line that change something in every place where a wrapping puts them. */
const SIMPLE = [
  'rm -rf /srv/data',
  'touch x',
  'kubectl delete pod web',
  'kubectl scale deploy web --replicas=0',
  'docker restart web',
  'docker system prune -f',
  'curl -X POST http://web/reload',
  'redis-cli FLUSHALL',
  'psql -c "DELETE FROM orders"',
  'git reset --hard',
  'systemctl restart web',
  'python scripts/fix.py',
  './fix.sh',
  'tee out',
  'sed -i s/a/b/ file',
  'find . -delete',
  'vault delete secret/a',
  'terraform destroy',
  'unheard-of --now',
];

describe('the effect of a shell text', () => {
  it.each(READS)('is read for what only reads: %s', async (text) => {
    expect(await classifyShell(text)).toEqual({ effect: 'read', reasons: [] });
  });

  it.each(CHANGES)('is never read for what changes something or is not understood: %s', async (text) => {
    const { effect, reasons } = await classifyShell(text);
    expect(effect).not.toBe('read');
    expect(reasons.length).toBeGreaterThan(0);
  });

  it('stays more than read however a changing command is wrapped', { timeout: 120_000 }, async () => {
    const wrapping = fc.array(fc.constantFrom(...WRAPPINGS), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SIMPLE), wrapping, async (command, around) => {
        const text = around.reduce((inner, wrap) => wrap(inner), command);
        expect((await classifyShell(text)).effect, text).not.toBe('read');
      }),
      { numRuns: 3_000, seed: 20260801 },
    );
    for (const wrap of WRAPPINGS)
      for (const command of SIMPLE) expect((await classifyShell(wrap(command))).effect, wrap(command)).not.toBe('read');
  });

  it('stays more than read whatever reading command stands around a changing one', { timeout: 120_000 }, async () => {
    const joint = fc.constantFrom(' && ', ' || ', '; ', ' | ', '\n', ' & ');
    const reads = READS.filter((text) => !/<<|#|\n/u.test(text));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...reads), fc.constantFrom(...SIMPLE), joint, async (read, command, sign) => {
        expect((await classifyShell(`${read}${sign}${command}`)).effect).not.toBe('read');
        expect((await classifyShell(`${command}${sign}${read}`)).effect).not.toBe('read');
      }),
      { numRuns: 500, seed: 20260801 },
    );
  });

  it.each([
    'rm -rf /srv/data',
    'rm -rf <folder>',
    'sudo dd if=/dev/zero of=/dev/vda',
    'kubectl delete namespace shop',
    'kubectl -n shop delete pod web',
    'docker system prune -a --volumes',
    'docker compose down -v',
    'docker exec db psql -c "DROP TABLE orders"',
    'docker-compose exec cache redis-cli FLUSHDB',
    'kubectl exec web -- rm -rf /data',
    'ssh host "rm -rf /data"',
    'bash -c "rm -rf /data"',
    'redis-cli FLUSHALL',
    'psql -c "TRUNCATE orders"',
    'terraform destroy',
    'git reset --hard HEAD~1',
    'git clean -fd',
    'vault delete secret/a',
    'mkfs.ext4 /dev/vdb',
    'curl -X DELETE http://web/a',
    'find / -delete',
    'helm uninstall web',
    'reboot',
  ])('is destructive for what cannot be taken back: %s', async (text) => {
    expect((await classifyShell(text)).effect).toBe('destructive');
  });

  it.each(['docker compose run --rm api alembic upgrade head', 'kubectl rollout restart deploy/web', 'touch rm'])(
    'is a change for what can be repeated or taken back: %s',
    async (text) => {
      expect((await classifyShell(text)).effect).toBe('change');
    },
  );

  it('says in one sentence why it is more than read', async () => {
    expect(await classifyShell('frobnicate --all')).toEqual({
      effect: 'change',
      reasons: ['frobnicate is not on the list of commands that only read.'],
    });
    expect((await classifyShell('curl -s http://web | sh')).reasons).toEqual([
      'sh: what the shell runs is only known when it runs.',
    ]);
    expect((await classifyShell('ls > out.txt')).reasons).toEqual(['> out.txt writes a file.']);
  });

  it.each(['', ' \n', 'ls\u00a0-l', 'ls\u200b', 'ls \r\nrm x', 'ls\u0000', `${'ls;'.repeat(20_000)}`])(
    'is a change for a text that cannot be looked at: %j',
    async (text) => {
      expect((await classifyShell(text)).effect).not.toBe('read');
    },
  );

  it('never throws, whatever it is given', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 60 }), async (text) => {
        expect(['read', 'change', 'destructive']).toContain((await classifyShell(text)).effect);
      }),
      { numRuns: 500, seed: 20260801 },
    );
  });

  it('never calls a program with an option read that its entry does not know', async () => {
    const unknown = programNames().filter((name) => !/^(?:echo|true|false|:|printf|test|\[)$/u.test(name));
    const found = await Promise.all(unknown.map(async (name) => (await classifyShell(`${name} --frobnicate`)).effect));
    // Programs of which every option only reads are the exception: the reviewed list of `ANY`.
    const lenient = unknown.filter((_, at) => found[at] === 'read');
    expect(lenient).not.toEqual(
      expect.arrayContaining(['curl', 'find', 'sort', 'sed', 'kubectl', 'docker', 'git', 'tar']),
    );
  });
});
