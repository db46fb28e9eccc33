import type { TargetDefinition } from '../../../src/domain/system.ts';
import { resolveBySystem } from '../../../src/executors/http/send-request.ts';
import { createPromqlExecutor } from '../../../src/executors/promql/promql-executor.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { InternalError } from '../../../src/lib/errors.ts';
import { startPrometheus, success } from '../../support/prometheus.ts';
import type { ContractSetup } from '../contract.ts';

/** A Prometheus that gives the value of a matcher back as a label. */
export const promql: ContractSetup = async () => {
  let other = 0;
  const server = await startPrometheus(({ path, query }) => {
    const expression = query.get('query') ?? '';
    if (path !== '/api/v1/query') other += 1;
    if (expression === 'slow') return { body: '', never: true } as never;
    if (expression === 'large') {
      const names = ['FIRST', ...Array.from({ length: 25 }, (_, n) => `series-${n}-${'x'.repeat(300)}`), 'LAST'];
      return success(
        'vector',
        names.map((name) => ({ metric: { name }, value: [1, '1'] })),
      );
    }
    // nothing but one matcher whose text is whole: a value that ended its quotes would not fit
    const text = /^(?:up|other)\{job=(?<text>"(?:[^"\\]|\\.)*")\}$/su.exec(expression)?.groups?.text;
    return success('vector', [
      { metric: { job: text === undefined ? 'not one matcher' : (JSON.parse(text) as string) }, value: [1, '1'] },
    ]);
  });
  const header = (name: string) => ({ headers: { authorization: { secret: `env:${name}`, prefix: 'Bearer ' } } });
  const target: TargetDefinition = {
    name: 'prometheus',
    executor: 'promql',
    description: null,
    options: { baseUrl: server.url },
    read: header('READ_SECRET'),
    write: header('WRITE_SECRET'),
  };
  return {
    subject: {
      executor: createPromqlExecutor({
        clock: systemClock,
        secrets: () => Promise.reject(new InternalError('test', 'the run gives its own')),
        resolveName: resolveBySystem,
      }),
      target,
      onlyReads: true,
      effect: 'read',
      echo: {
        text: 'up{job=${value}}',
        read: (value) => (value.series as { labels: { job: string } }[])[0]?.labels.job,
      },
      slow: 'slow',
      large: 'large',
      change: 'POST /api/v1/admin/tsdb/delete_series?match[]=up',
      state: () => Promise.resolve(other),
      unreachable: { ...target, options: { baseUrl: 'http://127.0.0.1:1' } },
      badTargets: [
        { ...target, options: {} },
        { ...target, options: { baseUrl: 'ftp://x' } },
        { ...target, options: { baseUrl: 'http://me:password@x' } },
        { ...target, read: { headers: { authorization: { secret: 'plain' } } } },
      ],
      variants: [
        { text: 'other{job=${value}}' },
        { text: 'range 1h\nup{job=${value}}' },
        { text: 'range 1h threshold 1\nup{job=${value}}' },
        { target: { ...target, options: { baseUrl: `${server.url}/prefix` } } },
      ],
    },
    stop: () => server.stop(),
  };
};
