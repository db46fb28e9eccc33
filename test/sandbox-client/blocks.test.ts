import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { type Visit, visit } from './browser-page.ts';
import { type FakeSandbox, startFakeSandbox } from './fake-sandbox.ts';
import { EVERY_BLOCK } from './fixtures/every-block.ts';
import { BLOCKS_ROOM, NADIA } from './fixtures/people.ts';

const browser: Browser | null = await launchChromium();

it('has a sample of every block type that @slack/types knows', async () => {
  const file = new URL('../../node_modules/@slack/types/dist/block-kit/blocks.d.ts', import.meta.url);
  const known = [...(await readFile(file, 'utf8')).matchAll(/^ {4}type: '([a-z_]+)';/gm)].map(([, type]) => type);
  expect(known.length).toBeGreaterThan(15);
  expect(EVERY_BLOCK.map((one) => one.type).toSorted()).toEqual([...new Set(known)].toSorted());
});

describe.skipIf(browser === null)('the page', () => {
  let sandbox: FakeSandbox;
  let here: Visit;

  beforeAll(async () => {
    sandbox = await startFakeSandbox();
    if (browser === null) return;
    here = await visit(browser, `${sandbox.url}/?as=${NADIA}#${BLOCKS_ROOM}`);
    await here.page.getByText('Standard Markdown').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await sandbox.close();
  });

  it.each(EVERY_BLOCK.map((one) => [one.type, one.shows] as const))('shows a block of type %s', async (type, shows) => {
    const block = here.page.locator(`.message-body > .block-${type}`).first();
    await block.getByText(shows).first().waitFor({ state: 'attached' });
    expect(await block.textContent()).toContain(shows);
    expect((await block.boundingBox())?.height ?? 0).toBeGreaterThan(type === 'divider' ? 0 : 15);
    expect(await block.locator('.error-box').count()).toBe(0);
  });

  it('shows a command letter by letter, whatever marks are in it', async () => {
    expect(await here.page.locator('.block-rich_text pre').textContent()).toBe('DEL a*b* _c_ `d`');
  });

  it('names a block type that it does not know', async () => {
    expect(await here.page.locator('.block-hologram').textContent()).toContain('Unknown block type hologram');
  });

  it('names an element type that it does not know', async () => {
    expect(await here.page.getByText('Unknown element type').textContent()).toContain('lever');
  });

  it('keeps a malformed block from taking the page with it', async () => {
    await here.page.getByText('Broken block of type').waitFor();
  });
});
