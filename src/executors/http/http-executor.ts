import { httpEffect } from '../../analysis/http-effect.ts';
import type { Effect } from '../../domain/effect.ts';
import type { Json } from '../../lib/canonical-json.ts';
import type { Clock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import type { Secret } from '../../lib/secret.ts';
import { requireEffect } from '../allowed-effect.ts';
import { type BoundValue, refuseInvisible, secretsAmong } from '../bound-values.ts';
import { canonicalTarget, credentialFor, LoadedSecrets } from '../credential.ts';
import type { Executor, RunContext, Statement, StatementSource } from '../executor.ts';
import { checkFilterChain, type Filters, readFilterChain, showFilters } from '../filters/filters.ts';
import { type Limits, unlessAborted, withLimits } from '../limits.ts';
import { type Findings, safeResult, stopped } from '../results.ts';
import type { SecretResolver } from '../secrets.ts';
import { contentType } from './bind-body.ts';
import { type HttpPlace, httpPlace, httpTargetProblems } from './http-target.ts';
import { bindRequest, parseRequest, requestJson, requestPlaceholders } from './parse-request.ts';
import { type HttpAnswer, readAnswer, renderAnswer, renderFiltered, textOfAnswer } from './render-answer.ts';
import type { BoundRequest } from './request-template.ts';
import { requireSameOrigin } from './same-origin.ts';
import { pinAddress, type ResolveName, SendError, sendRequest, type WireResponse } from './send-request.ts';

/** What the `http` executor is built with. */
export type HttpDependencies = {
  readonly clock: Clock;
  readonly secrets: SecretResolver;
  readonly resolveName: ResolveName;
};

type Prepared = {
  readonly source: StatementSource;
  readonly sent: BoundRequest;
  readonly bound: readonly BoundValue[];
  readonly filters: Filters;
  readonly effect: Effect;
};

const MAX_REDIRECTS = 3;
/** Between Warroom and the target something gave up: the target may have done its work. */
const GATEWAY_GAVE_UP = new Set([502, 504]);

type Exchange = {
  readonly limits: Limits;
  readonly resolveName: ResolveName;
  readonly clock: Clock;
  readonly secrets: readonly Secret[];
};

/** HTTP below the address of a target: GET and HEAD read, redirects stay on the same origin, values are encoded for their place. */
export function createHttpExecutor(dependencies: HttpDependencies): Executor {
  return {
    language: 'http',
    checkTarget: httpTargetProblems,
    placeholders: async (text) => {
      const template = parseRequest(text);
      await checkFilterChain(template.filters);
      return requestPlaceholders(template);
    },
    prepare: async (source) => prepare(source, dependencies),
  };
}

function prepare(source: StatementSource, dependencies: HttpDependencies): Statement {
  refuseInvisible(source.text);
  const template = parseRequest(source.text);
  const found = httpEffect(template.method);
  requireEffect(found, source.allowed);
  const { sent, shown, bound: own } = bindRequest(template, source.values);
  const filters = readFilterChain(template.filters, source.values);
  const bound = [...own, ...filters.bound];
  const declared = sent.body !== null && !sent.headers.some(({ name }) => name.toLowerCase() === 'content-type');
  const extra = declared ? [{ name: 'content-type', value: contentType(template) }] : [];
  const credential = credentialFor(source.target, source.allowed);
  const complete = { ...sent, headers: [...sent.headers, ...extra] };
  const visible = { ...shown, headers: [...shown.headers, ...extra] };
  return {
    language: 'http',
    display: displayOf(visible, showFilters(filters)),
    canonical: {
      executor: 'http',
      version: 1,
      request: requestJson(visible),
      ...(filters.shown.length === 0 ? {} : { filters: filters.shown.map((words) => [...words]) }),
      target: canonicalTarget(source.target, credential),
    },
    effect: found.effect,
    run: (context) => run({ source, sent: complete, bound, filters, effect: found.effect }, context, dependencies),
  };
}

function displayOf(request: BoundRequest, pipes: string): string {
  const head = [
    `${request.method} ${request.path}${pipes}`,
    ...request.headers.map(({ name, value }) => `${name}: ${value}`),
  ].join('\n');
  return request.body === null ? head : `${head}\n\n${request.body}`;
}

async function run(prepared: Prepared, context: RunContext, dependencies: HttpDependencies) {
  const secrets = new LoadedSecrets(context.secrets ?? dependencies.secrets);
  return await withLimits(context, dependencies.clock, async (limits) => {
    let findings: Findings;
    try {
      const { target, allowed } = prepared.source;
      const place = await httpPlace(target, { credential: credentialFor(target, allowed), secrets });
      findings = await exchange(prepared, place, {
        limits,
        secrets: [...secretsAmong(prepared.bound), ...secrets.used],
        clock: dependencies.clock,
        resolveName: dependencies.resolveName,
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      findings = { status: 'refused', error: error.message };
    }
    return safeResult(findings, context, { limits, secrets: [...secretsAmong(prepared.bound), ...secrets.used] });
  });
}

async function exchange(prepared: Prepared, place: HttpPlace, use: Exchange): Promise<Findings> {
  const { limits } = use;
  try {
    const response = await sendAndFollow(prepared.sent, place, use);
    const answer = readAnswer(response);
    const piped = prepared.filters.shown.length > 0;
    const value: Record<string, Json> = { ...answer, duration_ms: limits.elapsedMs(), ...(piped ? { text: '' } : {}) };
    const output = renderAnswer(answer, limits.elapsedMs());
    if (response.status < 400 && piped) return await filtered(prepared, { response, answer, value, output }, use);
    if (response.status < 400) return { status: 'ok', value, output };
    const unknown = prepared.effect !== 'read' && GATEWAY_GAVE_UP.has(response.status);
    const error = unknown
      ? `A gateway answered ${response.status} in the place of the target: it may or may not have happened, look before you run it again.`
      : `The target answered ${response.status}.`;
    return { status: unknown ? 'unknown' : 'failed', value, output, error };
  } catch (error) {
    return afterFailure(prepared, place, { limits, error });
  }
}

type Answered = {
  readonly response: WireResponse;
  readonly answer: HttpAnswer;
  readonly value: Readonly<Record<string, Json>>;
  readonly output: string;
};

/** What people see is filtered, and `expect` finds it in `text`; status, headers and body stay those of the answer. */
async function filtered(
  prepared: Prepared,
  { response, answer, value, output }: Answered,
  use: Exchange,
): Promise<Findings> {
  const changing = prepared.effect !== 'read';
  const input = textOfAnswer(response, { answer, method: prepared.sent.method, secrets: use.secrets });
  if (input === null) {
    const error = 'The answer is not text, so it cannot be filtered: take the filter away.';
    return changing ? { status: 'ok', value, output, warnings: [error] } : { status: 'failed', value, output, error };
  }
  const { text, ...rest } = await prepared.filters.apply(input, { limits: use.limits, clock: use.clock, changing });
  return { ...rest, value: { ...value, text }, output: renderFiltered(response.status, text, use.limits.elapsedMs()) };
}

async function sendAndFollow(
  request: BoundRequest,
  place: HttpPlace,
  use: { limits: Limits; resolveName: ResolveName },
): Promise<WireResponse> {
  const { signal } = use.limits;
  const prefix = place.base.pathname.replace(/\/+$/u, '');
  let url = new URL(place.base.origin + prefix + request.path);
  const address = await unlessAborted(signal, pinAddress(url, use.resolveName));
  const headers = {
    ...Object.fromEntries(request.headers.map(({ name, value }) => [name.toLowerCase(), value])),
    ...place.headers,
  };
  for (let redirects = 0; ; redirects += 1) {
    requireSameOrigin(url, place.base);
    const response = await sendRequest({
      url,
      method: request.method,
      headers,
      body: request.body,
      address,
      signal,
      maxResponseBytes: place.maxResponseBytes,
      ca: place.ca,
    });
    const location = response.headers.location;
    const follows =
      location !== undefined && [301, 302, 303, 307, 308].includes(response.status) && request.method === 'GET';
    if (!follows) return response;
    if (redirects >= MAX_REDIRECTS)
      throw new UserError(
        'redirect_refused',
        `The target redirected more than ${MAX_REDIRECTS} times: ask for the final path.`,
      );
    url = URL.canParse(location, url.href) ? new URL(location, url.href) : url;
    requireSameOrigin(url, place.base);
  }
}

function afterFailure(prepared: Prepared, place: HttpPlace, failure: { limits: Limits; error: unknown }): Findings {
  const { limits, error } = failure;
  if (error instanceof UserError) {
    if (error.code === 'redirect_refused') return { status: 'failed', error: error.message };
    throw error;
  }
  const sent = error instanceof SendError && error.connected;
  if (sent && prepared.effect !== 'read') {
    return {
      status: 'unknown',
      error:
        'The request was sent, but no complete answer came: it may or may not have happened, look before you run it again.',
    };
  }
  if (limits.reason())
    return stopped(limits, sent ? 'the connection was closed.' : 'the target was not reached, nothing was sent.');
  const reason = error instanceof Error ? error.message.replace(/[.\s]+$/u, '') : String(error);
  if (error instanceof SendError && error.tooLarge)
    return { status: 'failed', error: `The target's answer was cut off: ${reason}; ask for less.` };
  return {
    status: 'failed',
    error: `Target ${prepared.source.target.name} cannot be reached at ${place.base.origin} (${reason}): check that it runs and that the address is right.`,
  };
}
