import type { ChainableCommander } from 'ioredis';
import type { Routes } from '../support/http-twin.ts';
import type { World } from '../support/world.ts';

/** The API of Agentic Platform: it is ready while its containers run and neither is unhealthy. */
export function agenticPlatformRoutes({ containers }: World): Routes {
  const runs = async (service: string) =>
    (await containers.read(`agentic-platform/${service}/state`)) === 'running' &&
    (await containers.read(`agentic-platform/${service}/health`, 'healthy')) === 'healthy';
  const ready = async () => {
    const checks = { api: await runs('api'), database: await runs('postgres') };
    return {
      status: checks.api && checks.database ? 200 : 503,
      body: { ready: checks.api && checks.database, checks },
    };
  };
  return {
    'GET /health/ready': ready,
    'GET /api/v1/agents': async () => {
      const { status } = await ready();
      return status === 200
        ? { status, body: { agents: [{ id: 'a-1', tenant_id: 'acme' }] } }
        : { status: 500, body: { error: 'QueuePool limit of size 20 reached' } };
    },
    'GET /metrics': async () => {
      const used = (await runs('api')) ? 6 : 20;
      return {
        status: 200,
        body: `db_pool_size 20\ndb_pool_used ${used}\ncache_hits_total 930\ncache_misses_total 70\n`,
      };
    },
  };
}

/** Sessions and cached answers, as they lie in the platform's Redis. */
export function fillAgenticPlatform(commands: ChainableCommander): void {
  for (const user of ['ada', 'grace', 'edsger']) commands.set(`session:${user}`, 'signed-in');
  commands.set('cache:agents:acme', '[]', 'EX', 3_600);
}
