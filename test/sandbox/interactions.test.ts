import type { App } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { type Person, person } from '../support/people.ts';
import { Transcript } from '../support/transcript.ts';
import { ManualClock } from './manual-clock.ts';
import { boltApp, client, sandboxOf, until } from './support.ts';

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const NAME = {
  type: 'input' as const,
  block_id: 'name',
  label: plain('Name'),
  element: { type: 'plain_text_input' as const, action_id: 'value', max_length: 10 },
};
const modal = (title: string, blocks: object[] = [NAME]) => ({
  type: 'modal' as const,
  callback_id: 'form',
  title: plain(title),
  submit: plain('Send'),
  blocks: blocks as [],
});

let sandbox: Sandbox;
let clock: ManualClock;
let nadia: Person;
let app: App;
let stop: () => Promise<void>;
/** The trigger ids that the app was given, newest last. */
let triggers: string[];
/** What the app answers to a submission. */
let answer: object | undefined;
let submitted: object[];
let responds: ((message: object) => Promise<unknown>)[];

beforeEach(async () => {
  [triggers, answer, submitted, responds] = [[], undefined, [], []];
  clock = new ManualClock();
  sandbox = await sandboxOf({ clock });
  const bolt = await boltApp(sandbox, prepare);
  ({ app, stop } = bolt);
  await app.client.conversations.join({ channel: 'C0GENERAL1' });
  nadia = await person(sandbox, 'U0ONCALL01');
});

afterEach(async () => {
  nadia.leaves();
  await stop();
  await sandbox.close();
});

function prepare(bolt: App): void {
  bolt.command('/try', async ({ ack, command, body, respond }) => {
    triggers.push(body.trigger_id);
    responds.push(respond as (message: object) => Promise<unknown>);
    if (command.text === 'silence') return;
    await ack(command.text === '' ? undefined : command.text);
  });
  bolt.action(/.*/u, async ({ ack, body, respond }) => {
    triggers.push((body as { trigger_id: string }).trigger_id);
    responds.push(respond as (message: object) => Promise<unknown>);
    submitted.push(body);
    await ack();
  });
  bolt.view('form', async ({ ack, body }) => {
    submitted.push(body);
    await (ack as (payload?: object) => Promise<void>)(answer);
  });
  bolt.view({ callback_id: 'form', type: 'view_closed' }, async ({ ack, body }) => {
    submitted.push(body);
    await ack();
  });
  bolt.options('search', async ({ ack, options }) =>
    ack({ options: [{ text: plain(`Found ${options.value}`), value: 'found' }] }),
  );
}

async function trigger(): Promise<string> {
  const before = triggers.length;
  await nadia.types('#general', '/try');
  return until('a trigger', () => triggers[before]);
}

async function errorOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'was taken',
    (error: { data?: { error: string }; code?: string }) => error.data?.error ?? error.code ?? String(error),
  );
}

describe('trigger ids', () => {
  test('work once', async () => {
    const id = await trigger();
    await app.client.views.open({ trigger_id: id, view: modal('First') });
    expect(await errorOf(app.client.views.open({ trigger_id: id, view: modal('Second') }))).toBe(
      'exchanged_trigger_id',
    );
  });

  test('live 3 seconds', async () => {
    const id = await trigger();
    clock.advance(3_001);
    expect(await errorOf(app.client.views.open({ trigger_id: id, view: modal('Late') }))).toBe('expired_trigger_id');
    expect(await errorOf(app.client.views.open({ trigger_id: 'made.up', view: modal('Late') }))).toBe(
      'invalid_trigger_id',
    );
  });

  test('a refused view does not use the trigger up', async () => {
    const id = await trigger();
    expect(await errorOf(app.client.views.open({ trigger_id: id, view: modal('x'.repeat(25)) }))).toBe(
      'invalid_arguments',
    );
    await app.client.views.open({ trigger_id: id, view: modal('Short') });
  });
});

describe('slash commands', () => {
  test('the acknowledgement is shown to the person alone', async () => {
    await nadia.types('#general', '/try hello there');
    const seen = await nadia.seesMessage('#general', 'hello there');
    expect(seen.record.ephemeral_to).toBe('U0ONCALL01');
    Transcript.of(sandbox).expectNothingElse();
  });

  test('without an acknowledgement in 3 s the person gets operation_timeout', async () => {
    await nadia.types('#general', '/try silence');
    await until('the app has it', () => triggers.length > 0);
    clock.advance(3_001);
    expect(await nadia.seesNotice('operation_timeout')).toContain('/try failed');
  });

  test('do not work in threads, nor when they are not in the manifest', async () => {
    const { ts = '' } = await app.client.chat.postMessage({ channel: 'C0GENERAL1', text: 'x' });
    expect(await errorOf(nadia.types('#general', '/try x', { thread: ts }))).toBe('command_in_thread');
    expect(await errorOf(nadia.types('#general', '/nothing'))).toBe('unknown_command');
  });

  test('without any connection the command is lost, never repeated', async () => {
    await stop();
    await until('disconnected', () => sandbox.socketMode?.connectionCount === 0);
    await nadia.types('#general', '/try hello');
    await nadia.seesNotice('dispatch_failed');
  });
});

describe('response_url', () => {
  test('takes 5 messages', async () => {
    await trigger();
    const [respond] = responds;
    for (let use = 1; use <= 5; use += 1) await respond?.({ text: `answer ${use}` });
    expect(await errorOf(respond?.({ text: 'answer 6' }) ?? Promise.resolve())).toBe('slack_bolt_respond_error');
    expect(sandbox.refusals()).toContainEqual({ what: 'response_url', error: 'used_url' });
  });

  test('works for 30 minutes', async () => {
    await trigger();
    clock.advance(30 * 60_000 + 1);
    await errorOf(responds[0]?.({ text: 'late' }) ?? Promise.resolve());
    expect(sandbox.refusals()).toContainEqual({ what: 'response_url', error: 'expired_url' });
  });

  test('replaces and deletes the message that was clicked', async () => {
    const elements = [{ type: 'button' as const, action_id: 'go', value: '1', text: plain('Go') }];
    await app.client.chat.postMessage({ channel: 'C0GENERAL1', text: 'card', blocks: [{ type: 'actions', elements }] });
    const card = await nadia.seesMessage('#general', 'card');
    await card.click('Go');
    const respond = await until('a click', () => responds[0]);
    await respond({ replace_original: true, text: 'done' });
    await nadia.seesChange(card, 'done');
    await respond({ delete_original: true });
    expect(sandbox.workspace.messages('C0GENERAL1').get(card.ts)).toBeUndefined();
  });
});

describe('clicks', () => {
  const elements = [
    { type: 'button' as const, action_id: 'go', value: 'v1', text: plain('Go') },
    { type: 'static_select' as const, action_id: 'pick', options: [{ text: plain('One'), value: 'one' }] },
  ];
  const card = () =>
    app.client.chat.postMessage({
      channel: 'C0GENERAL1',
      text: 'card',
      blocks: [{ type: 'actions', block_id: 'b', elements }],
    });

  test("carry Slack's payload", async () => {
    await card();
    const seen = await nadia.seesMessage('#general', 'card');
    await seen.click('Go');
    const body = await until('a click', () => submitted[0]);
    expect(body).toMatchObject({
      type: 'block_actions',
      user: { id: 'U0ONCALL01', username: 'nadia', team_id: 'T0SANDBOX1' },
      container: { type: 'message', message_ts: seen.ts, channel_id: 'C0GENERAL1', is_ephemeral: false },
      channel: { id: 'C0GENERAL1', name: 'general' },
      message: { ts: seen.ts, text: 'card' },
      state: { values: { b: { pick: { type: 'static_select', selected_option: null } } } },
      actions: [{ type: 'button', action_id: 'go', block_id: 'b', value: 'v1' }],
    });
  });

  test('on what is gone, or with a value that is not there, are refused', async () => {
    const { ts = '' } = await card();
    const act = (action: object) =>
      client(sandbox, 'U0ONCALL01', 'actions', { message: { channel: 'C0GENERAL1', ts }, action });
    expect((await act({ type: 'button', action_id: 'go', block_id: 'b', value: 'forged' })).error).toBe(
      'invalid_choice',
    );
    expect(
      (await act({ type: 'static_select', action_id: 'pick', block_id: 'b', selected_option: { value: 'two' } })).error,
    ).toBe('invalid_choice');
    await app.client.chat.update({ channel: 'C0GENERAL1', ts, text: 'card, closed' });
    expect((await act({ type: 'button', action_id: 'go', block_id: 'b', value: 'v1' })).error).toBe('action_gone');
  });

  test('a guest cannot click where they are not a member', async () => {
    const { ts = '' } = await card();
    const action = { type: 'button', action_id: 'go', block_id: 'b', value: 'v1' };
    const answer = await client(sandbox, 'U0GUEST001', 'actions', { message: { channel: 'C0GENERAL1', ts }, action });
    expect(answer.error).toBe('channel_not_found');
  });
});

describe('modals', () => {
  const opened = async (view = modal('Form')) => {
    await app.client.views.open({ trigger_id: await trigger(), view });
    return nadia.seesModal(view.title.text);
  };

  test('a required field and a length are checked before the app hears of it', async () => {
    const form = await opened();
    expect(await form.submitForErrors()).toEqual({ name: 'Please complete this required field.' });
    expect(await form.fill({ Name: 'x'.repeat(11) }).submitForErrors()).toEqual({
      name: 'This must be at most 10 characters.',
    });
    await form.fill({ Name: 'short' }).submit();
    expect(submitted).toHaveLength(1);
    expect(submitted[0]).toMatchObject({
      view: { state: { values: { name: { value: { type: 'plain_text_input', value: 'short' } } } } },
    });
    await nadia.seesNoModal();
  });

  test('the answer may show errors, update, push and clear', async () => {
    const form = await opened();
    answer = { response_action: 'errors', errors: { name: 'No.' } };
    expect(await form.fill({ Name: 'a' }).submitForErrors()).toEqual({ name: 'No.' });
    answer = { response_action: 'update', view: modal('Changed') };
    await form.submit();
    await nadia.seesModal('Changed');
    answer = { response_action: 'push', view: modal('Above') };
    await form.submit();
    const above = await nadia.seesModal('Above');
    answer = { response_action: 'clear' };
    await above.fill({ Name: 'a' }).submit();
    await nadia.seesNoModal();
  });

  test('errors for a block that is not there are refused, and the refusal is remembered', async () => {
    const form = await opened();
    answer = { response_action: 'errors', errors: { nmae: 'No.' } };
    expect(await errorOf(form.fill({ Name: 'a' }).submit())).toBe('invalid_errors');
    await nadia.seesNotice('invalid_errors');
    expect(sandbox.refusals()).toContainEqual({ what: 'view_submission ack', error: 'invalid_errors' });
  });

  test('at most three are stacked', async () => {
    const first = await opened(
      modal('One', [
        { type: 'actions', block_id: 'b', elements: [{ type: 'button', action_id: 'more', text: plain('More') }] },
      ]),
    );
    const push = async (title: string) => {
      const before = triggers.length;
      const top = await nadia.seesModal();
      await top.press('More');
      const id = await until('a trigger', () => triggers[before]);
      return app.client.views.push({ trigger_id: id, view: modal(title, first.view.blocks as object[]) });
    };
    await push('Two');
    await push('Three');
    expect(await errorOf(push('Four'))).toBe('push_limit_reached');
  });

  test('an old hash is a conflict, and an external id is unique', async () => {
    const form = await opened({ ...modal('Form'), external_id: 'ext' } as ReturnType<typeof modal>);
    const { hash } = form.view;
    await app.client.views.update({ view_id: form.id, hash, view: modal('Newer') });
    expect(await errorOf(app.client.views.update({ view_id: form.id, hash, view: modal('Old') }))).toBe(
      'hash_conflict',
    );
    expect(await errorOf(app.client.views.update({ view_id: 'V0NOTHING', view: modal('x') }))).toBe('not_found');
  });

  test('an update keeps what was typed where the ids stay', async () => {
    const form = await opened(modal('Form', [{ ...NAME, dispatch_action: true }]));
    await form.press('Name', 'typed');
    await until('the choice', () => submitted[0]);
    await app.client.views.update({ view_id: form.id, view: modal('Newer', [NAME]) });
    expect(sandbox.workspace.views.get(form.id)?.values).toEqual({
      name: { value: { type: 'plain_text_input', value: 'typed' } },
    });
  });

  test('closing is told only when the view asks for it', async () => {
    await (await opened()).close();
    const asking = await opened({ ...modal('Asking'), notify_on_close: true } as ReturnType<typeof modal>);
    await asking.close();
    const body = await until('view_closed', () => submitted[0]);
    expect(body).toMatchObject({ type: 'view_closed', is_cleared: false, view: { callback_id: 'form' } });
  });

  test('an external select offers what the app says, and only that can be chosen', async () => {
    const select = {
      type: 'input',
      block_id: 's',
      label: plain('Search'),
      element: { type: 'external_select', action_id: 'search', min_query_length: 1 },
    };
    const form = await opened(modal('Form', [select]));
    const submit = (value: string) =>
      nadia.submits(form.id, {
        s: { search: { type: 'external_select', selected_option: { text: plain('x'), value } } },
      });
    expect(await errorOf(submit('found'))).toBe('invalid_choice');
    const found = await client(sandbox, 'U0ONCALL01', 'options', {
      view_id: form.id,
      block_id: 's',
      action_id: 'search',
      value: 'red',
    });
    expect(found.options).toMatchObject([{ text: { text: 'Found red' } }]);
    expect(await errorOf(submit('found'))).toBe('was taken');
  });
});

test('the Home tab is published, with a guard against races', async () => {
  const home = (text: string) => ({ type: 'home' as const, blocks: [{ type: 'section' as const, text: plain(text) }] });
  const { view } = await app.client.views.publish({ user_id: 'U0ONCALL01', view: home('Hello') });
  await nadia.opensHome('Hello');
  await app.client.views.publish({ user_id: 'U0ONCALL01', view: home('Again'), hash: view?.hash ?? '' });
  expect(
    await errorOf(app.client.views.publish({ user_id: 'U0ONCALL01', view: home('Old'), hash: view?.hash ?? '' })),
  ).toBe('hash_conflict');
});

test('a message that no test expected fails the test', async () => {
  await nadia.state();
  await app.client.chat.postMessage({ channel: 'C0GENERAL1', text: 'surprise' });
  expect(() => Transcript.of(sandbox).expectNothingElse()).toThrow(/unexpected: .*surprise/u);
});

test('another web site cannot act for a person', async () => {
  const url = `${sandbox.url}/sandbox/messages?as=U0ONCALL01`;
  const body = JSON.stringify({ channel: '#general', text: 'forged' });
  const foreign = await fetch(url, { method: 'POST', body, headers: { origin: 'https://evil.example' } });
  const own = await fetch(url, { method: 'POST', body, headers: { origin: sandbox.url } });
  expect([foreign.status, own.status]).toEqual([403, 200]);
});
