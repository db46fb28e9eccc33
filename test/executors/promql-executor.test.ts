import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TargetDefinition } from '../../src/domain/system.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { type ResolveName, resolveBySystem } from '../../src/executors/http/send-request.ts';
import { numberText } from '../../src/executors/promql/answer.ts';
import { parseQuery } from '../../src/executors/promql/parse-query.ts';
import { drawChart } from '../../src/executors/promql/picture/chart.ts';
import { createPromqlExecutor } from '../../src/executors/promql/promql-executor.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { type Asked, type Reply, startPrometheus, success } from '../support/prometheus.ts';
import { attempt, execute } from './harness.ts';

const executorWith = (resolveName: ResolveName = resolveBySystem) =>
  createPromqlExecutor({ clock: systemClock, secrets: () => Promise.resolve(new Secret('unused')), resolveName });
const executor = executorWith();
let reply: (asked: Asked) => Reply | null = () => null;
let server: Awaited<ReturnType<typeof startPrometheus>>;
let target: TargetDefinition;

beforeAll(async () => {
  server = await startPrometheus((asked) => reply(asked));
  target = {
    name: 'prometheus',
    executor: 'promql',
    description: null,
    options: { baseUrl: `${server.url}/prom` },
    read: {},
    write: null,
  };
});
afterAll(() => server.stop());
beforeEach(() => {
  server.asked.length = 0;
  reply = () => null;
});

const run = (text: string, values: Record<string, string | number> = {}, parts: Partial<TargetDefinition> = {}) =>
  execute(executor, { text, values, target: { ...target, ...parts }, allowed: 'read' });
const matrix = (...series: [Record<string, string>, [number, string][]][]) =>
  success(
    'matrix',
    series.map(([metric, values]) => ({ metric, values })),
  );

describe('a query at this moment', () => {
  it('gives each series with its labels, and the value of a single one', async () => {
    reply = () =>
      success('vector', [
        { metric: { __name__: 'pms_circuit_breaker_state', job: 'api' }, value: [1_700_000_000.5, '1'] },
      ]);
    const result = await run('pms_circuit_breaker_state');
    expect(result).toMatchObject({ status: 'ok', value: { count: 1, value: 1, result_type: 'vector' } });
    expect(result.output).toBe('pms_circuit_breaker_state{job="api"}  1');
    expect(result.pictures).toBeUndefined();
    expect(server.asked).toMatchObject([{ method: 'GET', path: '/prom/api/v1/query' }]);
  });

  it('finds nothing without failing: an alert that does not fire is an answer', async () => {
    const result = await run('ALERTS{alertname="HighErrorRate", alertstate="firing"}');
    expect(result).toMatchObject({ status: 'ok', value: { count: 0, value: null, series: [] } });
  });

  it.each([
    ['NaN', 'NaN'],
    ['+Inf', '+Inf'],
    ['-Inf', '-Inf'],
  ])('takes %s for what it is, and no number for `expect`', async (text, shown) => {
    reply = () => success('vector', [{ metric: {}, value: [1, text] }]);
    const result = await run('x / 0');
    expect(result).toMatchObject({ status: 'ok', value: { value: null, series: [{ text: shown }] } });
    expect(result.output).toContain(shown);
  });

  it('takes scalars, and asks a long query by form', async () => {
    reply = () => success('scalar', [1, '42.5']);
    expect(await run('scalar(up)')).toMatchObject({ status: 'ok', value: { value: 42.5, count: 1 } });
    await run(`up{job=~"${'x|'.repeat(1_500)}y"}`);
    expect(server.asked.at(-1)?.method).toBe('POST');
  });

  it.each<{ title: string; answer: Reply; says: string }>([
    {
      title: 'a bad query',
      answer: { status: 400, body: { status: 'error', errorType: 'bad_data', error: 'parse error: unexpected end' } },
      says: 'Prometheus answered 400 (bad_data: parse error: unexpected end)',
    },
    {
      title: 'an expensive one',
      answer: { status: 422, body: { status: 'error', errorType: 'execution', error: 'too many samples' } },
      says: 'answered 422 (execution: too many samples)',
    },
    {
      title: 'a busy server',
      answer: { status: 503, body: { status: 'error', errorType: 'timeout', error: 'query timed out.' } },
      says: 'answered 503 (timeout: query timed out)',
    },
    { title: 'a login page', answer: { body: '<html>log in</html>', type: 'text/html' }, says: "not Prometheus'" },
    { title: 'JSON of another service', answer: { body: { hello: 'world' } }, says: "not Prometheus'" },
    { title: 'half a JSON', answer: { body: '{"status":"succ' }, says: "not Prometheus'" },
  ])('fails in one sentence for $title', async ({ answer, says }) => {
    reply = () => answer;
    const result = await run('up');
    expect(result).toMatchObject({ status: 'failed', error: expect.stringContaining(says) });
    expect(result.error).toMatch(/^[^\n]+: [^\n]+\.$/u);
  });
});

describe('a query over a time', () => {
  const values: [number, string][] = [
    [1_700_000_000, '0.01'],
    [1_700_000_060, '0.02'],
    [1_700_000_120, '0.09'],
    [1_700_000_180, 'NaN'],
    [1_700_000_240, '0.03'],
  ];

  it('asks for the range, and gives the figures of each series', async () => {
    reply = () => matrix([{ job: 'api' }, values], [{ job: 'web' }, [[1_700_000_000, '0.5']]]);
    const result = await run('range 1h step 1m threshold 0.05\nrate(errors[5m])');
    expect(result.value).toMatchObject({ result_type: 'matrix', count: 2, min: 0.01, max: 0.5 });
    expect(result.value.series).toMatchObject([
      { labels: { job: 'api' }, min: 0.01, avg: 0.0375, max: 0.09, last: 0.03 },
      {},
    ]);
    expect(result.output).toContain(
      '{job="api"}\n  min 0.01, avg 0.0375, max 0.09, last 0.03, above 0.05 at 1 of 5 points',
    );
    expect(result.output.indexOf('web')).toBeLessThan(result.output.indexOf('api'));
    const asked = server.asked[0];
    expect(asked?.path).toBe('/prom/api/v1/query_range');
    expect(Number(asked?.query.get('end')) - Number(asked?.query.get('start'))).toBeCloseTo(3_600, 1);
    expect(asked?.query.get('step')).toBe('60');
  });

  it('is drawn for light and for dark, as wide as two phones, and the pictures differ where the threshold is', async () => {
    reply = () => matrix([{ job: 'api' }, values]);
    const { pictures = [] } = await run('range 1h step 1m threshold 0.05\nrate(errors[5m])');
    expect(pictures.map(({ theme }) => theme)).toEqual(['light', 'dark']);
    for (const { png, alt, theme } of pictures) {
      const { width, pixels } = decode(png);
      expect(width).toBe(720);
      expect(png.length).toBeLessThan(200_000);
      expect(pixels.subarray(1, 4)).toEqual(Buffer.from(theme === 'light' ? [255, 255, 255] : [26, 29, 33]));
      const alarm = theme === 'light' ? [200, 20, 50] : [255, 107, 122];
      expect(count(pixels, width, alarm)).toBeGreaterThan(300);
      expect(alt).toContain('rate(errors[5m])');
    }
    reply = () => matrix([{ job: 'api' }, values]);
    const plain = (await run('range 1h step 1m\nrate(errors[5m])')).pictures?.[0];
    const { width, pixels } = decode(plain?.png ?? Buffer.alloc(0));
    expect(count(pixels, width, [200, 20, 50])).toBe(0);
  });

  it('draws whatever comes: no points, one point, infinities, the same value for ever, huge and tiny ones, odd letters', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double(), { maxLength: 5 }), { minLength: 1, maxLength: 8 }),
        fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 })),
        fc.string({ unit: 'grapheme' }),
        (lines, threshold, name) => {
          const series = lines.map((points) => ({
            name,
            labels: {},
            points: points.map((value, index) => ({ at: index * 60_000, value })),
          }));
          const png = drawChart({
            title: name,
            series,
            range: { rangeMs: 300_000, stepMs: 60_000, threshold },
            until: 300_000,
            theme: 'dark',
          });
          expect(decode(png).width).toBe(720);
        },
      ),
      { numRuns: 12 },
    );
  }, 20_000);

  it('has no picture without series', async () => {
    expect((await run('range 1h\nup')).pictures).toBeUndefined();
  });

  it('keeps secrets and escapes of labels out of text and pictures', async () => {
    reply = () => matrix([{ job: `a\u001b[31m token=ghp_${'a'.repeat(36)}` }, values]);
    const result = await run('range 1h\nup');
    expect(JSON.stringify({ ...result, pictures: result.pictures?.map(({ alt }) => alt) })).not.toMatch(
      /ghp_aaaa|\\u001b/u,
    );
  });
});

describe('what a query cannot do', () => {
  it.each([
    'POST /api/v1/admin/tsdb/delete_series?match[]=up',
    'up; rm -rf /',
    'up\nup',
    'up } or {',
    'up{job="x"',
    'up +',
    '',
    'range 1h',
    'range 1y step 1m\nup',
    'range 1h step 0s\nup',
    'range 1d step 1s\nup',
    'range 1h step 2h\nup',
    'range -1h\nup',
    'range 1h threshold x\nup',
    'range 1h&query=x\nup',
  ])('%j is refused before anything is asked, whatever the step may do', async (text) => {
    for (const allowed of ['read', 'destructive'] as const)
      expect(await attempt(executor, { text, values: {}, target, allowed })).toBe('statement_invalid');
    expect(server.asked).toEqual([]);
  });

  it.each([
    { text: 'up{job="${v}"}', v: 'x', code: 'placeholder_unbindable' },
    { text: "up{job='a${v}'}", v: 'x', code: 'placeholder_unbindable' },
    { text: 'rate(${v}[5m])', v: 'up', code: 'value_refused' },
    { text: 'up > ${v}', v: '0 or vector(1)', code: 'value_refused' },
    { text: 'up{${v}="x"}', v: 'job', code: 'value_refused' },
    { text: 'range ${v}\nup', v: '1h', code: 'statement_invalid' },
    { text: 'up{job=${v}}', v: '\ud800', code: 'value_refused' },
  ])('a value has no place in $text', async ({ text, v, code }) => {
    expect(await attempt(executor, { text, values: { v }, target, allowed: 'read' })).toBe(code);
  });

  it('a value is text for = and a literal for =~, and a number only where it is one', async () => {
    const sent = async (text: string, v: string | number) => {
      await run(text, { v });
      return server.asked.at(-1)?.query.get('query');
    };
    expect(await sent('up{job=${v}}', 'a"} or vector(1) #')).toBe('up{job="a\\"} or vector(1) #"}');
    expect(await sent('up{job=~${v}}', '.*')).toBe('up{job=~"\\\\.\\\\*"}');
    expect(await sent('up{a="}", job!~${v}}', 'x|y')).toBe('up{a="}", job!~"x\\\\|y"}');
    expect(await sent('up > ${v}', 0.5)).toBe('up > 0.5');
    // control: pasted, the same value would have asked for something else
    expect(`up{job="${'a"} or vector(1) #'}"}`).toContain('"} or vector(1)');
  });

  it('is read, whatever the runbook says, and reaches no address that hands out credentials', async () => {
    expect(await analyseStatement('promql', 'range 1h threshold 2\nrate(x{job=${job}}[5m])')).toEqual({
      effect: 'read',
      reasons: [],
    });
    const forbidden = executorWith(() => Promise.resolve([{ address: '169.254.169.254', family: 4 }]));
    const named = { ...target, options: { baseUrl: 'http://prometheus.example:9090' } };
    expect(await execute(forbidden, { text: 'up', values: {}, target: named, allowed: 'read' })).toMatchObject({
      status: 'refused',
    });
  });
});

describe('numbers and times', () => {
  it.each([
    [0.123456, '0.1235'],
    [1234.5678, '1234.57'],
    [12, '12'],
    [1.5e-7, '1.50e-7'],
    [0, '0'],
  ])('%d is shown as %s', (value, text) => expect(numberText(value)).toBe(text));

  it('a step is chosen where none is given', () => {
    expect(parseQuery('range 1h\nup').range).toEqual({ rangeMs: 3_600_000, stepMs: 30_000, threshold: null });
    expect(parseQuery('range 1h30m step 15s threshold -2.5\nup').range).toEqual({
      rangeMs: 5_400_000,
      stepMs: 15_000,
      threshold: -2.5,
    });
  });
});

describe('against a real Prometheus', () => {
  const binary = '/usr/bin/prometheus';
  let child: ChildProcess | undefined;
  let dir = '';
  let real: TargetDefinition;

  beforeAll(async () => {
    if (!existsSync(binary)) {
      process.stderr.write(
        '\n*** prometheus is missing (apt-get install prometheus): the comparison with it is SKIPPED ***\n\n',
      );
      return;
    }
    dir = await mkdtemp(path.join(tmpdir(), 'warroom-prometheus-'));
    const probe = net.createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    await writeFile(path.join(dir, 'prometheus.yml'), '{}\n');
    child = spawn(
      binary,
      [
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    real = { ...target, options: { baseUrl: `http://127.0.0.1:${port}` } };
    const ready = () =>
      fetch(`http://127.0.0.1:${port}/-/ready`).then(
        (response) => response.ok,
        () => false,
      );
    for (const end = Date.now() + 20_000; Date.now() < end && !(await ready()); )
      await new Promise((resolve) => setTimeout(resolve, 100));
  }, 30_000);
  afterAll(async () => {
    if (child?.exitCode === null) {
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    if (dir !== '') await rm(dir, { recursive: true, force: true });
  });

  it('a value of any kind comes back as the label that it is', async (context) => {
    if (!child) return context.skip('prometheus is not on this machine');
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ minLength: 1 }),
          fc.string({ unit: 'grapheme', minLength: 1 }),
          fc.constantFrom('"} or vector(1) #', '\\', "'", '`', '.*', 'a\nb', '${v}'),
        ),
        async (v) => {
          fc.pre(!v.includes('\0') && !/\p{Cs}/u.test(v));
          const source = { text: 'absent(nothing{job=${v}})', values: { v }, target: real, allowed: 'read' } as const;
          const statement = await executor.prepare(source);
          const asked = new URL(`${String(real.options.baseUrl)}/api/v1/query`);
          asked.searchParams.set('query', statement.display);
          const body = (await (await fetch(asked)).json()) as { data: { result: { metric: { job: string } }[] } };
          expect(body.data.result.map(({ metric }) => metric.job)).toEqual([v]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is understood in both kinds of query, and so are its errors', async (context) => {
    if (!child) return context.skip('prometheus is not on this machine');
    expect(await run('vector(42)', {}, real)).toMatchObject({ status: 'ok', value: { value: 42 } });
    const ranged = await run('range 10m step 30s threshold 3\nvector(5)', {}, real);
    expect(ranged).toMatchObject({ status: 'ok', value: { min: 5, max: 5, count: 1 } });
    expect(ranged.pictures).toHaveLength(2);
    expect(await run('rate(up)', {}, real)).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('bad_data'),
    });
    expect(await run('vector(1) / 0', {}, real)).toMatchObject({ value: { series: [{ text: '+Inf' }] } });
  });
});

/** Width, and the raw rows with one filter byte each. */
function decode(png: Buffer): { width: number; pixels: Buffer } {
  const length = png.readUInt32BE(33);
  expect(png.subarray(37, 41).toString()).toBe('IDAT');
  return { width: png.readUInt32BE(16), pixels: inflateSync(png.subarray(41, 41 + length)) };
}

function count(rows: Buffer, width: number, color: readonly number[]): number {
  let found = 0;
  const stride = width * 3 + 1;
  for (let row = 0; row < rows.length; row += stride)
    for (let at = row + 1; at < row + stride; at += 3)
      if (rows[at] === color[0] && rows[at + 1] === color[1] && rows[at + 2] === color[2]) found += 1;
  return found;
}
