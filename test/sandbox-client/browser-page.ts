import type { Browser, BrowserContext, Page } from 'playwright-core';
import { START_SECONDS } from './fixtures/messages.ts';

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 375, height: 812 };

export type Visit = { readonly page: Page; readonly context: BrowserContext; readonly faults: string[] };
type Options = { readonly size?: typeof DESKTOP; readonly dark?: boolean; readonly realTime?: boolean };

/** A page of one visitor at 14:31 UTC. `faults` collects errors, CSP violations and requests that left the machine. */
export async function visit(browser: Browser, url: string, options: Options = {}): Promise<Visit> {
  const size = options.size ?? DESKTOP;
  const context = await browser.newContext({
    viewport: size,
    colorScheme: options.dark === true ? 'dark' : 'light',
    timezoneId: 'UTC',
    locale: 'en-US',
    hasTouch: size.width < 500,
    isMobile: size.width < 500,
    reducedMotion: 'reduce',
  });
  if (options.realTime !== true) await context.clock.setFixedTime((START_SECONDS + 11 * 60) * 1_000);
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (line) => {
    if (line.type() === 'error') faults.push(line.text());
  });
  page.on('request', (request) => {
    if (!/^(?:http:\/\/127\.0\.0\.1|data:|blob:)/.test(request.url())) faults.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return { page, context, faults };
}

type Scroller = { scrollTop: number; readonly scrollHeight: number; readonly clientHeight: number };

/** Where the messages are scrolled to, in pixels from the top and from the end. */
export function scrollOf(page: Page): Promise<{ top: number; left: number }> {
  return page
    .getByRole('log')
    .evaluate((box: Scroller) => ({ top: box.scrollTop, left: box.scrollHeight - box.scrollTop - box.clientHeight }));
}

/** Scrolls the messages to their beginning. */
export async function scrollToTop(page: Page): Promise<void> {
  await page.getByRole('log').evaluate((box: Scroller) => {
    box.scrollTop = 0;
  });
}

/** Where the keyboard is: the name of the focused element, and whether it stands in a dialog. */
export function focusOf(page: Page): Promise<{ label: string | null; inside: boolean; nowhere: boolean }> {
  // A text, because these tests are checked without the types of a browser.
  return page.evaluate(`({
    label: document.activeElement?.getAttribute('aria-label') ?? null,
    inside: document.activeElement?.closest('dialog') != null,
    nowhere: document.activeElement === document.body,
  })`);
}
