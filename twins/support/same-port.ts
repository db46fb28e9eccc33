import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const ATTEMPTS = 20;
const PAUSE_MS = 50;

/**
 * A free port of the loopback that stays the same from one start to the next as long as it is free: an approval covers the
 * address of its target, so it would not outlive a restart otherwise. Remembered in `file`.
 */
export async function samePort(file: string): Promise<number> {
  const remembered = await rememberedPort(file);
  // Whoever had it last may be about to let it go.
  for (let attempt = 0; remembered !== null && attempt < ATTEMPTS; attempt += 1) {
    if ((await listenBriefly(remembered)) !== null) return remembered;
    await delay(PAUSE_MS);
  }
  const port = (await listenBriefly(0)) ?? 0;
  await writeFile(file, String(port));
  return port;
}

/** The port in that file; null when there is none. */
export async function rememberedPort(file: string): Promise<number | null> {
  const port = Number(await readFile(file, 'utf8').catch(() => ''));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}

function listenBriefly(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}
