import type { ChainableCommander } from 'ioredis';
import type { Routes } from '../support/http-twin.ts';
import { alertSeries, prometheusRoutes, type Series } from '../support/prometheus.ts';
import type { World } from '../support/world.ts';

/** Seconds above which HighOrchestrationLatency fires. */
const SLOW_S = 3;

type Seen = {
  /** What the app runs with on Fly. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly pms: boolean;
  readonly database: boolean;
  readonly memoryMb: number;
  readonly machines: number;
  readonly slowNlp: boolean;
  readonly badRelease: boolean;
};

/** The app of Agente Hotel, its PMS below `/pms` and its Prometheus below `/prometheus`. */
export function agenteHotelRoutes(world: World): Routes {
  const prometheus = prometheusRoutes(async () => series(await look(world)));
  return {
    'GET /health/ready': async () => {
      const seen = await look(world);
      const checks = { pms: pmsCheck(seen), database: seen.database ? 'ok' : 'connection refused' };
      const ready = checks.pms !== 'failed' && seen.database;
      return { status: ready ? 200 : 503, body: { ready, checks } };
    },
    'GET /pms/api/health': async () => {
      const { pms } = await look(world);
      return pms ? { status: 200, body: { status: 'ok' } } : { status: 502, body: { error: 'bad gateway' } };
    },
    ...Object.fromEntries(
      Object.entries(prometheus).map(([name, route]) => [name.replace(' /', ' /prometheus/'), route]),
    ),
  };
}

/** What the app keeps in its Redis. */
export function fillAgenteHotel(commands: ChainableCommander): void {
  commands.set('availability:2026-02-10', '14', 'EX', 3_600).set('limit:203.0.113.66', '120', 'EX', 3_600);
}

async function look({ machine, containers }: World): Promise<Seen> {
  const lines = (await machine.read('fly/secrets')).split('\n').filter((line) => line.includes('='));
  return {
    secrets: new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])),
    pms: (await machine.read('facts/pms', 'up')) === 'up',
    database: (await containers.read('agente-hotel-api/postgres/state')) === 'running',
    memoryMb: Number(await machine.read('fly/memory', '256')),
    machines: Number(await machine.read('fly/count', '1')),
    slowNlp: (await machine.read('facts/nlp')) === 'slow',
    badRelease: (await machine.read('facts/release')) === 'bad',
  };
}

/** With mock data or the address of another PMS the app does not need this one. */
function pmsCheck({ secrets, pms }: Seen): 'ok' | 'mock' | 'failed' {
  if (secrets.get('PMS_TYPE') === 'mock') return 'mock';
  return pms || secrets.has('PMS_BASE_URL') ? 'ok' : 'failed';
}

function series(seen: Seen): Series[] {
  const nlp = seen.slowNlp && seen.secrets.get('AUDIO_ENABLED') !== 'false' && seen.memoryMb < 512 ? 3.6 : 0.4;
  const pms = Number(seen.secrets.get('PMS_CACHE_TTL_SECONDS') ?? 60) >= 300 ? 0.1 : 0.6;
  const limit = Number(seen.secrets.get('RATE_LIMIT_PER_MINUTE') ?? 120) * seen.machines;
  const alerts = [
    ...(nlp + pms > SLOW_S ? ['HighOrchestrationLatency'] : []),
    ...(seen.badRelease ? ['HighErrorRate'] : []),
    ...(pmsCheck(seen) === 'failed' ? ['PMSCircuitBreakerOpen'] : []),
  ];
  return [
    { name: 'pms_circuit_breaker_state', value: pmsCheck(seen) === 'failed' ? 1 : 0 },
    { name: 'nlp_engine_latency_seconds_bucket', value: nlp },
    { name: 'pms_api_latency_seconds_bucket', value: pms },
    // Guests ask 280 times a minute.
    { name: 'slowapi_limiter_hits_total', value: Math.max(0, 280 - limit) / 60 },
    ...alertSeries(alerts),
  ];
}
