import { expect, it } from 'vitest';
import { knownType } from '../../src/executors/kube/known-types.ts';
import type { KubeRequest } from '../../src/executors/kube/kube-request.ts';
import { guardJob } from '../../src/executors/sh/job/job-guard.ts';

const guard = guardJob({ namespace: 'shop', name: 'warroom-1-a' });
const [jobs, pods, secrets] = [knownType('jobs', 'batch'), knownType('pods', ''), knownType('secrets', '')];
const own = { namespace: 'shop', name: 'warroom-1-a' };

const STOPPED: [string, KubeRequest][] = [
  ['reads its Secret', { method: 'GET', resource: secrets, ...own }],
  ['lists Secrets', { method: 'GET', resource: secrets, namespace: 'shop' }],
  ['deletes another Secret', { method: 'DELETE', resource: secrets, namespace: 'shop', name: 'vault' }],
  ['deletes another Job', { method: 'DELETE', resource: jobs, namespace: 'shop', name: 'nightly' }],
  ['deletes a Job elsewhere', { method: 'DELETE', resource: jobs, namespace: 'other', name: own.name }],
  ['deletes every Job', { method: 'DELETE', resource: jobs, namespace: 'shop' }],
  [
    'makes a Job of another name',
    { method: 'POST', resource: jobs, namespace: 'shop', body: { metadata: { name: 'x' } } },
  ],
  ['changes its Job', { method: 'PATCH', resource: jobs, ...own, body: {} }],
  ['makes a pod', { method: 'POST', resource: pods, namespace: 'shop', body: { metadata: { name: own.name } } }],
  ['deletes a pod', { method: 'DELETE', resource: pods, namespace: 'shop', name: 'web-1' }],
  ['enters a pod', { method: 'GET', resource: pods, namespace: 'shop', name: 'web-1', subresource: 'exec' }],
  ['lists pods of all namespaces', { method: 'GET', resource: pods, namespace: null }],
  ['climbs out of its path', { method: 'GET', resource: pods, namespace: '..', name: 'x', subresource: 'log' }],
];

it.each(STOPPED)('stops a session that %s', (_, request) => {
  expect(() => guard(request, 'change')).toThrow();
});

it('lets through what running a script takes', () => {
  const body = { metadata: { name: own.name } };
  for (const request of [
    { method: 'POST', resource: jobs, namespace: 'shop', body, query: [['fieldValidation', 'Strict']] },
    { method: 'POST', resource: secrets, namespace: 'shop', body },
    { method: 'GET', resource: jobs, ...own },
    { method: 'DELETE', resource: jobs, ...own, body: {} },
    { method: 'DELETE', resource: secrets, ...own },
    { method: 'GET', resource: pods, namespace: 'shop', query: [['labelSelector', 'a=b']] },
    { method: 'GET', resource: pods, namespace: 'shop', name: 'x', subresource: 'log', query: [['follow', 'true']] },
  ] satisfies KubeRequest[])
    expect(() => guard(request, 'change')).not.toThrow();
});
