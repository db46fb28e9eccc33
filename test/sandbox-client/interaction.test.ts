import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { launchChromium } from '../support/chromium.ts';
import { focusOf, PHONE, scrollOf, scrollToTop, type Visit, visit } from './browser-page.ts';
import { type FakeSandbox, type Request, startFakeSandbox } from './fake-sandbox.ts';
import { MESSAGES, message, RUNBOOK_TS, STATUS_CARD_TS } from './fixtures/messages.ts';
import { BOT, HUB, MEI, NADIA, ROOM, TOMAS } from './fixtures/people.ts';
import { ALL_INPUTS_VIEW, declareView, PUSHED_VIEW } from './fixtures/views.ts';

const browser: Browser | null = await launchChromium();
let sandbox: FakeSandbox;
let here: Visit;
let page: Page;

beforeAll(async () => {
  sandbox = await startFakeSandbox();
});
afterAll(async () => {
  await browser?.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.requests.length = 0;
  sandbox.views.clear();
  sandbox.messages = [...MESSAGES];
  sandbox.answer = () => undefined;
  sandbox.hold = async () => {};
});
afterEach(async () => {
  await here?.context.close();
});

async function open(path: string, ready: string, size?: typeof PHONE): Promise<void> {
  if (browser === null) throw new Error('There is no browser.');
  here = await visit(browser, `${sandbox.url}/${path}`, size === undefined ? {} : { size });
  page = here.page;
  await page.getByText(ready).first().waitFor();
}

const openHub = () => open(`?as=${NADIA}#${HUB}`, 'Go to the room');
const openRoom = (person = NADIA) => open(`?as=${person}#${ROOM}`, 'Show all 14 lines');
const asked = (path: string | RegExp): Promise<Request> =>
  vi.waitFor(() => {
    const found = sandbox.requests.find((one) => (typeof path === 'string' ? one.path === path : path.test(one.path)));
    if (found === undefined) throw new Error(`Nobody asked ${path}.`);
    return found;
  }, 5_000);

describe.skipIf(browser === null)('a message', () => {
  it('sends the click on a button with its message, block and value', async () => {
    await openRoom(TOMAS);
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    const { person, body } = await asked('/actions');
    expect(person).toBe(TOMAS);
    expect(body).toMatchObject({
      message: { channel: ROOM },
      action: { type: 'button', action_id: 'approve', block_id: 'apa', value: '42' },
    });
  });

  it('asks the question of a confirm object first and sends nothing after a no', async () => {
    await openRoom();
    const resolve = page.getByRole('button', { name: 'Resolve', exact: true });
    await resolve.click();
    await page.getByRole('dialog').getByText('the clock stops').waitFor();
    await page.getByRole('button', { name: 'Not yet' }).click();
    expect(sandbox.requests.some((one) => one.path === '/actions')).toBe(false);
    await resolve.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resolve' }).click();
    expect((await asked('/actions')).body).toMatchObject({ message: { ts: STATUS_CARD_TS } });
  });

  it('opens the overflow menu with the keyboard and sends the chosen option', async () => {
    await openRoom();
    await page.getByRole('button', { name: 'More actions' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: /timeline/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect((await asked('/actions')).body).toMatchObject({ action: { selected_option: { value: 'invite' } } });
  });

  it('shows what arrives, changes and goes', async () => {
    await openHub();
    const fresh = message(12, { channel: HUB, user: MEI, text: 'fresh news' });
    sandbox.emit({ type: 'message', message: fresh });
    await page.getByText('fresh news').waitFor();
    sandbox.emit({ type: 'message_changed', message: { ...fresh, text: 'better news', edited: true } });
    await page.getByText('better news').waitFor();
    sandbox.emit({ type: 'message_deleted', channel: HUB, ts: fresh.ts });
    await page.getByText('better news').waitFor({ state: 'detached' });
  });

  it('stays at the end while a preview that loads later makes the list longer', async () => {
    await openRoom();
    await vi.waitFor(async () => expect((await scrollOf(page)).left).toBeLessThan(4));
    await page.getByRole('button', { name: 'Show all 14 lines' }).click();
    await page.getByText('event 14 of incident 42').waitFor();
    await vi.waitFor(async () => expect((await scrollOf(page)).left).toBeLessThan(4));
  });

  it('does not jump to a new message while somebody reads above, but says that there is one', async () => {
    await openRoom();
    await scrollToTop(page);
    await vi.waitFor(async () => expect((await scrollOf(page)).top).toBe(0));
    sandbox.emit({ type: 'message', message: message(12, { channel: ROOM, user: MEI, text: 'the end of it' }) });
    await page.getByRole('button', { name: 'New messages' }).waitFor();
    expect((await scrollOf(page)).top).toBe(0);
    await page.getByRole('button', { name: 'New messages' }).click();
    await page.getByText('the end of it').waitFor();
    expect((await scrollOf(page)).left).toBeLessThan(4);
  });

  it('shows a failure of the app to this person alone, with its code', async () => {
    await openHub();
    sandbox.emit({ type: 'notice', channel: HUB, text: '/incident failed', error: 'operation_timeout' }, NADIA);
    await page.getByText('operation_timeout').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.getByText('operation_timeout').waitFor({ state: 'detached' });
  });
});

describe.skipIf(browser === null)('a modal', () => {
  const declare = async () => {
    await openHub();
    sandbox.showViews(NADIA, [declareView('auto-broker')]);
    await page.getByRole('dialog').waitFor();
  };

  it('starts in the field that asks for the focus and keeps the focus inside', async () => {
    await declare();
    expect((await focusOf(page)).label).toBe('What is happening?');
    for (let step = 0; step < 16; step += 1) {
      await page.keyboard.press('Tab');
      const { inside, nowhere } = await focusOf(page);
      // Between the last and the first element the browser itself has the focus for one step.
      expect(inside || nowhere).toBe(true);
    }
  });

  it('says what is missing instead of sending it', async () => {
    await declare();
    await page.getByRole('button', { name: 'Declare', exact: true }).click();
    expect(await page.getByText('Please complete this required field.').count()).toBe(2);
    expect(sandbox.requests.some((one) => one.path.endsWith('/submit'))).toBe(false);
  });

  it('changes with the system, keeps what was typed, and submits view.state.values', async () => {
    await declare();
    sandbox.answer = ({ path }) => {
      if (path === '/actions') sandbox.showViews(NADIA, [declareView('warroom')]);
      return path.endsWith('/submit') ? { body: { ok: true } } : undefined;
    };
    await page.getByLabel('What is happening?').fill('API down');
    await page.getByRole('combobox', { name: 'System' }).click();
    await page.getByRole('option', { name: 'Warroom' }).click();
    expect((await asked('/actions')).body).toMatchObject({
      view_id: 'V0DECLARE1',
      action: { type: 'static_select', selected_option: { value: 'warroom' } },
      values: { title: { title: { value: 'API down' } } },
    });
    await page.getByText('The bot does not answer').click();
    await page.getByRole('button', { name: 'Declare', exact: true }).click();
    expect((await asked(/submit$/)).body).toEqual({
      values: {
        title: { title: { type: 'plain_text_input', value: 'API down' } },
        system: { system: { type: 'static_select', selected_option: expect.objectContaining({ value: 'warroom' }) } },
        'severity-warroom': {
          severity: { type: 'radio_buttons', selected_option: expect.objectContaining({ value: 'P1' }) },
        },
        impact: { impact: { type: 'plain_text_input', value: null } },
        runbook: { runbook: { type: 'external_select', selected_option: null } },
      },
    });
  });

  it('shows the errors of the answer at their fields', async () => {
    await declare();
    sandbox.answer = ({ path }) =>
      path.endsWith('/submit')
        ? { body: { ok: false, errors: { title: 'Say what fails, not only an emoji.' } } }
        : undefined;
    await page.getByLabel('What is happening?').fill(':fire:');
    await page.getByText('SEV2 · Major').click();
    await page.keyboard.press('Enter');
    await page.getByText('Say what fails').waitFor();
    expect(await page.getByLabel('What is happening?').getAttribute('aria-invalid')).toBe('true');
  });

  it('asks the app for the options of an external select while one types, and picks with the keyboard', async () => {
    await declare();
    sandbox.answer = ({ path, body }) =>
      path === '/options'
        ? {
            body: {
              options: [
                { text: { type: 'plain_text', text: `RB-012 for ${body.value}` }, value: 'RB-012' },
                { text: { type: 'plain_text', text: 'RB-002' }, value: 'RB-002' },
              ],
            },
          }
        : undefined;
    const box = page.getByRole('combobox', { name: 'Runbook' });
    await box.focus();
    await page.keyboard.type('franco');
    await page.getByRole('option', { name: 'RB-012 for franco' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await box.inputValue()).toBe('RB-002');
    expect(sandbox.requests.filter((one) => one.path === '/options').at(-1)?.body).toEqual({
      view_id: 'V0DECLARE1',
      block_id: 'runbook',
      action_id: 'runbook',
      value: 'franco',
    });
  });

  it('closes with Escape, one view of the stack at a time, and Escape in an open menu closes the menu alone', async () => {
    await declare();
    sandbox.showViews(NADIA, [declareView('auto-broker'), PUSHED_VIEW]);
    await page.getByText('A view on a view.').waitFor();
    await page.keyboard.press('Escape');
    expect((await asked(/close$/)).path).toBe('/views/V0PUSHED01/close');
    await page.getByText('A view on a view.').waitFor({ state: 'detached' });
    sandbox.requests.length = 0;
    await page.getByRole('combobox', { name: 'System' }).click();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('option').count()).toBe(0);
    expect(sandbox.requests).toEqual([]);
    await page.keyboard.press('Escape');
    expect((await asked(/close$/)).path).toBe('/views/V0DECLARE1/close');
  });

  it('fills every kind of input', async () => {
    await openHub();
    sandbox.showViews(NADIA, [ALL_INPUTS_VIEW]);
    await page.getByRole('combobox', { name: 'Responders' }).click();
    await page.getByRole('option', { name: /Mei/ }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Parts' }).click();
    await page.getByRole('option', { name: 'API' }).click();
    await page.keyboard.press('Escape');
    await page.getByLabel('E-mail').check();
    await page.getByLabel('Day').fill('2026-09-01');
    await page.getByLabel('Time', { exact: true }).fill('15:00');
    await page.getByLabel('Calls').fill('12x');
    await page.getByRole('button', { name: 'Send', exact: true }).last().click();
    const { values } = (await asked(/submit$/)).body as { values: Record<string, unknown> };
    expect(values).toMatchObject({
      who: { who: { selected_users: [NADIA, MEI] } },
      many: { many: { selected_options: [{ value: 'api' }] } },
      checks: { checks: { selected_options: [{ value: 'mail' }] } },
      day: { day: { selected_date: '2026-09-01' } },
      time: { time: { selected_time: '15:00' } },
      count: { count: { value: '12' } },
      one: { one: { selected_user: null } },
    });
  });
});

describe.skipIf(browser === null)('the keyboard', () => {
  it('completes a slash command with the arrow keys and sends it with Enter, raw', async () => {
    await openHub();
    await page.keyboard.type('/');
    await page.getByRole('option', { name: /\/runbook/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.type('RB-012 <x>');
    await page.keyboard.press('Enter');
    expect((await asked('/messages')).body).toEqual({ channel: HUB, text: '/runbook RB-012 <x>' });
  });

  it('escapes a message, turns names into mentions, and makes a new line with Shift+Enter', async () => {
    await openHub();
    await page.keyboard.type('a <b> & @mei');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('end');
    await page.keyboard.press('Enter');
    expect((await asked('/messages')).body).toEqual({ channel: HUB, text: `a &lt;b&gt; &amp; <@${MEI}>\nend` });
  });

  it('goes to another channel with Ctrl+K and back to where it was', async () => {
    await openHub();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('inc-42');
    await page.keyboard.press('Enter');
    await page
      .getByRole('heading', { name: /inc-42/ })
      .first()
      .waitFor();
    expect(page.url()).toContain(`#${ROOM}`);
    await page.goBack();
    await page.getByRole('button', { name: 'Go to the room' }).waitFor();
  });

  it('closes the thread with Escape', async () => {
    await open(`?as=${NADIA}#${ROOM}/${RUNBOOK_TS}`, 'Agreed.');
    await page.keyboard.press('Escape');
    await page.getByRole('complementary', { name: 'Thread' }).waitFor({ state: 'detached' });
  });

  it('is somebody else after two keys, and the address says who', async () => {
    await openHub();
    await page.getByRole('button', { name: /Switch person/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitemradio', { name: /Approver/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /You are Tomás Brandt/ }).waitFor();
    expect(page.url()).toContain(`?as=${TOMAS}#${HUB}`);
    await page.getByText('Go to the room').waitFor();
    sandbox.emit(
      { type: 'message', message: message(12, { channel: HUB, user: BOT, text: 'for the approver' }) },
      TOMAS,
    );
    await page.getByText('for the approver').waitFor();
  });
});

describe.skipIf(browser === null)('the connection', () => {
  it('keeps a message that overtakes the answer to a load', async () => {
    await openHub();
    let release = () => {};
    let asked = false;
    sandbox.hold = (path) =>
      new Promise((resolve) => {
        asked ||= path === `/channels/${ROOM}/messages`;
        release = resolve;
      });
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /inc-42/ })
      .click();
    await vi.waitFor(() => expect(asked).toBe(true), 5_000);
    sandbox.emit({ type: 'message', message: message(12, { channel: ROOM, user: MEI, text: 'I overtook it' }) });
    sandbox.emit({ type: 'notice', channel: ROOM, text: 'and a notice', error: 'x' });
    await page.getByText('and a notice').waitFor();
    release();
    await page.getByText('I overtook it').waitFor();
    expect(await page.getByText('and a notice').count()).toBe(1);
  });

  it('says that it reconnects, comes back by itself and loads what was missed', async () => {
    await openHub();
    sandbox.dropSockets(false);
    await page.getByText('Reconnecting…').waitFor();
    sandbox.messages.push(message(13, { channel: HUB, user: MEI, text: 'said while you were away' }));
    sandbox.dropSockets(true);
    await page.getByText('said while you were away').waitFor();
    await page.getByText('Reconnecting…').waitFor({ state: 'detached' });
  });
});

describe.skipIf(browser === null)('a phone', () => {
  it('has the channels in a drawer that closes after a choice', async () => {
    await open(`?as=${NADIA}#${HUB}`, 'Go to the room', PHONE);
    expect(await page.getByRole('navigation').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Channels', exact: true }).click();
    await page.getByRole('navigation').getByRole('button', { name: 'general' }).click();
    await page.getByRole('heading', { name: 'general' }).first().waitFor();
    await vi.waitFor(async () => expect(await page.getByRole('navigation').isVisible()).toBe(false));
  });
});
