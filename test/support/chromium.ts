import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';

const run = promisify(execFile);

/** Playwright's and the package's own flags would hide faults of CORS and CSP or need a GPU; these do not. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-sync',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-pings',
  '--font-render-hinting=none',
  '--force-color-profile=srgb',
  '--hide-scrollbars',
];

/**
 * A headless Chromium for tests, from the npm package, or from `CHROMIUM_PATH`. Null where there is none: then it says so
 * loudly, and under `CI` it throws instead, because a browser test that silently does not run protects nothing.
 * The caller closes it.
 */
export async function launchChromium(): Promise<Browser | null> {
  try {
    const { executable, env } = await findChromium();
    const { chromium } = await import('playwright-core');
    return await chromium.launch({ executablePath: executable, args: ARGS, env: { ...process.env, ...env } });
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const text = `No Chromium could be started, so the browser tests did not run: ${reason}`;
    if (process.env.CI !== undefined && process.env.CI !== '') throw new Error(text, { cause: error });
    process.stderr.write(`\n\x1b[1;33m*** ${text} ***\x1b[0m\n\n`);
    return null;
  }
}

type Found = { readonly executable: string; readonly env: Readonly<Record<string, string>> };

async function findChromium(): Promise<Found> {
  const own = process.env.CHROMIUM_PATH;
  if (own !== undefined && own !== '') return { executable: own, env: {} };
  const folder = await unpackOnce();
  const libraries = path.join(folder, 'al2023', 'lib');
  const inherited = process.env.LD_LIBRARY_PATH;
  return {
    executable: path.join(folder, 'chromium'),
    env: {
      TMPDIR: folder,
      LD_LIBRARY_PATH: inherited === undefined ? libraries : `${inherited}:${libraries}`,
      ...(existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_PATH: path.join(folder, 'fonts') }),
    },
  };
}

/**
 * Unpacks the package's archive into a folder of this user and version, at most once. The package itself is not atomic and
 * writes to a shared place: it works in a fresh folder, which then gets its name in one step. Who comes second uses the first.
 */
async function unpackOnce(): Promise<string> {
  const require = createRequire(import.meta.url);
  const packageFile = path.join(path.dirname(require.resolve('@sparticuz/chromium')), '..', '..', 'package.json');
  const { version } = require(packageFile) as { version: string };
  const folder = path.join(tmpdir(), `warroom-chromium-${process.getuid?.() ?? 'user'}-${version}`);
  if (existsSync(path.join(folder, 'chromium'))) return folder;
  const fresh = await mkdtemp(path.join(tmpdir(), 'warroom-chromium-new-'));
  const script = 'import("@sparticuz/chromium").then((m) => m.default.executablePath())';
  await run(process.execPath, ['-e', script], {
    cwd: path.dirname(packageFile),
    // The runtime's name makes the package unpack its own NSS libraries, for machines that have none.
    env: { ...process.env, TMPDIR: fresh, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x' },
  });
  await mkdir(path.join(fresh, 'home'), { recursive: true });
  await rename(fresh, folder).catch(async (error: unknown) => {
    await rm(fresh, { recursive: true, force: true });
    if (!(await stat(path.join(folder, 'chromium')).catch(() => null))) throw error;
  });
  return folder;
}
