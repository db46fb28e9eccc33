import type { Reply, Routes } from './http-twin.ts';

/** A series as its name and labels, and its value now. */
export type Series = {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
};

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SELECTOR = String.raw`(?<name>${NAME})(?:\{(?<labels>[^}]*)\})?`;
/** The shapes of queries that runbooks ask. A quantile or a rate is a series of its own here, by the name of what it is taken of. */
const SHAPES = {
  absent: new RegExp(`^absent\\(${SELECTOR}\\)$`, 'u'),
  quantile: new RegExp(
    `^histogram_quantile\\([0-9.]+, sum by \\(le\\) \\(rate\\((?<name>${NAME})\\[\\d+m\\]\\)\\)\\)$`,
    'u',
  ),
  sum: new RegExp(`^sum\\(rate\\(${SELECTOR}\\[\\d+m\\]\\)\\)$`, 'u'),
  rate: new RegExp(`^rate\\(${SELECTOR}\\[\\d+m\\]\\)$`, 'u'),
  compared: new RegExp(`^${SELECTOR} == (?<value>-?[0-9.]+)$`, 'u'),
  plain: new RegExp(`^${SELECTOR}$`, 'u'),
} as const;

/** Prometheus' HTTP API over series that are made when they are asked for; other shapes of queries are an error, not an empty answer. */
export function prometheusRoutes(series: () => Promise<readonly Series[]>): Routes {
  return {
    'GET /api/v1/query': async ({ query }) => answer(query.get('query') ?? '', await series()),
    'POST /api/v1/query': async ({ query }) => answer(query.get('query') ?? '', await series()),
    'GET /api/v1/alerts': async () => ({
      status: 200,
      body: { status: 'success', data: { alerts: firing(await series()) } },
    }),
    'GET /-/ready': () => ({ status: 200, body: 'Prometheus Server is Ready.\n' }),
  };
}

/** The rows that alerts which fire show as in Prometheus itself. */
export function alertSeries(names: readonly string[]): Series[] {
  return names.map((alertname) => ({ name: 'ALERTS', labels: { alertname, alertstate: 'firing' }, value: 1 }));
}

function answer(query: string, all: readonly Series[]): Reply {
  for (const [shape, pattern] of Object.entries(SHAPES)) {
    const found = pattern.exec(query.trim())?.groups;
    if (!found) continue;
    const named = all.filter(({ name, labels }) => name === found.name && hasLabels(labels ?? {}, found.labels ?? ''));
    if (shape === 'absent') return vector(named.length > 0 ? [] : [{ name: '', value: 1 }]);
    if (shape === 'compared') return vector(named.filter(({ value }) => value === Number(found.value)));
    const computed = shape !== 'plain';
    return vector(computed ? named.map((one) => ({ ...one, name: '' })) : named);
  }
  const error = `the twin of Prometheus cannot evaluate this query: ${query}`;
  return { status: 400, body: { status: 'error', errorType: 'bad_data', error } };
}

function vector(found: readonly Series[]): Reply {
  const at = Date.now() / 1_000;
  const result = found.map(({ name, labels = {}, value }) => ({
    metric: { ...(name === '' ? {} : { __name__: name }), ...labels },
    value: [at, String(value)],
  }));
  return { status: 200, body: { status: 'success', data: { resultType: 'vector', result } } };
}

function hasLabels(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  return [...wanted.matchAll(/([a-zA-Z_]\w*)="([^"]*)"/gu)].every(([, key, value]) => labels[key ?? ''] === value);
}

function firing(all: readonly Series[]) {
  return all
    .filter(({ name }) => name === 'ALERTS')
    .map(({ labels }) => ({ labels, annotations: {}, state: labels?.alertstate ?? 'firing', value: '1e+00' }));
}
