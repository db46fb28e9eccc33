import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, OutputFile } from 'esbuild';
import { InternalError } from '../lib/errors.ts';

export type ClientAsset = { readonly body: Buffer; readonly type: string };
/** `html` is the page; the keys of `assets` are the paths that it asks for, such as `/assets/main-4KX2.js`. */
export type ServedClient = { readonly html: string; readonly assets: Map<string, ClientAsset> };

/** What the page may load: itself, and pictures that a message names. Nothing inline. The page says it itself, in a `meta`. */
export const CLIENT_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; " +
  "img-src 'self' data: https: http:; base-uri 'none'; form-action 'none'";

const SOURCE = fileURLToPath(new URL('./client', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  woff2: 'font/woff2',
  woff: 'font/woff',
  svg: 'image/svg+xml',
};
const FAVICON = '/assets/favicon.svg';

let cached: { readonly hash: string; readonly client: Promise<ServedClient> } | null = null;

/**
 * The sandbox's page, bundled on first use and again when its sources have changed (about 0.3 s). Asset names hold a
 * hash of what they contain, so they may be cached for ever; the HTML may not.
 * @throws InternalError `client_bundle` when the sources do not compile.
 */
export async function serveClient(): Promise<ServedClient> {
  const hash = await hashSources();
  if (cached?.hash === hash) return cached.client;
  const client = bundle();
  cached = { hash, client };
  client.catch(() => {
    // A failed build must not be remembered: the next request tries again.
    if (cached?.client === client) cached = null;
  });
  return client;
}

async function hashSources(): Promise<string> {
  const entries = await readdir(SOURCE, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const path of paths.sort()) hash.update(path).update(await readFile(path));
  return hash.digest('hex');
}

async function bundle(): Promise<ServedClient> {
  const { build } = await import('esbuild');
  try {
    const result = await build(buildOptions());
    return serve(result.outputFiles);
  } catch (error) {
    throw new InternalError('client_bundle', 'The page of the sandbox could not be built.', { cause: error });
  }
}

function buildOptions(): BuildOptions & { write: false } {
  return {
    entryPoints: [join(SOURCE, 'main.tsx')],
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    write: false,
    outdir: '/assets',
    publicPath: '/assets',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    target: ['es2023'],
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.woff2': 'file', '.woff': 'file' },
    legalComments: 'none',
    logLevel: 'silent',
  };
}

function serve(files: readonly OutputFile[]): ServedClient {
  const assets = new Map<string, ClientAsset>();
  for (const file of files) {
    // esbuild writes paths of the operating system; the browser asks with slashes.
    const path = `/assets/${file.path.replaceAll('\\', '/').split('/assets/').at(-1) ?? ''}`;
    assets.set(path, {
      body: Buffer.from(file.contents),
      type: TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    });
  }
  assets.set(FAVICON, { body: Buffer.from(FAVICON_SVG), type: 'image/svg+xml' });
  const find = (extension: string) =>
    [...assets.keys()].find((path) => path.startsWith('/assets/main-') && path.endsWith(extension));
  const script = find('.js');
  const style = find('.css');
  if (script === undefined || style === undefined) {
    throw new InternalError('client_bundle', 'The page of the sandbox was built without a script or a style.');
  }
  return { html: page(script, style), assets };
}

function page(script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="content-security-policy" content="${CLIENT_CSP}">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <meta name="color-scheme" content="light dark">
    <meta name="description" content="A local, Slack-compatible workspace for Warroom.">
    <title>Warroom sandbox</title>
    <link rel="icon" href="${FAVICON}" type="image/svg+xml">
    <link rel="stylesheet" href="${style}">
    <script type="module" src="${script}"></script>
  </head>
  <body>
    <noscript>The Warroom sandbox needs JavaScript.</noscript>
    <div id="root"></div>
  </body>
</html>
`;
}

const FAVICON_SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36"><rect width="36" height="36" rx="8" fill="#12303a"/>' +
  '<path fill="#0e8f6e" stroke="#4fd2a9" d="M18 5.500 28.500 9v8.300c0 6.400-4.200 11-10.500 13.400C11.700 28.300 7.500 23.700 7.500 17.300V9Z"/>' +
  '<path fill="none" stroke="#fff" stroke-width="2.200" stroke-linecap="round" stroke-linejoin="round" ' +
  'd="M10.500 18.500h4l2.200-5.600 3.300 9.600 2.200-4h3.300"/></svg>';
