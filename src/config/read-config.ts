import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import { ConfigError, type ConfigProblem } from './config-problem.ts';
import type { Environment } from './environment.ts';
import type { Settings } from './settings.ts';
import { readSettingsFile, type SettingsFile } from './settings-file.ts';

export type SlackConfig =
  /** No Slack: the local sandbox takes its place. */
  | { readonly mode: 'sandbox' }
  | { readonly mode: 'socket'; readonly botToken: Secret; readonly appToken: Secret; readonly apiUrl: string | null }
  | {
      readonly mode: 'http';
      readonly botToken: Secret;
      readonly signingSecret: Secret;
      readonly apiUrl: string | null;
    };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** "Sign in with Slack": the client id and secret of the Slack app (Basic Information). */
export type SignInConfig = { readonly clientId: string; readonly clientSecret: Secret };

/** Everything that differs between installations. */
export type Config = {
  /** Folder of everything that Warroom keeps on disk. Absolute. */
  readonly home: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
  readonly packsDir: string;
  /** Null: the embedded PostgreSQL under `home`. */
  readonly databaseUrl: Secret | null;
  /** With DATABASE_URL: the owner's login, for migrations alone; null: DATABASE_URL's login owns the database itself. */
  readonly databaseOwnerUrl: Secret | null;
  /** With DATABASE_URL: a role that may only read, for diagnostics of Warroom's own database. */
  readonly databaseReadUrl: Secret | null;
  readonly slack: SlackConfig;
  /** Where people reach Warroom's pages, without a slash at its end; null: the address it listens on. */
  readonly publicUrl: string | null;
  /** The Slack app's client, for sign-in on the pages; null: the one-time link alone opens them. */
  readonly signIn: SignInConfig | null;
  readonly settings: Settings;
  /** Value of `{ setting: NAME, default }` in system.yml: the environment, then warroom.yml, then the default. */
  readonly resolveSetting: (name: string, fallback: string) => string;
  /** For secrets named `env:NAME`; undefined when it is not set. */
  readonly environment: (name: string) => string | undefined;
};

const KNOWN = [
  'WARROOM_HOME',
  'WARROOM_HOST',
  'WARROOM_PORT',
  'WARROOM_CONFIG',
  'WARROOM_PACKS',
  'WARROOM_LOG_LEVEL',
  'WARROOM_SELF_URL',
  'WARROOM_PUBLIC_URL',
];
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/**
 * Reads the environment and warroom.yml. Throws ConfigError with every problem at once, each with the variable and what
 * to do. `project` is the folder that relative paths start from.
 */
export function readConfig(given: Environment, project: string): Config {
  const env = withoutEmpty(given);
  const problems: ConfigProblem[] = [];
  for (const name of Object.keys(env)) {
    if (name.startsWith('WARROOM_') && !KNOWN.includes(name)) {
      problems.push({ name, fix: `there is no such setting; known are ${KNOWN.join(', ')}.` });
    }
  }
  const file = readFile(env, project, problems);
  const port = readPort(env, problems);
  const logLevel = LEVELS.find((level) => level === (env.WARROOM_LOG_LEVEL ?? 'info'));
  if (!logLevel) problems.push({ name: 'WARROOM_LOG_LEVEL', fix: `set it to one of ${LEVELS.join(', ')}.` });
  const slack = readSlack(env, problems);
  const publicUrl = readPublicUrl(env, problems);
  const signIn = readSignIn(env, problems);
  const databaseUrl = readDatabaseUrl('DATABASE_URL', env, problems);
  const databaseReadUrl = readDatabaseUrl('DATABASE_READ_URL', env, problems);
  const databaseOwnerUrl = readDatabaseUrl('DATABASE_OWNER_URL', env, problems);
  if (databaseOwnerUrl && env.DATABASE_URL === undefined)
    problems.push({
      name: 'DATABASE_OWNER_URL',
      fix: 'set DATABASE_URL too, to the login that serves people; the embedded database needs neither.',
    });
  const packsDir = resolve(project, env.WARROOM_PACKS ?? 'runbooks');
  if (!existsSync(packsDir))
    problems.push({ name: 'WARROOM_PACKS', fix: `there is no folder ${packsDir}; name the folder with your systems.` });
  if (problems.length > 0 || !file || !logLevel) throw new ConfigError(problems);
  return {
    home: resolve(project, env.WARROOM_HOME ?? '.warroom'),
    host: env.WARROOM_HOST ?? '127.0.0.1',
    port,
    logLevel,
    packsDir,
    databaseUrl,
    databaseOwnerUrl,
    databaseReadUrl,
    slack,
    publicUrl,
    signIn,
    settings: file.settings,
    resolveSetting: (name, fallback) => own(env, name) ?? own(file.values, name) ?? fallback,
    environment: (name) => own(env, name),
  };
}

/** Container files pass on variables that nobody has set as empty ones. */
function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

function own(record: Environment, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function readFile(env: Environment, project: string, problems: ConfigProblem[]): SettingsFile | null {
  const named = env.WARROOM_CONFIG;
  const path = resolve(project, named ?? 'warroom.yml');
  let text = '';
  try {
    if (named !== undefined || existsSync(path)) text = readFileSync(path, 'utf8');
  } catch (error) {
    problems.push({ name: 'WARROOM_CONFIG', fix: `${path} cannot be read: ${messageOf(error)}.` });
    return null;
  }
  const file = readSettingsFile(text);
  if (!('problems' in file)) return file;
  problems.push(...file.problems);
  return null;
}

function readPort(env: Environment, problems: ConfigProblem[]): number {
  const text = env.WARROOM_PORT ?? '3210';
  const port = Number(text);
  if (/^\d{1,5}$/u.test(text) && port <= 65_535) return port;
  problems.push({ name: 'WARROOM_PORT', fix: `“${text}” is not a port; set a number from 0 (any free one) to 65535.` });
  return 0;
}

function readDatabaseUrl(name: string, env: Environment, problems: ConfigProblem[]): Secret | null {
  const text = env[name];
  if (text === undefined) return null;
  if (/^postgres(?:ql)?:\/\/./u.test(text) && URL.canParse(text)) return new Secret(text);
  problems.push({
    name,
    fix: 'write postgres://user:password@host:5432/name, or leave it out for the embedded database.',
  });
  return null;
}

/** Secrets are typed into these pages, so plain http is for this machine alone. */
function readPublicUrl(env: Environment, problems: ConfigProblem[]): string | null {
  const text = env.WARROOM_PUBLIC_URL;
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const local = url?.protocol === 'http:' && /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/u.test(url.hostname);
  const bare = url !== null && url.username + url.password + url.search + url.hash === '' && url.pathname === '/';
  if (url && bare && (url.protocol === 'https:' || local)) return url.origin;
  problems.push({
    name: 'WARROOM_PUBLIC_URL',
    fix: 'write https://host or https://host:port, where people reach Warroom; without a path, and http for this machine only.',
  });
  return null;
}

function readSignIn(env: Environment, problems: ConfigProblem[]): SignInConfig | null {
  const { SLACK_CLIENT_ID: id, SLACK_CLIENT_SECRET: secret } = env;
  if (id && secret) return { clientId: id, clientSecret: new Secret(secret) };
  if (!id && !secret) return null;
  const missing = id ? 'SLACK_CLIENT_SECRET' : 'SLACK_CLIENT_ID';
  problems.push({
    name: missing,
    fix: 'sign-in needs both client id and client secret of your Slack app; or leave both out.',
  });
  return null;
}

function readSlack(env: Environment, problems: ConfigProblem[]): SlackConfig {
  const { SLACK_BOT_TOKEN: bot, SLACK_APP_TOKEN: app, SLACK_SIGNING_SECRET: secret, SLACK_API_URL: url } = env;
  if (!bot && !app && !secret && !url) return { mode: 'sandbox' };
  const before = problems.length;
  if (!bot)
    problems.push({
      name: 'SLACK_BOT_TOKEN',
      fix: 'set the bot token (xoxb-…) from OAuth & Permissions of your Slack app.',
    });
  else if (!bot.startsWith('xoxb-'))
    problems.push({ name: 'SLACK_BOT_TOKEN', fix: 'it must start with xoxb-; take the Bot User OAuth Token.' });
  if (!app && !secret) {
    problems.push({
      name: 'SLACK_APP_TOKEN',
      fix: 'set the app-level token (xapp-…, scope connections:write), or SLACK_SIGNING_SECRET to receive over HTTP.',
    });
  }
  if (app && !app.startsWith('xapp-'))
    problems.push({
      name: 'SLACK_APP_TOKEN',
      fix: 'it must start with xapp-; take an App-Level Token from Basic Information.',
    });
  if (url && !/^https?:\/\/.+\/$/u.test(url))
    problems.push({
      name: 'SLACK_API_URL',
      fix: 'write the whole URL with a slash at its end, such as https://slack.com/api/.',
    });
  if (problems.length > before || !bot) return { mode: 'sandbox' };
  const common = { botToken: new Secret(bot), apiUrl: url ?? null };
  return app
    ? { mode: 'socket', appToken: new Secret(app), ...common }
    : { mode: 'http', signingSecret: new Secret(secret ?? ''), ...common };
}
