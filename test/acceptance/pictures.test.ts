import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startPrometheus } from '../support/prometheus.ts';
import { HUB, startStory } from '../support/story.ts';

vi.setConfig({ testTimeout: 60_000 });

const RUNBOOK = `---
id: DP-1
title: Errors rise
---

## Diagnose

### Errors per second

\`\`\`promql {#errors target=metrics expect="max < 1"}
range 1h step 1m threshold 0.05
rate(errors[5m])
\`\`\`
`;

it('a range of a metric is a picture beside the card, uploaded once, with its figures in the text', async () => {
  const start = Math.floor(Date.UTC(2026, 0, 1) / 1_000);
  const values = Array.from({ length: 60 }, (_, minute) => [start + minute * 60, String(0.01 + (minute % 20) / 200)]);
  const prometheus = await startPrometheus(() => ({
    body: { status: 'success', data: { resultType: 'matrix', result: [{ metric: { job: 'api' }, values }] } },
  }));
  onTestFinished(() => prometheus.stop());
  const dir = await mkdtemp(join(tmpdir(), 'warroom-packs-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'depot'));
  await writeFile(join(dir, 'depot/dp-1.md'), RUNBOOK);
  await writeFile(
    join(dir, 'depot/system.yml'),
    `name: Depot
severities:
  - { level: SEV1, rank: 1, definition: Nothing leaves, war_room: hub-thread }
targets:
  metrics: { executor: promql, options: { baseUrl: "${prometheus.url}" }, read: {} }
`,
  );
  const story = await startStory({ packs: dir, contacts: {} });
  const { nadia } = story;
  await nadia.types(HUB, '/runbook DP-1');
  const run = await nadia.seesMessage(HUB, 'Runbook DP-1');
  await run.click('Run diagnostics');
  await story.settle();
  await nadia.seesChange(run, 'as expected');
  await story.settle();
  const { files } = story.sandbox.workspace;
  expect([...files.values()].map(({ name, title }) => [name, title])).toEqual([
    ['metrics-light.png', expect.stringContaining('Errors per second: ')],
  ]);
  await story.settle();
  expect([...files.values()]).toHaveLength(1);
});
