import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accountingFaults, importText, reportOf } from './accounting.ts';

const folder = join(import.meta.dirname, '../../fixtures/import');

async function read(file: string, words = {}) {
  const pack = await importText(readFileSync(join(folder, file)), file, words);
  expect(accountingFaults(pack)).toEqual([]);
  return { pack, report: reportOf(pack) };
}

const table = (report: Awaited<ReturnType<typeof read>>['report']) =>
  report.steps.map(
    ({ from, to, phase, lang, effect, text }) => `${from}-${to} ${phase} ${lang} ${effect}: ${text.split('\n')[0]}`,
  );

describe('documents as teams write them', () => {
  it('one file for one alert is one runbook that knows the alert', async () => {
    const { pack, report } = await read('CartLatencyHigh.md');
    expect(report.entries).toEqual([{ id: 'CartLatencyHigh', title: 'CartLatencyHigh', from: 6, to: 58 }]);
    expect(table(report)).toEqual([
      '21-21 diagnose kubectl read: kubectl get pods -l app=cart -n shop',
      '29-29 diagnose promql read: histogram_quantile(0.99, sum by (le) (rate(cart_request_seconds_bucket[5m])))',
      '30-30 diagnose promql read: cart_queue_length',
      '38-38 diagnose sql read: SELECT count(*) FROM pg_stat_activity',
      '46-46 mitigate kubectl destructive: kubectl delete pod ${pod_name} -n shop',
      '52-52 mitigate kubectl change: kubectl scale deployment/cart --replicas=6 -n shop',
      '53-53 verify kubectl read: kubectl rollout status deployment/cart -n shop',
    ]);
    expect(report.manual.map(({ text }) => text)).toEqual(['Tell the owner of the campaign that sales go on.']);
    expect(pack.files.find(({ path }) => path === 'cartlatencyhigh.md')?.text).toMatch(
      /^alerts:\n {2}- CartLatencyHigh$/mu,
    );
  });

  it('a wiki page without a single fence still gives its commands', async () => {
    const { report } = await read('wiki.md');
    expect(table(report)).toEqual([
      '16-16 mitigate sh change: mailq | tail -n 5',
      '17-17 diagnose sh read: df -h /var/spool',
      '19-19 diagnose sh read: systemctl status postfix',
      '24-24 mitigate sh change: systemctl restart postfix',
      '25-25 mitigate sh change: postqueue -f',
      '32-32 escalate probe read: tcp 25',
    ]);
    expect(report.manual.map(({ text }) => text)).toEqual(['Never run `rm -rf /var/spool/postfix`.']);
  });

  it('the markup of Jira is read like Markdown', async () => {
    const { report } = await read('jira.md');
    expect(report.entries.map(({ title }) => title)).toEqual(['Invoices are late']);
    expect(table(report)).toEqual([
      '13-13 diagnose kubectl read: kubectl get cronjob invoices -n billing',
      '20-20 recover kubectl change: kubectl create job --from=cronjob/invoices invoices-by-hand -n billing',
    ]);
  });

  it('loops, heredocs and continued lines stay whole; what is no command stays what it is', async () => {
    const { report } = await read('shells.md');
    expect(table(report)).toEqual([
      '7-9 mitigate sh change: for node in search-1 search-2; do',
      "12-13 diagnose sh read: find /var/log/search -name '*.gz' \\",
      "27-29 mitigate sh change: cat <<'END' > /etc/search/limits.conf",
      '34-34 mitigate http change: PUT /${index}/_settings',
      "43-43 verify sql read: SELECT id, state FROM jobs WHERE state = 'running'",
      "45-46 mitigate sql change: UPDATE jobs SET state = 'failed'",
      '50-50 verify redis read: GET search:lock',
      '52-52 mitigate redis change: DEL search:lock',
      '58-58 verify sh read: uptime',
      '63-63 verify http read: GET /_cluster/health | jq .status',
    ]);
    expect(report.not_understood).toEqual([{ from: 19, to: 19, reason: 'it does not begin like a command' }]);
    expect(report.manual.map(({ text }) => text)).toEqual(['`/incident update "search is read only"`']);
  });

  it('Italian headings are phases, settings are found, rows of a matrix are runbooks', async () => {
    const { pack, report } = await read('italiano.md');
    expect(report.entries.map(({ id, title }) => `${id} ${title}`)).toEqual([
      'SHOP-1-1 Coda ferma',
      'SHOP-1-2 Catalogo lento',
      'catalogo-fermo Catalogo fermo',
    ]);
    expect(table(report)).toEqual([
      '18-18 diagnose redis read: llen orders',
      '22-22 recover sh change: systemctl restart orders-worker',
      '34-34 verify http read: GET /catalog/stats',
    ]);
    expect(pack.files[0]?.text).toMatch(/level: P1/u);
  });

  it('the example of the guide becomes what the guide says', async () => {
    const guide = readFileSync(join(import.meta.dirname, '../../../docs/guides/author.md'), 'utf8');
    const [, example = ''] = /```markdown\n(### RB-7[\s\S]*?)\n```\n\ncome a reading/u.exec(guide) ?? [];
    const { pack, report } = { pack: await importText(example), report: reportOf(await importText(example)) };
    expect(report.entries.map(({ id, title }) => `${id} ${title}`)).toEqual(['RB-7 Cart is slow']);
    expect(table(report)).toEqual([
      '4-4 diagnose kubectl read: kubectl get pods -n shop',
      '9-9 mitigate kubectl destructive: kubectl delete pod ${pod_name} -n shop',
    ]);
    expect(report.manual.map(({ text }) => text)).toEqual(['Tell the owner of the campaign']);
    expect(accountingFaults(pack)).toEqual([]);
  });

  it('headings of the own configuration are phases, too', async () => {
    const text =
      '# Till\n\n## Prima occhiata\n\n```bash\nuptime\n```\n\n## Fix\n\n```bash\nsystemctl restart till\n```\n';
    const report = reportOf(await importText(text, 'till.md', { verify: ['Prima occhiata'] }));
    expect(report.steps.map(({ phase }) => phase)).toEqual(['verify', 'mitigate']);
  });

  it('text that was read in the wrong encoding is put right, and said so', async () => {
    const sound = '# Café\n\n## Diagnosi\n\n- È più lento → guardare ✅ e 🔴\n';
    const bytes = new TextEncoder().encode(sound);
    for (const encoding of ['windows-1252', 'macintosh', 'windows-1254']) {
      const pack = await importText(new TextDecoder(encoding).decode(bytes));
      expect(pack.documents[0]?.text.join('\n'), encoding).toBe(sound.trimEnd());
      expect(reportOf(pack).encoding_repaired).toBe(true);
    }
    expect(reportOf(await importText(sound)).encoding_repaired).toBe(false);
  });

  it('accents that belong side by side are left alone', async () => {
    for (const text of ['# Naïveté\n', '# «Größe» heiß»\n', '# Ça va, è già così\n'])
      expect((await importText(text)).documents[0]?.text.join('\n')).toBe(text.trimEnd());
  });

  it('files in UTF-16 and Latin-1 are read', async () => {
    const utf16 = Buffer.from('\ufeff# Però\n', 'utf16le');
    expect((await importText(utf16)).documents[0]?.text).toEqual(['# Però']);
    expect((await importText(Buffer.from('# Però\n', 'latin1'))).documents[0]?.text).toEqual(['# Però']);
  });

  it('a file of five thousand lines takes seconds', { timeout: 60_000 }, async () => {
    const section = readFileSync(join(folder, 'shells.md'), 'utf8').split('\n').slice(2, 40).join('\n');
    const text = (copies: number) =>
      Array.from({ length: copies }, (_, index) => `# Disk ${index}\n\n${section}\n\`\`\`\n\nit's "open\n`).join('\n');
    const began = performance.now();
    const pack = await importText(text(120));
    const seconds = (performance.now() - began) / 1000;
    console.log(`${reportOf(pack).lines} lines, ${reportOf(pack).steps.length} steps: ${seconds.toFixed(1)} s`);
    expect(reportOf(pack).lines).toBeGreaterThan(5_000);
    expect(seconds).toBeLessThan(30);
  });
});
