import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientMessage, ClientState } from '../../../src/sandbox/client-protocol.ts';
import { type BotProcess, eventually, spawnBot } from '../../support/bot-process.ts';
import { elementsByLabel, valueFor } from '../../support/form-values.ts';

const NADIA = 'U0ONCALL01';
const TOMAS = 'U0APPROVE1';
const HUB = 'C0WARROOM1';

let home = '';
const bots: BotProcess[] = [];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'warroom-local-'));
  // As root the database server runs as somebody else, who has to come through here.
  await chmod(home, 0o711);
});
afterAll(async () => {
  await Promise.all(bots.map((bot) => bot.kill()));
  for (const pid of await servers()) process.kill(pid, 'SIGKILL');
  await rm(home, { recursive: true, force: true });
});

async function start(): Promise<BotProcess> {
  const bot = spawnBot({ WARROOM_HOME: home, WARROOM_PORT: '0' });
  bots.push(bot);
  await bot.ready();
  return bot;
}

/** What a bot of this home has started: processes that work in a folder below it. */
async function servers(): Promise<number[]> {
  const lines = execFileSync('sh', ['-c', 'for p in /proc/[0-9]*; do echo "$p $(readlink $p/cwd)"; done 2>/dev/null']);
  return lines
    .toString()
    .split('\n')
    .filter((line) => line.includes(` ${home}/`))
    .map((line) => Number(/^\/proc\/(\d+)/u.exec(line)?.[1]));
}

async function ask<Answer>(bot: BotProcess, as: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${bot.url()}/sandbox/${path}?as=${as}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return (await response.json()) as Answer;
}

const stateOf = (bot: BotProcess, as = NADIA) => ask<ClientState>(bot, as, 'state');
const read = async (bot: BotProcess, channel: string, as = NADIA) =>
  (await ask<{ messages: ClientMessage[] }>(bot, as, `channels/${channel}/messages`)).messages;

const messageWith = (bot: BotProcess, text: string) =>
  eventually(`a message with ${text}`, async () =>
    (await read(bot, HUB)).findLast((message) => JSON.stringify(message).includes(text)),
  );

async function press(bot: BotProcess, as: string, text: string, button: string): Promise<void> {
  const message = await messageWith(bot, text);
  const { block, element } = elementsByLabel(message.blocks, button);
  const action = { type: 'button', action_id: element.action_id, block_id: block, value: element.value };
  await ask(bot, as, 'actions', { message: { channel: HUB, ts: message.ts }, action });
}

async function submitModal(bot: BotProcess, values: Readonly<Record<string, string>>): Promise<void> {
  const view = await eventually('a modal', async () => (await stateOf(bot)).views.at(-1));
  const entered: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(values)) {
    const { block, element } = elementsByLabel(view.blocks, name);
    entered[block] = { [element.action_id]: valueFor(element, value) };
  }
  expect(await ask(bot, NADIA, `views/${view.id}/submit`, { values: entered })).toEqual({ ok: true });
}

describe('npm start without any setting', () => {
  it('keeps workspace, incidents and open approvals through kill -9, and takes its own servers back', async () => {
    const first = await start();
    await messageWith(first, 'Warroom');
    await ask(first, NADIA, 'messages', { channel: HUB, text: '/incident declare Retention calls are not placed' });
    await submitModal(first, { Severity: 'SEV3' });
    await messageWith(first, 'Retention calls are not placed');
    await ask(first, NADIA, 'messages', { channel: HUB, text: '/runbook RB-012' });
    await press(first, NADIA, 'FRANCO retention agent failure', 'Run diagnostics');
    await messageWith(first, 'Run diagnostics again');
    const card = await messageWith(first, 'Run diagnostics again');
    expect(JSON.stringify(card)).toContain('DEL circuit_breaker:franco_retell');
    // The twin's Redis has a user for reading: a demonstration must not warn of its own targets.
    expect(JSON.stringify(card)).not.toContain('may write');
    await press(first, NADIA, 'Run diagnostics again', 'Ask for approval');
    await submitModal(first, { 'Why now?': 'Customers wait for their call' });
    await messageWith(first, 'Approval wanted');
    const before = (await read(first, HUB)).map((message) => message.ts);
    const children = await servers();
    expect(children.length).toBeGreaterThan(0);
    await first.kill();

    const second = await start();
    const after = (await read(second, HUB)).map((message) => message.ts);
    expect(after).toEqual(before);
    await press(second, TOMAS, 'Approval wanted', 'Approve');
    await messageWith(second, 'Approved');
    await eventually('the step to end', async () =>
      /done|as expected|unknown|failed/u.test(JSON.stringify(await messageWith(second, 'Approved'))),
    );
    await ask(second, NADIA, 'messages', { channel: HUB, text: '/incident list' });
    await eventually('the incident in the list', async () =>
      JSON.stringify((await read(second, HUB)).at(-1)).includes('Retention calls are not placed'),
    );

    const started = performance.now();
    const ending = await second.stop('SIGINT');
    expect(ending).toEqual({ code: 0, signal: null });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(second.output()).toContain('Stopped; everything is kept.');
    expect(await servers()).toEqual([]);
  }, 120_000);
});

describe('settings that cannot work', () => {
  const end = async (variables: Readonly<Record<string, string>>) => {
    const bot = spawnBot({ WARROOM_HOME: join(home, 'never'), WARROOM_PORT: '0', ...variables });
    bots.push(bot);
    const { code } = await bot.ended;
    return { code, text: bot.output() };
  };

  it('names every wrong variable at once and ends with 1', async () => {
    const { code, text } = await end({
      SLACK_BOT_TOKEN: 'xoxp-not-a-bot',
      SLACK_APP_TOKEN: 'nonsense',
      DATABASE_URL: 'mysql://localhost/warroom',
      WARROOM_PORT: 'eighty',
      WARROOM_COLOUR: 'red',
    });
    expect(code).toBe(1);
    for (const name of ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'DATABASE_URL', 'WARROOM_PORT', 'WARROOM_COLOUR'])
      expect(text).toMatch(new RegExp(`^  ${name}: .+\\.$`, 'mu'));
    expect(text).not.toContain('    at ');
  }, 60_000);

  it('says which port is taken and that WARROOM_PORT changes it', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { code, text } = await end({ WARROOM_PORT: String(port) });
    taken.close();
    expect(code).toBe(1);
    expect(text).toContain(`WARROOM_PORT: port ${port} of 127.0.0.1 is taken`);
    expect(text).not.toContain('    at ');
  }, 60_000);

  it('says that the database cannot be reached, without its password', async () => {
    const { code, text } = await end({ DATABASE_URL: 'postgres://warroom:hunter2@127.0.0.1:9/warroom' });
    expect(code).toBe(1);
    expect(text).toContain('DATABASE_URL: the database cannot be reached');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('    at ');
  }, 60_000);
});
