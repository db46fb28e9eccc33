import { expect, test } from 'vitest';
import { httpTargetProblems } from '../../src/executors/http/http-target.ts';
import { probeTargetProblems } from '../../src/executors/probe/probe-target.ts';
import { redisTargetProblems } from '../../src/executors/redis/redis-target.ts';

const http = { name: 'api', executor: 'http', description: '', read: {}, write: null } as const;

test('a misspelt option is told with the nearest one, and what is missing by its name', () => {
  expect(httpTargetProblems({ ...http, options: { baseURL: 'http://127.0.0.1:1' } })).toEqual([
    '`options.baseUrl` is missing.',
    '`options.baseURL` is not known. Did you mean "baseUrl"?',
  ]);
});

test('a misspelt part of a credential is told so too', () => {
  const target = { ...http, executor: 'redis', options: { url: 'redis://127.0.0.1' }, read: { pasword: 'x' } } as const;
  expect(redisTargetProblems(target)).toEqual(['`read.pasword` is not known. Did you mean "password"?']);
});

test('where nothing may stand, what stands is to be left out', () => {
  const target = { ...http, executor: 'probe', options: { host: 'example.org' }, read: { password: 'x' } } as const;
  expect(probeTargetProblems(target)).toEqual(['`read.password` is not known. Leave it out.']);
});
