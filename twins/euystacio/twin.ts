import type { Routes } from '../support/http-twin.ts';
import { alertSeries, prometheusRoutes, type Series } from '../support/prometheus.ts';
import type { World } from '../support/world.ts';

type Kernel = { readonly qek: number; readonly hVar: number; readonly ideal: number; readonly symbiosis: number };

/** The ethics-metrics API of Euystacio, and its Prometheus below `/prometheus`. */
export function euystacioRoutes(world: World): Routes {
  const { machine } = world;
  const prometheus = prometheusRoutes(async () => series(world, await kernelOf(world)));
  return {
    'GET /health': () => ({ status: 200, body: { status: 'ok' } }),
    'GET /api/metrics/thresholds': async () => {
      const { qek, hVar, ideal, symbiosis } = await kernelOf(world);
      const metrics = [
        { name: 'QEK', value: qek, minimum: 0.85, ok: qek >= 0.85 },
        { name: 'H-VAR', value: hVar, maximum: 0.1, ok: hVar <= 0.1 },
        { name: 'Ethisches Ideal', value: ideal, minimum: 0.95, ok: ideal >= 0.95 },
        { name: 'Symbiosis Score', value: symbiosis, minimum: 0.5, ok: symbiosis >= 0.5 },
      ];
      return { status: 200, body: { metrics, all_ok: metrics.every(({ ok }) => ok) } };
    },
    'GET /api/metrics/qek/details': async () => {
      const { qek } = await kernelOf(world);
      return {
        status: 200,
        body: { qek, inputs: { red_code: (await redCode(world)) === null ? 'unreadable' : 'read' } },
      };
    },
    'GET /api/metrics/risk/events': ({ query }) => {
      const limit = Number(query.get('limit') ?? '50');
      return {
        status: 200,
        body: {
          events: [
            { id: 'r-2', risk: 0.31 },
            { id: 'r-1', risk: 0.27 },
          ].slice(0, limit),
        },
      };
    },
    'GET /api/providers/:id/risk': ({ named }) =>
      named.id === 'unknown'
        ? { status: 404, body: { error: 'no such provider' } }
        : { status: 200, body: { provider: named.id, risk_score: 0.85, history: ['denied', 'denied'] } },
    ...Object.fromEntries(
      Object.entries(prometheus).map(([name, route]) => [name.replace(' /', ' /prometheus/'), route]),
    ),
    'POST /prometheus/api/v1/admin/tsdb/snapshot': async () => {
      const name = `20260210T031000Z-${(await machine.read('facts/snapshots', '0')).padStart(16, '0')}`;
      await machine.write('facts/snapshots', String(Number(await machine.read('facts/snapshots', '0')) + 1));
      await machine.write(`cluster/volumes/prometheus/snapshots/${name}/meta.json`, '{}');
      return { status: 200, body: { status: 'success', data: { name } } };
    },
    // What `curl -X POST http://localhost:9090/-/reload` reaches inside of the pod: the file as it is mounted now.
    'POST /prometheus/-/reload': async () => {
      const valid = /scrape_interval: \d+s/u.test(await machine.read('cluster/prometheus-config.yaml'));
      await machine.write('facts/reloaded', valid ? '1' : '0');
      return valid
        ? { status: 200, body: '' }
        : { status: 500, body: 'failed to reload config: not a valid duration string\n' };
    },
  };
}

/** The kernel's input; null when it cannot be read. */
async function redCode({ machine }: World): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    return JSON.parse(await machine.read('red_code.json')) as Record<string, unknown>;
  } catch {
    return null;
  }
}

/** Without its input the kernel falls under its minimum. */
async function kernelOf(world: World): Promise<Kernel> {
  const input = await redCode(world);
  const known = (name: string, otherwise: number) => (typeof input?.[name] === 'number' ? input[name] : otherwise);
  return {
    qek: input === null ? 0.82 : 0.938,
    hVar: Number(await world.machine.read('facts/h-var', '0.043')),
    ideal: known('ethisches_ideal', 1),
    symbiosis: known('symbiosis', 0.7),
  };
}

async function series({ machine }: World, { qek, hVar }: Kernel): Promise<Series[]> {
  const labels = { job: 'euystacio-api', instance: 'euystacio-api:8000' };
  return [
    { name: 'http_requests_total', labels, value: 12.4 },
    { name: 'prometheus_config_last_reload_successful', value: Number(await machine.read('facts/reloaded', '0')) },
    ...alertSeries([
      ...(qek < 0.85 ? ['QEK below minimum threshold'] : []),
      ...(hVar > 0.1 ? ['H-VAR exceeded maximum threshold'] : []),
    ]),
  ];
}
