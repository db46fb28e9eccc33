import type { ServerResponse } from 'node:http';

/** The browser page: its HTML and the files that it loads, by path. */
export type Page = {
  readonly html: string;
  readonly assets: ReadonlyMap<string, { readonly body: Buffer; readonly type: string }>;
};

/** Answers a request for the page or one of its files; false when the path is neither. */
export function sendPage(res: ServerResponse, path: string, page: Page): boolean {
  if (path === '/') {
    res.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
    res.end(page.html);
    return true;
  }
  const asset = page.assets.get(path) ?? page.assets.get(path.slice(1));
  if (!asset) return false;
  res.writeHead(200, { 'content-type': asset.type, 'cache-control': 'no-cache' });
  res.end(asset.body);
  return true;
}
