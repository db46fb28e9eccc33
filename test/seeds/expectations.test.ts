import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileExpression, evaluate, isExpressionError } from '../../src/domain/expression.ts';
import type { ExecutableStep } from '../../src/domain/runbook.ts';
import { analyseStatement } from '../../src/executors/analyse-statement.ts';
import { loadPacks, type Packs } from '../../src/packs/load.ts';

let packs: Packs;
beforeAll(async () => {
  const dir = join(import.meta.dirname, '../../runbooks');
  packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
});

function passes(address: string, result: object): unknown {
  const [key = '', id] = address.split('#');
  const step = packs.runbooks.get(key)?.steps.find((candidate) => candidate.id === id) as ExecutableStep;
  const compiled = compileExpression(step.expect ?? 'false');
  if (isExpressionError(compiled)) throw new Error(compiled.error);
  const found = evaluate(compiled, { ...result });
  return found.status === 'value' ? found.value : found;
}

const http = (body: unknown, status = 200) => ({ status, headers: {}, body, duration_ms: 3 });
const breakers = (...states: [string, string][]) =>
  http({ circuit_breakers: states.map(([name, state]) => ({ name, state, failure_count: 0 })) });
const alerts = (...states: string[]) =>
  http({ status: 'success', data: { alerts: states.map((state) => ({ state })) } });
const reload = (value: string) => http({ data: { result: [{ metric: {}, value: [1_763_700_000, value] }] } });
const breakerMetric = (value: string) =>
  http(
    `# TYPE email_ingestion_circuit_breaker_state gauge\nemail_ingestion_circuit_breaker_state{name="redis"} 0\nemail_ingestion_circuit_breaker_state{name="imap"} ${value}\nemail_ingestion_dlq_depth 1\n`,
  );

describe('what steps expect of real answers', () => {
  it.each([
    ['euystacio/MS-H1#alerts', alerts(), true],
    ['euystacio/MS-H1#alerts', alerts('pending'), true],
    ['euystacio/MS-H1#alerts', alerts('pending', 'firing'), false],
    ['euystacio/MS-B2#snapshot', http({ status: 'success', data: { name: '20251208T101500Z-1' } }), true],
    ['euystacio/MS-B2#snapshot', http({ status: 'error', error: 'admin APIs disabled' }, 503), false],
    ['euystacio/MS-M3#config', reload('1'), true],
    ['euystacio/MS-M3#config', reload('0'), false],
    ['euystacio/MS-M3#config', http({ data: { result: [] } }), false],
    ['euystacio/MS-D1#diff', { exit_code: 1, stdout: '', stderr: '' }, true],
    ['euystacio/MS-D1#diff', { exit_code: 2, stdout: '', stderr: '' }, false],
    ['email-ingestion/EI-2-1#ping', { value: 'PONG' }, true],
    ['email-ingestion/EI-2-1#keys', { value: 0 }, false],
    ['email-ingestion/EI-2-1#keys', { value: 12 }, true],
    ['email-ingestion/EI-2-1#ready', http('not ready', 503), false],
    ['email-ingestion/EI-2-1#breaker_closed', breakers(['redis', 'CLOSED'], ['imap', 'OPEN']), true],
    ['email-ingestion/EI-2-1#breaker_closed', breakers(['redis', 'HALF_OPEN'], ['imap', 'CLOSED']), false],
    ['email-ingestion/EI-2-2#wait', breakers(['redis', 'CLOSED'], ['imap', 'OPEN']), false],
    ['email-ingestion/EI-2-2#wait', breakers(['redis', 'CLOSED'], ['imap', 'HALF_OPEN']), true],
    ['email-ingestion/EI-2-2#breakers', breakers(['redis', 'open'], ['imap', 'CLOSED']), false],
    ['email-ingestion/EI-2-4#wait', breakers(['redis', 'CLOSED'], ['imap', 'HALF_OPEN']), true],
    ['email-ingestion/EI-2-4#breaker_metrics', breakerMetric('0'), true],
    ['email-ingestion/EI-2-4#breaker_metrics', breakerMetric('1'), false],
    ['email-ingestion/EI-2-4#breaker_metrics', breakerMetric('1.0'), false],
  ])('%s of %j is %j', (address, result, passed) => {
    expect(passes(address, result)).toBe(passed);
  });
});
