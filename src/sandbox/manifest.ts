import { InternalError } from '../lib/errors.ts';
import { asObjects, asString, isObject, type JsonObject } from './json.ts';

export type ManifestCommand = {
  readonly command: string;
  readonly description: string;
  readonly usage_hint: string;
  readonly should_escape: boolean;
};

/** What the workspace reads of an app's manifest. */
export type AppManifest = {
  readonly name: string;
  readonly botName: string;
  readonly commands: readonly ManifestCommand[];
  readonly scopes: readonly string[];
  readonly events: readonly string[];
  readonly interactive: boolean;
  readonly socketMode: boolean;
  readonly home: boolean;
  readonly messagesTab: 'off' | 'read-only' | 'on';
};

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Reads a parsed manifest.yml. Errors: no `display_information.name`. Defaults are Slack's: what is not there is off. */
export function readManifest(manifest: unknown): AppManifest {
  const name = asString(at(manifest, 'display_information', 'name'));
  if (!name) throw new InternalError('sandbox_manifest', 'The manifest has no display_information.name.');
  const commands = asObjects(at(manifest, 'features', 'slash_commands')).map((entry: JsonObject) => ({
    command: asString(entry.command) ?? '',
    description: asString(entry.description) ?? '',
    usage_hint: asString(entry.usage_hint) ?? '',
    should_escape: entry.should_escape === true,
  }));
  const home = at(manifest, 'features', 'app_home');
  const messages = at(home, 'messages_tab_enabled') === true;
  const readOnly = at(home, 'messages_tab_read_only_enabled') === true;
  return {
    name,
    botName: asString(at(manifest, 'features', 'bot_user', 'display_name')) ?? name,
    commands,
    scopes: strings(at(manifest, 'oauth_config', 'scopes', 'bot')),
    events: strings(at(manifest, 'settings', 'event_subscriptions', 'bot_events')),
    interactive: at(manifest, 'settings', 'interactivity', 'is_enabled') === true,
    socketMode: at(manifest, 'settings', 'socket_mode_enabled') === true,
    home: at(home, 'home_tab_enabled') === true,
    messagesTab: messages ? (readOnly ? 'read-only' : 'on') : 'off',
  };
}
