import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadCommands } from '../../src/slack/commands.ts';
import { METHOD_LIMITS } from '../../src/slack/method-tiers.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const manifest = parse(readFileSync(join(ROOT, 'manifest.yml'), 'utf8'));
const scopes: string[] = manifest.oauth_config.scopes.bot;
const methods: Record<string, { scopes: string[] }> = JSON.parse(
  readFileSync(join(ROOT, 'src/sandbox/data/slack-methods.json'), 'utf8'),
).methods;

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : [readFileSync(path, 'utf8')];
  });
}

/** Methods that stand as the second argument of a call, which is the only way out to Slack. */
const used = [
  ...new Set(
    sources(join(ROOT, 'src/slack')).flatMap((text) =>
      [...text.matchAll(/call(?:<[^>]*>)?\(\s*[\w.']+,\s*'([a-zA-Z.]+)'/gu)].map(([, method = '']) => method),
    ),
  ),
].sort();

type Kind = 'channels' | 'groups' | 'im';

/** In which kinds of conversation each method is called; methods without kinds have one scope whatever the place. */
const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  'conversations.create': ['channels', 'groups'],
  'conversations.members': ['groups'],
  'conversations.history': ['channels', 'groups', 'im'],
  'conversations.replies': ['channels', 'groups', 'im'],
  'conversations.info': ['channels', 'groups', 'im'],
  'conversations.invite': ['channels', 'groups'],
  'conversations.join': ['channels'],
  'conversations.list': ['channels', 'groups'],
  'conversations.open': ['im'],
  'conversations.setTopic': ['channels', 'groups'],
};

/** One list for each call: at least one of its scopes is needed. */
function needs(method: string): string[][] {
  const all = methods[method]?.scopes ?? [];
  const kinds = KINDS[method];
  if (all.length === 0) return [];
  return kinds ? kinds.map((kind) => all.filter((scope) => scope.startsWith(`${kind}:`))) : [all];
}

const every = used.flatMap(needs);
const covered = (granted: readonly string[]) => every.filter((need) => !need.some((scope) => granted.includes(scope)));

describe('the manifest', () => {
  test('is valid by the official schema', () => {
    const ajv = new Ajv({ strict: false, allErrors: true });
    (addFormats as unknown as (ajv: Ajv) => void)(ajv);
    const schema = JSON.parse(readFileSync(join(ROOT, 'test/fixtures/manifest.schema.2.0.0.json'), 'utf8'));
    const validate = ajv.compile(schema);
    validate(manifest);
    expect(validate.errors ?? []).toEqual([]);
  });

  test('has every scope that the code needs', () => {
    expect(used.length).toBeGreaterThan(15);
    expect(used.every((method) => method in METHOD_LIMITS && method in methods)).toBe(true);
    expect(covered(scopes)).toEqual([]);
  });

  test('has no scope that nothing needs', () => {
    const spare = scopes.filter(
      (scope) => scope !== 'commands' && covered(scopes.filter((other) => other !== scope)).length === 0,
    );
    expect(spare).toEqual([]);
  });

  test('has the slash commands that there are files for, and commands need their scope', async () => {
    const files = (await loadCommands()).map((command) => `/${command.key}`);
    const listed = manifest.features.slash_commands.map((entry: { command: string }) => entry.command);
    expect([...listed].sort()).toEqual(files.sort());
    expect(scopes).toContain('commands');
  });

  test('asks for what buttons, the Home tab and Socket Mode need', () => {
    expect(manifest.settings.interactivity.is_enabled).toBe(true);
    expect(manifest.settings.socket_mode_enabled).toBe(true);
    expect(manifest.settings.event_subscriptions.bot_events).toEqual(['app_home_opened']);
    expect(manifest.features.app_home).toMatchObject({ home_tab_enabled: true, messages_tab_enabled: true });
  });
});
