import type { Clock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import { type BoundValue, refuseInvisible, secretsAmong } from '../bound-values.ts';
import { canonicalTarget, LoadedSecrets } from '../credential.ts';
import type { Executor, Picture, RunContext, Statement, StatementResult, StatementSource } from '../executor.ts';
import { type HttpPlace, httpPlace, httpTargetProblems } from '../http/http-target.ts';
import { pinAddress, type ResolveName, SendError, sendRequest, type WireResponse } from '../http/send-request.ts';
import { type Limits, unlessAborted, withLimits } from '../limits.ts';
import { redact } from '../output-safety.ts';
import { type Findings, safeResult, stopped } from '../results.ts';
import type { SecretResolver } from '../secrets.ts';
import { MOST_SERIES, readAnswer, resultValue, type Series, tellingNames } from './answer.ts';
import { bindQuery, parseQuery, type Range } from './parse-query.ts';
import { byHighest, renderAnswer } from './render.ts';

/** What the `promql` executor is built with. */
export type PromqlDependencies = {
  readonly clock: Clock;
  readonly secrets: SecretResolver;
  readonly resolveName: ResolveName;
};

type Prepared = {
  readonly source: StatementSource;
  readonly expression: string;
  readonly shown: string;
  readonly range: Range | null;
  readonly bound: readonly BoundValue[];
};
type Found = { readonly findings: Findings; readonly series: readonly Series[] };
/** `until` is the moment that is asked about, the end of a range (ms since 1970). */
type Use = { readonly limits: Limits; readonly dependencies: PromqlDependencies; readonly until: number };

/** Above this an expression travels in the body: proxies cut long addresses. */
const LONG_QUERY = 2_000;

/**
 * Queries of Prometheus: `/api/v1/query` and `/api/v1/query_range`, nothing else, so that whatever a step may do it only reads. A range
 * is also drawn.
 */
export function createPromqlExecutor(dependencies: PromqlDependencies): Executor {
  return {
    language: 'promql',
    checkTarget: httpTargetProblems,
    placeholders: async (text) => [...parseQuery(text).names],
    prepare: async (source) => prepare(source, dependencies),
  };
}

function prepare(source: StatementSource, dependencies: PromqlDependencies): Statement {
  refuseInvisible(source.text);
  const template = parseQuery(source.text);
  const { sent, shown, bound } = bindQuery(template, source.values);
  const prepared = { source, expression: sent, shown, range: template.range, bound };
  return {
    language: 'promql',
    display: template.range === null ? shown : `${rangeText(template.range)}\n${shown}`,
    canonical: {
      executor: 'promql',
      version: 1,
      expression: shown,
      range: template.range,
      target: canonicalTarget(source.target, 'read'),
    },
    effect: 'read',
    run: (context) => run(prepared, context, dependencies),
  };
}

async function run(
  prepared: Prepared,
  context: RunContext,
  dependencies: PromqlDependencies,
): Promise<StatementResult> {
  const secrets = new LoadedSecrets(context.secrets ?? dependencies.secrets);
  const until = dependencies.clock.now().getTime();
  return await withLimits(context, dependencies.clock, async (limits) => {
    let found: Found;
    try {
      const place = await httpPlace(prepared.source.target, { credential: 'read', secrets });
      found = await ask(prepared, place, { limits, dependencies, until });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      found = { findings: { status: 'refused', error: error.message }, series: [] };
    }
    const used = [...secretsAmong(prepared.bound), ...secrets.used];
    const result = safeResult(found.findings, context, { limits, secrets: used });
    if (prepared.range === null || found.series.length === 0) return result;
    const sorted = byHighest(found.series);
    const names = tellingNames(sorted);
    const safe = sorted.map((item, index) => ({
      ...item,
      name: redact(names[index] ?? '', used).replace(/\s+/gu, ' '),
    }));
    return { ...result, pictures: await draw(safe, prepared, { title: redact(prepared.shown, used), until }) };
  });
}

/** The same picture for light and for dark surroundings. Drawing loads on first use: nobody pays for it who never asks for a range. */
async function draw(
  series: readonly (Series & { name: string })[],
  prepared: Prepared,
  use: { title: string; until: number },
): Promise<readonly Picture[]> {
  const { drawChart } = await import('./picture/chart.ts');
  const { range } = prepared;
  if (range === null) return [];
  const title = use.title.replace(/\s+/gu, ' ');
  const alt = `${title} over ${rangeText(range)}: ${series.length} series, highest ${series[0]?.name ?? ''}`.slice(
    0,
    300,
  );
  return (['light', 'dark'] as const).map((theme) => ({
    name: `${prepared.source.target.name}-${theme}.png`,
    theme,
    png: drawChart({ title, series, range, until: use.until, theme }),
    alt,
  }));
}

async function ask(prepared: Prepared, place: HttpPlace, use: Use): Promise<Found> {
  const { limits } = use;
  const none: readonly Series[] = [];
  try {
    if (limits.reason()) return { findings: stopped(limits, 'nothing was asked.'), series: none };
    const response = await send(prepared, place, use);
    const answer = readAnswer(response.headers['content-type'] ?? '', response.body.toString('utf8'));
    if (answer === null) {
      const error = `${place.base.origin} answered ${response.status} with something that is not Prometheus' (${(response.headers['content-type'] ?? 'no type').slice(0, 60)}): check \`baseUrl\`.`;
      return { findings: { status: 'failed', error }, series: none };
    }
    if (answer.kind === 'error') {
      const error = `Prometheus answered ${response.status} (${answer.error
        .replace(/[.\s]+$/u, '')
        .replace(/\s+/gu, ' ')
        .slice(0, 300)}): correct the query, or ask for less.`;
      return { findings: { status: 'failed', error }, series: none };
    }
    const more = answer.series.length - MOST_SERIES;
    const warnings = [
      ...answer.warnings,
      ...(more > 0 ? [`${more} more series were left out: aggregate the query.`] : []),
    ];
    const findings = {
      status: 'ok',
      value: resultValue(answer.type, answer.series),
      output: renderAnswer(answer.series, prepared.range),
      warnings,
    } as const;
    return { findings, series: answer.series };
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (limits.reason()) return { findings: stopped(limits, 'the connection was closed.'), series: none };
    const reason = error instanceof Error ? error.message.replace(/[.\s]+$/u, '') : String(error);
    const cut = error instanceof SendError && error.tooLarge;
    const text = cut
      ? `The answer of ${prepared.source.target.name} was cut off: ${reason}; aggregate the query or make the step longer.`
      : `Target ${prepared.source.target.name} cannot be reached at ${place.base.origin} (${reason}): check that it runs and that the address is right.`;
    return { findings: { status: 'failed', error: text }, series: none };
  }
}

async function send(prepared: Prepared, place: HttpPlace, use: Use): Promise<WireResponse> {
  const { signal } = use.limits;
  const end = use.until / 1_000;
  const { range } = prepared;
  const query = new URLSearchParams({
    query: prepared.expression,
    ...(range === null
      ? { time: end.toFixed(3) }
      : { start: (end - range.rangeMs / 1_000).toFixed(3), end: end.toFixed(3), step: String(range.stepMs / 1_000) }),
  }).toString();
  const url = new URL(
    `${place.base.origin}${place.base.pathname.replace(/\/+$/u, '')}/api/v1/${range === null ? 'query' : 'query_range'}`,
  );
  const long = query.length > LONG_QUERY;
  if (!long) url.search = query;
  const address = await unlessAborted(signal, pinAddress(url, use.dependencies.resolveName));
  const form = long ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  return await sendRequest({
    url,
    method: long ? 'POST' : 'GET',
    headers: { accept: 'application/json', ...form, ...place.headers },
    body: long ? query : null,
    address,
    signal,
    maxResponseBytes: place.maxResponseBytes,
    ca: place.ca,
  });
}

function rangeText(range: Range): string {
  const threshold = range.threshold === null ? '' : ` threshold ${range.threshold}`;
  return `range ${spanText(range.rangeMs)} step ${spanText(range.stepMs)}${threshold}`;
}

function spanText(ms: number): string {
  const units = [
    [604_800_000, 'w'],
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1_000, 's'],
  ] as const;
  const [size, unit] = units.find(([length]) => ms % length === 0) ?? [1_000, 's'];
  return `${ms / size}${unit}`;
}
