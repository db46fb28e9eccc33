import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebClient } from '@slack/web-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sandboxOf } from './support.ts';

let data: string;
let child: ChildProcess | null = null;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sandbox-'));
});

afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(data, { recursive: true, force: true });
});

async function start(): Promise<{ url: string; kill: () => Promise<void> }> {
  const program = join(import.meta.dirname, 'fixtures-server.ts');
  const server = spawn(process.execPath, ['--import', 'tsx', program, '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = server;
  const url = await new Promise<string>((resolve) =>
    server.stdout?.once('data', (text) => resolve(String(text).trim())),
  );
  const kill = () =>
    new Promise<void>((resolve) => {
      server.once('exit', () => resolve());
      server.kill('SIGKILL');
    });
  return { url, kill };
}

describe('kill -9', () => {
  test('loses nothing that was answered', async () => {
    const { url, kill } = await start();
    const web = new WebClient('xoxb-sandbox-bot-token', { slackApiUrl: `${url}/api/`, retryConfig: { retries: 0 } });
    const { channel } = await web.conversations.create({ name: 'inc-1' });
    const id = channel?.id ?? '';
    const posts = await Promise.all(
      Array.from({ length: 50 }, (_, index) => web.chat.postMessage({ channel: id, text: `message ${index}` })),
    );
    await web.pins.add({ channel: id, timestamp: posts[0]?.ts ?? '' });
    await web.files.uploadV2({ channel_id: id, filename: 'a.txt', content: 'bytes' });
    await web.views.publish({ user_id: 'U0ONCALL01', view: { type: 'home', blocks: [{ type: 'divider' }] } });
    await kill();

    const sandbox = await sandboxOf({ dataDir: data });
    const rows = sandbox.workspace.messages(id).values();
    expect(rows.filter((row) => row.text.startsWith('message'))).toHaveLength(50);
    expect(sandbox.workspace.channels.get(id)?.pins).toHaveLength(1);
    const file = rows.find((row) => row.files.length > 0)?.files[0];
    expect(await (await fetch(`${sandbox.url}/sandbox/files/${file}`)).text()).toBe('bytes');
    expect(sandbox.workspace.views.values()).toHaveLength(1);
    expect(Number(sandbox.workspace.nextTs())).toBeGreaterThan(Number(posts.at(-1)?.ts));
    await sandbox.close();
  });

  test('keeps events that the app has not acknowledged', async () => {
    const first = await sandboxOf({ dataDir: data });
    await fetch(`${first.url}/sandbox/home?as=U0ONCALL01`, { method: 'POST', body: '{"tab":"home"}' });
    expect(first.pendingEvents()).toBe(1);
    await first.close();
    const second = await sandboxOf({ dataDir: data });
    expect(second.pendingEvents()).toBe(1);
    await second.close();
  });
});

describe('the journal', () => {
  test('drops a torn last line, refuses a damaged one, and is compacted at start', async () => {
    const first = await sandboxOf({ dataDir: data });
    for (let count = 0; count < 100; count += 1) first.workspace.nextTs();
    await first.close();
    const path = join(data, 'journal.jsonl');
    const long = readFileSync(path, 'utf8').split('\n').length;
    appendFileSync(path, '[["users","U0TORN');
    const second = await sandboxOf({ dataDir: data });
    await second.close();
    const text = readFileSync(path, 'utf8');
    expect(text.split('\n').length).toBeLessThan(long - 50);
    expect(text).not.toContain('U0TORN');
    writeFileSync(path, `not json\n${text}`);
    await expect(sandboxOf({ dataDir: data })).rejects.toThrow('A line of the sandbox journal is damaged.');
  });

  test('of an empty workspace takes little time to start', async () => {
    const before = performance.now();
    const sandbox = await sandboxOf({ dataDir: data });
    expect(performance.now() - before).toBeLessThan(500);
    await sandbox.close();
  });
});
