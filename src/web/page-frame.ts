import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';

/** Reads on a phone as on a screen, by day and by night; nothing is loaded from anywhere. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1d1c1d; --paper: #fff; --soft: #5d5b5e; --line: #c9c6cc; --code: #f4f2f5; --act: #0b6e4f; --on: #fff; --bad: #a3122a }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e9; --paper: #1a1d21; --soft: #b3afb8; --line: #4a4d52; --code: #24272c; --act: #4cc79a; --on: #10241c; --bad: #ff8a9a } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 40rem; margin: 0 auto; padding: 1.25rem 1rem 3rem }
main.wide { max-width: 70rem }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere }
dl { margin: 0 0 1rem } dt { color: var(--soft); font-size: .85rem } dd { margin: 0 0 .6rem; overflow-wrap: anywhere }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem }
label { display: block; font-weight: 600; margin-top: 1rem } small { display: block; color: var(--soft); font-weight: 400 }
input { width: 100%; font: inherit; padding: .6rem; margin: .3rem 0 0; color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: 6px }
button { font: inherit; font-weight: 600; margin-top: 1.25rem; padding: .7rem 1.2rem; min-height: 2.75rem; border: 0; border-radius: 6px; background: var(--act); color: var(--on) }
input:focus-visible, button:focus-visible { outline: 3px solid var(--act); outline-offset: 2px }
.bad { color: var(--bad); font-weight: 600 } .soft { color: var(--soft) }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** What every page is sent with: nothing from elsewhere, nothing kept, nobody's frame, no address told. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Escaped text: what `html` of hono makes. */
export type Html = ReturnType<typeof html>;

/** A whole page; everything that is put into it has been escaped by `html`. */
export function pageFrame(page: { readonly title: string; readonly body: Html; readonly wide?: boolean }): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Warroom</title>
<style>${raw(STYLE)}</style>
</head>
<body><main${page.wide ? raw(' class="wide"') : ''}>${page.body}</main></body>
</html>
`;
}

/** A page of one sentence. */
export function sentencePage(title: string, text: string): Html {
  return pageFrame({ title, body: html`<h1>${title}</h1><p>${text}</p>` });
}
