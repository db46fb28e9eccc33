import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { DESKTOP, PHONE, visit } from '../sandbox-client/browser-page.ts';
import { launchChromium } from '../support/chromium.ts';
import { HUB, MEI, NADIA, type Story, startStory, TOMAS } from '../support/story.ts';

const browser: Browser | null = await launchChromium();
const SCREENS = join(process.cwd(), 'test-output', 'screens', 'approvals');
mkdirSync(SCREENS, { recursive: true });

afterAll(async () => {
  await browser?.close();
});

const LOOKS = [
  ['desktop-light', { size: DESKTOP }],
  ['phone-dark', { size: PHONE, dark: true }],
] as const;

/** Takes a picture of what a person sees at an address, at a desk by day and on a phone by night; fails for anything that the page complains of. */
async function pictures(story: Story, name: string, as: string, hash: string, act: (page: Page) => Promise<void>) {
  if (browser === null) return;
  for (const [look, options] of LOOKS) {
    const { page, context, faults } = await visit(browser, `${story.sandbox.url}/?as=${as}#${hash}`, {
      realTime: true,
      ...options,
    });
    await act(page);
    await page.screenshot({ path: join(SCREENS, `${name}-${look}.png`) });
    const wider = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(wider, `${name} ${look} has nothing to scroll sideways`).toBe(0);
    expect(faults).toEqual([]);
    // A form stays open on every screen of a person until it is closed.
    const form = page.getByRole('dialog');
    if ((await form.count()) > 0) {
      await form
        .getByRole('button', { name: /^(?:Cancel|Close)$/u })
        .last()
        .click();
      await form.waitFor({ state: 'detached' });
      story.botClock.leap(60_000);
    }
    await context.close();
  }
}

/** The newest message of the app that holds this text. */
function card(page: Page, text: string) {
  return page.getByRole('article').filter({ hasText: text }).last();
}

async function home(page: Page, text: string): Promise<void> {
  await page.getByText(text).first().waitFor();
}

/** Presses a button of the newest card that holds the text, and waits for the form. */
function pressing(text: string, button: string, title: string) {
  return async (page: Page): Promise<void> => {
    await card(page, text).getByRole('button', { name: button, exact: true }).last().click();
    await page.getByRole('dialog', { name: title }).waitFor();
  };
}

async function asks(story: Story, runbook: string, step: string, reason: string) {
  await story.nadia.types(HUB, `/runbook ${runbook}`);
  const run = await story.nadia.seesMessage(HUB, `Runbook ${runbook.split(' ')[0] ?? ''}`);
  await run.click(step);
  await (await story.nadia.seesModal('Ask for approval')).fill({ reason }).submit();
  await story.settle();
  return story.tomas.seesMessage(HUB, '✋ Approval wanted');
}

describe.skipIf(browser === null)('what people see when they decide', () => {
  it('fits a desk by day and a phone by night', { timeout: 240_000 }, async () => {
    const story = await startStory({ autoBroker: true });
    const { nadia, tomas, mei } = story;
    const hub = [...story.sandbox.workspace.channels.values()].find(({ name }) => `#${name}` === HUB)?.id ?? '';
    const request = await asks(story, 'RB-005', '1/refresh', 'Rates are three hours old.');
    await pictures(story, 'asked', TOMAS, hub, (page) => card(page, 'Approval wanted').waitFor());
    await pictures(story, 'home', TOMAS, 'home', (page) => home(page, 'Rates are three hours old'));
    await pictures(story, 'typed', TOMAS, hub, pressing('Approval wanted', 'Approve', 'Approve'));
    await pictures(story, 'deny', TOMAS, hub, pressing('Approval wanted', 'Deny', 'Deny'));
    story.botClock.leap(60_000);
    await request.click('Approve', tomas);
    await (await tomas.seesModal('Approve')).fill({ target: 'cache' }).submit();
    await story.settle();
    await pictures(story, 'half', MEI, hub, (page) => card(page, '1 of 2 approved').waitFor());
    await request.click('Approve', mei);
    await story.settle();
    await pictures(story, 'carried-out', MEI, hub, (page) => card(page, 'Approved by').waitFor());
    await asks(story, 'RB-012', '2/reset', 'The breaker is open.');
    await story.advance('8 minutes');
    await pictures(story, 'alone', NADIA, hub, (page) => card(page, 'Nobody answered').waitFor());
    await nadia.seesMessage(HUB, 'Anybody else of this workspace can decide.');
    await story.advance('8 minutes');
    await pictures(story, 'expired', NADIA, hub, (page) => card(page, 'Nobody decided before').waitFor());
    await nadia.types(HUB, '/runbook RB-012 --dry-run');
    await story.settle();
    await pictures(story, 'rehearsal', NADIA, hub, (page) => card(page, 'ehears').waitFor());
    await pictures(story, 'plan', NADIA, hub, pressing('ehears', 'Ask for several steps', 'Ask for a plan'));
  });
});
