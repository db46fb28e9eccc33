import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { PHONE, type Visit, visit } from '../sandbox-client/browser-page.ts';
import { launchChromium } from '../support/chromium.ts';
import { startStory } from '../support/story.ts';

const browser: Browser | null = await launchChromium();
const SCREENS = join(process.cwd(), 'test-output', 'screens', 'product');
mkdirSync(SCREENS, { recursive: true });

afterAll(async () => {
  await browser?.close();
});

/** The newest message of the app that holds this text. */
function message(page: Page, text: RegExp): Locator {
  return page.getByRole('article').filter({ hasText: text }).last();
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SCREENS, `${name}.png`) });
}

async function type(page: Page, text: string): Promise<void> {
  await page
    .getByRole('combobox', { name: /Message/u })
    .first()
    .fill(text);
  await page.keyboard.press('Enter');
}

/** What Redis itself says. */
async function breaker(url: string): Promise<string | null> {
  const redis = new Redis(url);
  try {
    return await redis.get('circuit_breaker:franco_retell');
  } finally {
    redis.disconnect();
  }
}

async function become(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: /Switch person/u }).click();
  await page.getByRole('menuitemradio', { name: new RegExp(title, 'u') }).click();
  await page.getByRole('button', { name: new RegExp(`${title}\\. Switch person`, 'u') }).waitFor();
}

describe.skipIf(browser === null)('a person with nothing but the page in the browser', () => {
  it('declares, diagnoses, asks, approves as somebody else, and resolves', { timeout: 90_000 }, async () => {
    if (browser === null) return;
    const story = await startStory({ autoBroker: true });
    const here: Visit = await visit(browser, `${story.sandbox.url}/`, { realTime: true });
    const { page } = here;
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /incidents-war-room/u })
      .click();
    await type(page, '/incident declare Retention calls are not placed');
    const form = page.getByRole('dialog', { name: 'Declare an incident' });
    await form.waitFor();
    await form.getByRole('radio', { name: /SEV2/u }).check();
    await form.getByRole('textbox', { name: /customers notice/u }).fill('Nobody is called after a delivery');
    await shoot(page, 'declare-modal-desktop-light');
    await form.getByRole('button', { name: 'Declare', exact: true }).click();
    await message(page, /SEV2[\s\S]*Retention calls/u).waitFor();
    await message(page, /SEV2[\s\S]*Retention calls/u)
      .getByRole('button', { name: /repl/u })
      .click();
    await page.getByRole('complementary', { name: 'Thread' }).getByText('On-call engineer').first().waitFor();
    await shoot(page, 'status-card-desktop-light');

    await type(page, '/runbook RB-012');
    await page.getByRole('button', { name: 'Run diagnostics' }).last().waitFor();
    await page.getByRole('button', { name: 'Run diagnostics' }).last().click();
    await page.getByRole('button', { name: 'Run diagnostics again' }).waitFor();
    await shoot(page, 'runbook-card-desktop-light');
    await page.getByRole('button', { name: 'Ask for approval' }).first().click();
    const ask = page.getByRole('dialog', { name: 'Ask for approval' });
    await ask.getByRole('textbox', { name: /Why now/u }).fill('Redis says that the breaker is open');
    await shoot(page, 'ask-modal-desktop-light');
    await ask.getByRole('button', { name: 'Ask for approval' }).click();
    await page.getByRole('button', { name: 'Approve', exact: true }).last().waitFor();
    await shoot(page, 'approval-card-desktop-light');

    await become(page, 'Approver');
    await message(page, /SEV2[\s\S]*Retention calls/u)
      .getByRole('button', { name: /repl/u })
      .click();
    const thread = page.getByRole('complementary', { name: 'Thread' });
    const approve = thread.getByRole('button', { name: 'Approve', exact: true }).last();
    await approve.scrollIntoViewIfNeeded();
    await shoot(page, 'approval-as-approver-desktop-light');
    await approve.click();
    await approve.waitFor({ state: 'detached' });
    await story.settle();
    await thread
      .getByText(/approved by/iu)
      .last()
      .scrollIntoViewIfNeeded();
    await shoot(page, 'approved-desktop-light');
    expect(await breaker(story.redisUrl)).toBeNull();

    await become(page, 'On-call engineer');
    await type(page, '/incident resolve 1');
    const resolve = page.getByRole('dialog', { name: /Resolve/u });
    await resolve.getByRole('textbox').fill('The breaker was open; closing it was enough.');
    await resolve.getByRole('button', { name: 'Resolve', exact: true }).click();
    await resolve.waitFor({ state: 'detached' });
    await page
      .getByText(/Resolved SEV2/u)
      .first()
      .waitFor();
    await story.settle();
    await page
      .getByRole('button', { name: /replies/u })
      .first()
      .click();
    await thread
      .getByText(/closing it was enough/u)
      .first()
      .waitFor();
    await shoot(page, 'resolved-desktop-light');
    expect(here.faults).toEqual([]);
    const address = page.url();
    await here.context.close();
    for (const [name, options] of [
      ['resolved-desktop-dark', { dark: true }],
      ['resolved-phone-dark', { dark: true, size: PHONE }],
      ['resolved-phone-light', { size: PHONE }],
    ] as const) {
      const again = await visit(browser, address, { realTime: true, ...options });
      await again.page
        .getByText(/closing it was enough/u)
        .first()
        .waitFor();
      await shoot(again.page, name);
      expect(again.faults).toEqual([]);
      await again.context.close();
    }
  });
});
