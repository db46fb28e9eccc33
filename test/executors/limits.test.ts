import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { withLimits } from '../../src/executors/limits.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { runContext } from './harness.ts';

it('a statement that asks its target forty things at once is not taken for a leak of listeners', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await withLimits(runContext(), systemClock, ({ signal }) =>
      Promise.all(
        Array.from({ length: 40 }, async () => {
          const [response] = await once(get({ host: '127.0.0.1', port, signal, agent: false }), 'response');
          response.resume();
          await once(response, 'end');
        }),
      ),
    );
    expect(warnings).toEqual([]);
  } finally {
    process.off('warning', note);
    server.close();
  }
});
