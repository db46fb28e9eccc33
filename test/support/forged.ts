import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { SeenMessage } from './seen-message.ts';
import type { Story } from './story.ts';

export type Click = {
  readonly user: string;
  readonly message: SeenMessage;
  readonly action: string;
  readonly value: string;
};

/** Clicks that no page offers, sent as Slack sends them: for a story over signed HTTP. */
export type Forger = {
  /** Sends a click; returns the status of the answer. The same `id` makes it a replay. */
  click(
    click: Click,
    how?: { readonly id?: string; readonly secret?: string; readonly ageSeconds?: number },
  ): Promise<number>;
  /** The next sentence that was answered through the response address of a click; waits for it. */
  answer(): Promise<string>;
};

/** Makes clicks with any value, by anybody, signed with the workspace's secret or with another one. */
export async function forger(story: Story): Promise<Forger> {
  const answers: string[] = [];
  let wake = () => {};
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += String(chunk);
    });
    request.on('end', () => {
      answers.push((JSON.parse(body) as { text?: string }).text ?? '');
      response.end('ok');
      wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  let clicks = 0;
  return {
    click: async (click, how = {}) => {
      clicks += 1;
      const payload = payloadOf(story, click, { id: how.id ?? String(clicks), respond: `http://127.0.0.1:${port}/` });
      return send(story, `payload=${encodeURIComponent(JSON.stringify(payload))}`, how);
    },
    answer: async () => {
      if (answers.length === 0) {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`Nobody answered click ${clicks}.`)), 30_000);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return answers.shift() ?? '';
    },
  };
}

function payloadOf(story: Story, click: Click, sent: { id: string; respond: string }): unknown {
  const { team, app } = story.sandbox.workspace;
  const { channel, ts } = click.message;
  return {
    type: 'block_actions',
    team: { id: team.id, domain: team.domain },
    user: { id: click.user, username: 'x', name: 'x', team_id: team.id },
    api_app_id: app.id,
    token: 'sandbox',
    trigger_id: `1.2.${sent.id}`,
    container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false },
    channel: { id: channel, name: 'x' },
    message: { type: 'message', ts, text: '', user: app.botUser },
    state: { values: {} },
    response_url: sent.respond,
    actions: [
      {
        type: 'button',
        action_id: click.action,
        block_id: 'b',
        value: click.value,
        action_ts: `1700000000.${sent.id.padStart(6, '0')}`,
        text: { type: 'plain_text', text: 'x' },
      },
    ],
  };
}

async function send(story: Story, body: string, how: { secret?: string; ageSeconds?: number }): Promise<number> {
  const stamp = String(Math.floor(Date.now() / 1_000) - (how.ageSeconds ?? 0));
  const digest = createHmac('sha256', how.secret ?? story.sandbox.signingSecret).update(`v0:${stamp}:${body}`);
  const response = await fetch(`${story.warroom.url}/slack/events`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': stamp,
      'x-slack-signature': `v0=${digest.digest('hex')}`,
    },
  });
  await response.arrayBuffer();
  return response.status;
}
