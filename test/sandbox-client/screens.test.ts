import { mkdir } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { DESKTOP, PHONE, visit } from './browser-page.ts';
import { type FakeSandbox, startFakeSandbox } from './fake-sandbox.ts';
import { RUNBOOK_TS } from './fixtures/messages.ts';
import { NADIA, ROOM, TOMAS } from './fixtures/people.ts';
import { declareView } from './fixtures/views.ts';

const FOLDER = 'test-output/screens';
const browser: Browser | null = await launchChromium();
let sandbox: FakeSandbox;

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  sandbox = await startFakeSandbox();
});
afterAll(async () => {
  await browser?.close();
  await sandbox.close();
});

type Scene = {
  readonly name: string;
  readonly path: string;
  readonly ready: string;
  readonly before?: (page: Page) => Promise<void>;
};

type Heading = { closest(selector: string): { scrollIntoView(options: object): void } | null };

const seeHeading = (name: string) => (page: Page) =>
  page
    .getByRole('heading', { name })
    .evaluate((heading: Heading) => heading.closest('article')?.scrollIntoView({ block: 'start' }));

const SCENES: readonly Scene[] = [
  { name: 'hub', path: `?as=${NADIA}`, ready: 'Go to the room' },
  {
    name: 'incident-card',
    path: `?as=${NADIA}#${ROOM}`,
    ready: 'Acknowledge',
    before: seeHeading('Retention calls are not'),
  },
  { name: 'runbook-card', path: `?as=${NADIA}#${ROOM}`, ready: 'Acknowledge', before: seeHeading('RB-012') },
  { name: 'approval-card', path: `?as=${TOMAS}#${ROOM}`, ready: 'Acknowledge', before: seeHeading('Approval needed') },
  { name: 'room-end', path: `?as=${NADIA}#${ROOM}`, ready: 'Show all 14 lines' },
  { name: 'home', path: `?as=${NADIA}#home`, ready: 'Declare an incident' },
  { name: 'thread', path: `?as=${NADIA}#${ROOM}/${RUNBOOK_TS}`, ready: 'Agreed.' },
  {
    name: 'declare-modal',
    path: `?as=${NADIA}`,
    ready: 'Go to the room',
    before: async (page) => {
      sandbox.showViews(NADIA, [declareView('auto-broker')]);
      await page.getByRole('dialog').waitFor();
    },
  },
];

describe.skipIf(browser === null)('the page', () => {
  for (const [size, viewport] of [
    ['desktop', DESKTOP],
    ['phone', PHONE],
  ] as const) {
    for (const dark of [false, true]) {
      for (const scene of SCENES) {
        const name = `${scene.name}-${size}-${dark ? 'dark' : 'light'}`;
        it(`shows ${name} without a fault and without a sideways scroll`, async () => {
          if (browser === null) return;
          sandbox.views.clear();
          const { page, context, faults } = await visit(browser, `${sandbox.url}/${scene.path}`, {
            size: viewport,
            dark,
          });
          await page.getByText(scene.ready).first().waitFor();
          await scene.before?.(page);
          await page.evaluate('document.fonts.ready.then(() => true)');
          await page.screenshot({ path: `${FOLDER}/${name}.png` });
          const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
          expect(overflow).toBeLessThanOrEqual(0);
          expect(faults).toEqual([]);
          await context.close();
        });
      }
    }
  }
});
