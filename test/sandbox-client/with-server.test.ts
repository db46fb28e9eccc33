import type { ModalView } from '@slack/types';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { boltApp, sandboxOf } from '../sandbox/support.ts';
import { launchChromium } from '../support/chromium.ts';
import { type Visit, visit } from './browser-page.ts';
import { INCIDENT_CARD } from './fixtures/cards.ts';
import { HOME_VIEW } from './fixtures/views.ts';

const browser: Browser | null = await launchChromium();
const plain = (text: string) => ({ type: 'plain_text' as const, text });

const FORM: ModalView = {
  type: 'modal',
  callback_id: 'try_form',
  title: plain('Try it'),
  submit: plain('Send'),
  blocks: [
    { type: 'input', block_id: 'what', label: plain('What'), element: { type: 'plain_text_input', action_id: 'what' } },
    {
      type: 'input',
      block_id: 'book',
      label: plain('Runbook'),
      element: { type: 'external_select', action_id: 'book', min_query_length: 1 },
    },
  ],
};

describe.skipIf(browser === null)('the page with the real server and the real Bolt', () => {
  let sandbox: Sandbox;
  let stop: () => Promise<void>;
  let here: Visit;
  let page: Page;
  const clicks: string[] = [];
  const forms: unknown[] = [];

  beforeAll(async () => {
    if (browser === null) return;
    sandbox = await sandboxOf();
    const bolt = await boltApp(sandbox, (app) => {
      app.command('/try', async ({ ack, body, client }) => {
        await ack();
        await client.views.open({ trigger_id: body.trigger_id, view: FORM });
      });
      app.options('book', async ({ ack, payload }) => {
        await ack({ options: [{ text: plain(`RB-012 ${payload.value}`), value: 'RB-012' }] });
      });
      app.view('try_form', async ({ ack, view, client, body }) => {
        const what = view.state.values.what?.what?.value ?? '';
        if (what.length < 4) return ack({ response_action: 'errors', errors: { what: 'Say a little more.' } });
        await ack();
        forms.push(view.state.values);
        await client.conversations.join({ channel: 'C0GENERAL1' });
        await client.chat.postMessage({
          channel: 'C0GENERAL1',
          text: `Card of <@${body.user.id}>`,
          blocks: INCIDENT_CARD as never,
        });
      });
      app.action(/.*/, async ({ ack, body, respond, action }) => {
        await ack();
        clicks.push(`${body.user.id} ${'action_id' in action ? action.action_id : ''}`);
        if (body.type === 'block_actions' && body.container.type === 'message') {
          await respond({ response_type: 'ephemeral', text: 'Noted, *thank you*.', replace_original: false });
        }
      });
      app.event('app_home_opened', async ({ event, client }) => {
        const { id: _id, hash: _hash, ...view } = HOME_VIEW;
        await client.views.publish({ user_id: event.user, view: view as never });
      });
    });
    stop = bolt.stop;
    here = await visit(browser, `${sandbox.url}/`, { realTime: true });
    page = here.page;
  });
  afterAll(async () => {
    await browser?.close();
    await stop?.();
    await sandbox?.close();
  });

  it('opens without a person in the address, as the on-call engineer', async () => {
    await page.getByRole('button', { name: /On-call engineer/ }).waitFor();
    await page.getByRole('navigation').getByRole('button', { name: 'general' }).click();
    await page.getByRole('heading', { name: 'general' }).first().waitFor();
  });

  it('shows what a person writes', async () => {
    await page.keyboard.type('hello <world> & all');
    await page.keyboard.press('Enter');
    await page.getByText('hello <world> & all').waitFor();
  });

  it('opens the modal of a slash command, shows its errors, and submits it', async () => {
    await page.keyboard.type('/try it');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Try it' }).waitFor();
    await page.keyboard.type('abc');
    await page.getByRole('combobox', { name: 'Runbook' }).focus();
    await page.keyboard.type('fr');
    await page.getByRole('option', { name: 'RB-012 fr' }).click();
    await page.getByRole('button', { name: 'Send', exact: true }).last().click();
    await page.getByText('Say a little more.').waitFor();
    await page.getByRole('textbox', { name: 'What' }).fill('abcdef');
    await page.getByRole('button', { name: 'Send', exact: true }).last().click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: /Retention calls/ }).waitFor();
    expect(forms).toMatchObject([{ book: { book: { selected_option: { value: 'RB-012' } } } }]);
  });

  it('clicks as another person, who alone sees the answer', async () => {
    await page.getByRole('button', { name: /Switch person/ }).click();
    await page.getByRole('menuitemradio', { name: /Approver/ }).click();
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByText('Only visible to you').waitFor();
    await page.getByText('Noted,').waitFor();
    expect(clicks).toEqual(['U0APPROVE1 incident_ack']);
    await page.goBack();
    await page.getByRole('button', { name: /You are Nadia/ }).waitFor();
    await page.getByRole('heading', { name: /Retention calls/ }).waitFor();
    expect(await page.getByText('Noted,').count()).toBe(0);
  });

  it('shows the Home tab that the app publishes', async () => {
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /Tester/ })
      .click();
    await page.getByRole('heading', { name: /Good afternoon/ }).waitFor();
    await page.getByRole('button', { name: /Start a drill/ }).click();
    await vi.waitFor(() => expect(clicks).toContain('U0ONCALL01 home_drill'), 5_000);
  });

  it('takes an answer in a thread', async () => {
    await page.getByRole('navigation').getByRole('button', { name: 'general' }).click();
    const text = page.getByText('hello <world> & all');
    await text.hover();
    await page.getByRole('article').filter({ has: text }).getByRole('button', { name: 'Reply in thread' }).click();
    await page
      .getByRole('textbox', { name: 'Reply…' })
      .or(page.getByRole('combobox', { name: 'Reply…' }))
      .fill('an answer');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary').getByText('an answer').waitFor();
    await page.getByRole('button', { name: /1 reply/ }).waitFor();
  });

  it('had no fault, kept its content security policy and asked nobody else', () => {
    // The refused submit is an answer of status 200; nothing else may complain.
    expect(here.faults).toEqual([]);
  });
});
