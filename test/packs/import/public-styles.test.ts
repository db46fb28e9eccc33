import { describe, expect, it } from 'vitest';
import { findSecrets } from '../../../src/packs/lint/secrets.ts';
import { accountingFaults, importText, reportOf } from './accounting.ts';

/** Imports a document and gives its steps as `lines language effect: text`; no line may be lost on the way. */
async function stepsOf(lines: readonly string[]) {
  const pack = await importText(lines.join('\n'));
  expect(accountingFaults(pack)).toEqual([]);
  const report = reportOf(pack);
  return {
    steps: report.steps.map(({ from, to, lang, effect, text }) => `${from}-${to} ${lang} ${effect}: ${text}`),
    unknown: report.not_understood.map(({ from, to, reason }) => `${from}-${to} ${reason}`),
    text: pack.files.map(({ text }) => text).join('\n'),
  };
}

const below = (...lines: string[]) => ['# Shop', '', '## Mitigation', '', ...lines];

describe('prompts and what stands below them', () => {
  it('a bare > is the prompt of redis-cli when a redis command stands behind it; its answers are no commands', async () => {
    const { steps, unknown } = await stepsOf(
      below('```shell', '> slowlog get 10', '1) 1) (integer) 5100', '   2) "del"', '> FLUSHDB', 'OK', '```'),
    );
    expect(steps).toEqual(['6-6 redis read: slowlog get 10', '9-9 redis destructive: FLUSHDB']);
    expect(unknown).toEqual([]);
  });

  it('a bare > before a command of the shell is its prompt, and before anything else nobody knows what reads it', async () => {
    const { steps, unknown } = await stepsOf(
      below('```', '> df -h', 'tmpfs 1G', '> rm -rf /srv/cart', '```', '', '```console', '> rs.stepDown()', '```'),
    );
    expect(steps).toEqual(['6-6 sh read: df -h', '8-8 sh destructive: rm -rf /srv/cart']);
    expect(unknown).toEqual(['12-12 the prompt belongs to no shell that Warroom runs']);
  });

  it('a line that only goes on with > is a redirection as before', async () => {
    const { steps } = await stepsOf(below('```sh', 'docker ps \\', '> containers.txt', '```'));
    expect(steps).toEqual(['6-7 sh change: docker ps \\\n> containers.txt']);
  });

  it('the name of a host before $ or # is a prompt', async () => {
    const { steps } = await stepsOf(
      below(
        '```',
        'laptop      $ ssh db-01',
        'db-01-shop $ sudo systemctl stop cart',
        'db-01-shop # cat /proc/loadavg',
        '0.10 0.20 0.30 1/200 4711',
        '```',
      ),
    );
    expect(steps).toEqual([
      '6-6 sh change: ssh db-01',
      '7-7 sh change: sudo systemctl stop cart',
      '8-8 sh read: cat /proc/loadavg',
    ]);
  });

  it('a fence of SQL that was copied from psql gives the statements without their prompts', async () => {
    const { steps, unknown } = await stepsOf(
      below(
        '```sql',
        '',
        'shop=# select count(*) from carts;',
        ' count',
        '-------',
        '    12',
        'shop=# truncate carts;',
        '```',
      ),
    );
    expect(steps).toEqual(['7-7 sql read: select count(*) from carts', '11-11 sql destructive: truncate carts']);
    expect(unknown).toEqual([]);
  });

  it('an operator of JSON at the start of a line is no prompt', async () => {
    const { steps } = await stepsOf(below('```sql', 'select', "info-> 'a'", 'from carts;', '```'));
    expect(steps).toEqual(["6-8 sql read: select\ninfo-> 'a'\nfrom carts"]);
  });
});

describe('placeholders in angles', () => {
  it('are values and no redirections, so that a look stays a look', async () => {
    const { steps } = await stepsOf(
      below(
        '```bash',
        'kubectl get pvc <claim-name> -o yaml',
        'kubectl logs -n <namespace> <pod> | grep -c refused',
        '```',
        '',
        '```sql',
        'SELECT state FROM orders WHERE id = <order_id>;',
        '```',
      ),
    );
    expect(steps).toEqual([
      '6-6 kubectl read: kubectl get pvc ${claim_name} -o yaml',
      expect.stringMatching(/^7-7 \w+ read: kubectl logs -n .*namespace.* .*pod.* \| grep -c refused$/u),
      '11-11 sql read: SELECT state FROM orders WHERE id = ${order_id}',
    ]);
  });

  it('do not hide a real redirection, nor a command that changes something', async () => {
    const { steps } = await stepsOf(
      below(
        '```bash',
        'kubectl get pod <pod> -o yaml > pod.yaml',
        'sort <in >out',
        'kubectl delete pod <pod>',
        'kubectl exec <pod> -- ls',
        'sh -c "<command>"',
        '<command> --all',
        '```',
      ),
    );
    expect(steps.map((step) => / (\w+):/u.exec(step)?.[1])).not.toContain('read');
  });
});

describe('PromQL that nobody marked', () => {
  it.each([
    ['(shop_db_size_bytes / shop_db_quota_bytes) * 100'],
    ['(shop_db_size_bytes - shop_db_used_bytes)/1024/1024'],
    [
      'sum by(path) (rate(shop_requests_total{code=~"5.."}[5m]))\n-\n(sum by(path) (rate(shop_slow_total{le="1"}[5m])) or vector(0))',
    ],
    ['topk(5,\n  sum by (pod) (\n    rate(container_cpu_usage_seconds_total{container!=""}[5m])\n  )\n)'],
  ])('%s', async (expression) => {
    const { steps } = await stepsOf(below('```console', ...expression.split('\n'), '```'));
    expect(steps).toEqual([`6-${5 + expression.split('\n').length} promql read: ${expression}`]);
  });

  it('a script in brackets is none', async () => {
    const { steps } = await stepsOf(below('```sh', '(stop_cart / start_cart)', '```'));
    expect(steps.join()).not.toContain('read');
  });
});

describe('what is no command of a shell', () => {
  it('PowerShell and the command line of Windows are not understood, whatever the fence says', async () => {
    const { steps, unknown } = await stepsOf(
      below(
        '```',
        'Get-Service | Where-Object {$_.Status -eq "Stopped"}',
        'Restart-Service -Name "Cart" -Force',
        '```',
        '',
        '```cmd',
        'net stop w3svc',
        'del /q C:\\temp\\*.*',
        '```',
        '',
        '```console',
        'PS C:\\> Restart-Service Cart',
        '```',
      ),
    );
    expect(steps).toEqual([]);
    expect(unknown).toEqual([
      '6-7 no executor runs powershell',
      '11-12 no executor runs the command line of Windows',
      '16-16 the prompt belongs to no shell that Warroom runs',
    ]);
  });

  it('a text in quotes that goes over several lines belongs to its command, known or not', async () => {
    const script = ['shop-cli run "async page => {', '  await page.pay();', "  return 'ls';", '}"'];
    const { steps } = await stepsOf(below('```bash', ...script, '```'));
    expect(steps).toEqual([`6-9 sh change: ${script.join('\n')}`]);
  });

  it('an answer of a server and a printed field are documentation', async () => {
    const { steps, unknown } = await stepsOf(
      below(
        '```http',
        'HTTP/1.1 200 OK',
        'Content-Length: 0',
        '```',
        '',
        '```shell',
        'notAfter=Aug  6 13:11:20 2025 GMT',
        '```',
      ),
    );
    expect([...steps, ...unknown]).toEqual([]);
  });

  it('variables behind sudo belong to the command', async () => {
    const { steps } = await stepsOf(below('1. Start: `sudo DOMAIN="shop.example" bash scripts/start.sh`'));
    expect(steps).toEqual(['5-5 sh change: sudo DOMAIN="shop.example" bash scripts/start.sh']);
  });
});

describe('lists within lists', () => {
  it('a command below an item that is something to do is done too; a sentence that mentions one explains it', async () => {
    const { steps } = await stepsOf([
      '# Shop',
      '',
      '1. Restart the cart:',
      '   - `systemctl restart cart` (as root)',
      '   - removes the old sessions on its way (with the `sessions-cli purge --all` script)',
      '2. Look again',
    ]);
    expect(steps).toEqual(['4-4 sh change: systemctl restart cart']);
  });
});

it('an argument that is a lone | does not become a filter', async () => {
  const { steps } = await stepsOf(below('```sh', "redis-cli SET separator '|' EX 60", '```'));
  expect(steps).toEqual(['6-6 redis change: SET separator "|" EX 60']);
});

it('a value that people write where a secret belongs is no secret', async () => {
  expect(findSecrets('SHOP_PASSWORD="CHANGE_PASSWORD"')).toEqual([]);
  expect(findSecrets('SHOP_PASSWORD="tulip-Garden7"')).toHaveLength(1);
});

it('pictures and files that stayed behind are marked as missing; code keeps its signs', async () => {
  const { text } = await stepsOf(
    below(
      '![load](img/load.png) and [the script](../scripts/kill.sh), `a[0](b)`, [web](https://shop.example) and [below](#x)',
      '',
      '- [ ] Tick',
    ),
  );
  expect(text).toContain(
    '![load](missing:img/load.png) and [the script](missing:../scripts/kill.sh), `a[0](b)`, [web](https://shop.example) and [below](#x)',
  );
});
