import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Language } from '../../src/domain/runbook.ts';
import { createExecutors } from '../../src/executors/registry.ts';
import { JOB_MAKER } from '../support/kube/job-cluster.ts';

type Block = {
  readonly targets?: Readonly<Record<string, { executor: Language; options?: object; read?: object; write?: object }>>;
  readonly rules?: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[];
};
const guide = readFileSync(new URL('../../docs/guides/targets.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/```yaml\n([\s\S]*?)```/gu)].map((match) => parse(match[1] ?? '') as Block);
const targets = blocks.flatMap(({ targets }) => Object.entries(targets ?? {}));
const executors = createExecutors({ secrets: () => Promise.reject(new TypeError('none is asked for')) });

describe('the guide to targets', () => {
  it.each(targets)('shows %s as it works', (name, { executor, options = {}, read = {}, write }) => {
    const definition = { name, executor, description: null, options: { ...options }, read: { ...read } };
    const full = { ...definition, write: write === undefined ? null : { ...write } };
    expect(executors.get(executor)?.checkTarget(full)).toEqual([]);
  });

  it('shows a target of every place that it has a heading for', () => {
    expect(targets.map(([name]) => name)).toEqual(['db', 'pool', 'cache', 'api', 'worker', 'far', 'tools']);
  });

  it('asks for the rights with which the tests run scripts as Jobs, and for no other', () => {
    const rules = blocks.find((block) => block.rules !== undefined)?.rules ?? [];
    const asked = rules.flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => [verb, resource] as const)),
    );
    expect(asked).toHaveLength(8);
    for (const [verb, resource] of asked) expect(JOB_MAKER.may(verb, resource, '')).toBe(true);
  });
});
