import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { checkArguments, decodeBody } from './arguments.ts';
import type { Fault, Faults } from './faults.ts';
import { baseUrlOf, readBody, sendJson } from './http.ts';
import { asString, type JsonObject } from './json.ts';
import type { MethodFacts } from './method-table.ts';
import { COMMON_ERRORS, findMethod } from './method-table.ts';
import { METHODS, UNSUPPORTED_METHODS } from './methods/registry.ts';
import type { RateLimits } from './rate-limits.ts';
import { Refusal } from './refusal.ts';
import { requireScope } from './scopes.ts';
import type { ViewDesk } from './view-desk.ts';
import type { Workspace } from './workspace.ts';

export type Tokens = { readonly bot: string; readonly app: string; readonly signingSecret: string };

/** One call of the app, for tests that look at what it asked and what it was told. */
export type CallRecord = {
  readonly method: string;
  readonly args: JsonObject;
  readonly ok: boolean;
  readonly error: string | null;
  readonly answer: JsonObject;
  /** Unix milliseconds. */
  readonly at: number;
};

/** A few thousand calls: enough for a test, bounded for a server that runs for days. */
const MOST_RECORDS = 5_000;

/** Answers `/api/<method>` as slack.com does. */
export class WebApi {
  readonly calls: CallRecord[] = [];
  readonly #deps: WebApiDeps;

  constructor(deps: WebApiDeps) {
    this.#deps = deps;
  }

  async handle(req: IncomingMessage, res: ServerResponse, method: string): Promise<void> {
    const body = await readBody(req);
    if (this.#deps.faults.outage) return sendJson(res, 503, { ok: false, error: 'service_unavailable' });
    const fault = this.#deps.faults.take(method);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'http-before') return sendJson(res, fault.status, { ok: false, error: 'internal_error' });
    if (fault?.kind === 'rate-limit') return rateLimited(res, fault.retryAfterSeconds);
    const answer = fault?.kind === 'refuse' ? { ok: false, error: fault.error } : await this.#answer(req, method, body);
    this.#send(res, answer, fault);
  }

  #send(res: ServerResponse, answer: JsonObject, fault: Fault | null): void {
    if (fault?.kind === 'http-after') sendJson(res, fault.status, { ok: false, error: 'internal_error' });
    else if (fault?.kind === 'reset-after') res.socket?.resetAndDestroy();
    else if (answer.error === 'ratelimited') rateLimited(res, Number(answer.retry_after ?? 1));
    else sendJson(res, 200, answer, { 'x-oauth-scopes': this.#deps.workspace.manifest.scopes.join(',') });
  }

  async #answer(req: IncomingMessage, method: string, body: Buffer): Promise<JsonObject> {
    let args: JsonObject = {};
    let answer: JsonObject;
    try {
      args = decodeBody(req.headers['content-type'], body);
      answer = { ok: true, ...(await this.#call(req, method, args)) };
    } catch (error) {
      answer = { ok: false, error: this.#errorOf(error, method), ...(error instanceof Refusal ? error.extra : {}) };
    }
    const at = this.#deps.workspace.clock.now().getTime();
    const { token: _secret, ...shown } = args;
    this.calls.push({ method, args: shown, ok: answer.ok === true, error: asString(answer.error) ?? null, answer, at });
    if (this.calls.length > MOST_RECORDS) this.calls.shift();
    return answer;
  }

  #errorOf(error: unknown, method: string): string {
    if (error instanceof Refusal) {
      const known = [...COMMON_ERRORS, ...SANDBOX_ERRORS, ...(findMethod(method)?.errors ?? [])];
      if (!known.includes(error.code))
        this.#deps.log.error({ method, error: error.code }, 'The sandbox answers an error that Slack does not.');
      return error.code;
    }
    this.#deps.log.error(
      { method, error: messageOf(error), stack: error instanceof Error ? error.stack : '' },
      'A method of the sandbox failed.',
    );
    return 'fatal_error';
  }

  async #call(req: IncomingMessage, method: string, sent: JsonObject): Promise<JsonObject> {
    const { workspace, limits } = this.#deps;
    const facts = findMethod(method);
    if (!facts) throw new Refusal('unknown_method', { req_method: method });
    this.#authenticate(req, sent, facts);
    if (facts.token === 'bot') requireScope(facts.scopes, workspace.manifest.scopes);
    const wait = limits.checkCall(method);
    if (wait !== null) throw new Refusal('ratelimited', { retry_after: wait });
    const handler = METHODS[method];
    if (!handler || UNSUPPORTED_METHODS.includes(method)) throw new Refusal('method_not_supported_in_sandbox');
    const baseUrl = baseUrlOf(req);
    return handler({
      method,
      facts,
      args: checkArguments(method, facts, sent),
      workspace,
      limits,
      views: this.#deps.views,
      openSocketUrl: () => this.#deps.openSocketUrl(baseUrl.replace('http', 'ws')),
      baseUrl,
    });
  }

  /** Errors: not_authed, invalid_auth, not_allowed_token_type; an app token counts in the header alone. */
  #authenticate(req: IncomingMessage, sent: JsonObject, facts: MethodFacts): void {
    const { tokens } = this.#deps;
    const inHeader = /^Bearer (.+)$/u.exec(req.headers.authorization ?? '')?.[1];
    const token = inHeader ?? (facts.token === 'bot' ? asString(sent.token) : undefined);
    if (!token) throw new Refusal('not_authed');
    if (token !== tokens.bot && token !== tokens.app) throw new Refusal('invalid_auth');
    if (token !== (facts.token === 'app' ? tokens.app : tokens.bot)) throw new Refusal('not_allowed_token_type');
  }
}

type WebApiDeps = {
  readonly workspace: Workspace;
  readonly views: ViewDesk;
  readonly limits: RateLimits;
  readonly faults: Faults;
  readonly tokens: Tokens;
  readonly log: Log;
  /** Takes the `ws://host:port` of this server. */
  readonly openSocketUrl: (base: string) => string;
};

/** Errors that Slack answers although the reference page of the method leaves them out, and the sandbox's own one. */
export const SANDBOX_ERRORS: readonly string[] = [
  'unknown_method',
  'method_not_supported_in_sandbox',
  'invalid_json',
  'msg_too_long',
  'invalid_attachments',
  'is_archived',
  'messages_tab_disabled',
  'user_not_found',
];

function rateLimited(res: ServerResponse, seconds: number): void {
  sendJson(res, 429, { ok: false, error: 'ratelimited' }, { 'retry-after': String(seconds) });
}
