import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { analyseStatement } from '../../../src/executors/analyse-statement.ts';
import { classifyStatement } from '../../../src/executors/classify-statement.ts';
import type { ImportedPack } from '../../../src/packs/import/import-pack.ts';
import { loadPacks } from '../../../src/packs/load.ts';
import { accountingFaults, importText } from './accounting.ts';

/** Pieces of documents as teams write them, sound and broken. */
const FRAGMENTS = [
  '# Shop',
  '## Symptoms',
  '## Diagnosis',
  '## Mitigation',
  '### RB-007: Cart is slow',
  '## Runbook: Queue full',
  '### Option A: Restart',
  'Title\n=====',
  'Part\n---',
  '**Sintomi:**',
  '**Azioni**:',
  '- item',
  '1. Do it',
  '  - nested',
  '- [ ] tick',
  '1. **Cause**\n   ```bash\n   kubectl get pods\n   ```',
  '* [ ] `systemctl restart nginx`',
  '```bash',
  '```',
  '~~~',
  '````',
  '```sql',
  '```promql',
  '```yaml',
  '```console',
  '```{.bash #x}',
  '```sh {#a target=b}',
  'kubectl get pods -n shop',
  'kubectl delete pod x',
  '$ df -h',
  'Filesystem Size Used',
  '# kubectl delete ns shop',
  'redis-cli FLUSHALL',
  'psql -c "SELECT 1"',
  'psql -c "DELETE FROM a"',
  'cat <<EOF',
  'EOF',
  'for x in a b; do',
  'done',
  'if true; then',
  'fi',
  'echo "open',
  "it's",
  'curl -X POST http://a/b',
  'curl http://a/b | jq .',
  '\\',
  'SELECT count(*) FROM t;',
  'DROP TABLE t;',
  'docker exec db psql -U a -c "DROP TABLE x"',
  'docker exec db psql -U a -c "SELECT 1"',
  'mysql> DELETE FROM a;',
  'root@db:~# reboot',
  '127.0.0.1:6379> FLUSHALL',
  '>>> import os',
  '| Incident | Mitigation |',
  '|---|---|',
  '| Down | restart `systemctl restart x`; wait |',
  '<!--',
  '-->',
  '<details>',
  '> quote',
  '> ```bash',
  '---',
  '***',
  '    indented code',
  '\tkubectl top nodes',
  'h2. Jira',
  '{code:bash}',
  '{code}',
  '{noformat}',
  '== Wiki ==',
  '<pre>',
  '</pre>',
  '[a](b.md)',
  '[a]: c.md',
  '![x](y.png)',
  '{{ template }}',
  '${x}',
  '<pod>',
  '`kubectl get pods -A`',
  '…',
  '...',
  '',
  '',
  ' ',
  '\t',
  '\u200b',
  '\u0000',
  '\ufeff',
  '🔴',
  'Ã¨',
  '## Recovery\nRun `docker restart api` now',
  'run `rm -rf /` never',
  '- never run `rm -rf /tmp/x`',
  'Severity: SEV1',
  '**Alert**: `X`',
] as const;

const document = fc
  .array(fc.tuple(fc.constantFrom(...FRAGMENTS), fc.constantFrom('\n', '\n\n', ' ', '\r\n', '\n   ', '\n> ')), {
    maxLength: 40,
  })
  .map((parts) => parts.map(([text, end]) => text + end).join(''));

it('any bytes are read without a crash, and every line has its place', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      expect(accountingFaults(await importText(bytes))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

it('any mixture of Markdown keeps its lines, its effects and a pack that loads', { timeout: 90_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'warroom-import-'));
  let number = 0;
  try {
    await fc.assert(
      fc.asyncProperty(document, async (text) => {
        const pack = await importText(text);
        expect(accountingFaults(pack)).toEqual([]);
        for (const step of stepsOf(pack)) expect(await isTooMild(step), step.text).toBe(false);
        number += 1;
        expect(await errorsOf(join(folder, `${number}`), pack)).toEqual([]);
      }),
      { numRuns: 120 },
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

type Step = ReturnType<typeof stepsOf>[number];

function stepsOf(pack: ImportedPack) {
  return pack.documents
    .flatMap((one) => one.entries.flatMap((entry) => entry.pieces))
    .filter((piece) => piece.kind === 'command');
}

/**
 * A step that reads must come from a text that reads. A statement that leaves its container is the one exception, and then
 * the call of the client inside has to read.
 */
async function isTooMild(step: Step): Promise<boolean> {
  if (step.effect !== 'read') return false;
  const source = await classifyStatement(step.language, step.text);
  if (source.effect === 'read') return false;
  const inner = / exec .*?((?:psql|redis-cli)\s[\s\S]*)$/u.exec(step.text)?.[1];
  return inner === undefined || (await classifyStatement('sh', inner)).effect !== 'read';
}

async function errorsOf(dir: string, pack: ImportedPack): Promise<string[]> {
  await mkdir(join(dir, 'shop'), { recursive: true });
  for (const { path, text } of pack.files) await writeFile(join(dir, 'shop', path), text);
  const packs = await loadPacks({ dir, resolveSetting: (_, fallback) => fallback, analyse: analyseStatement });
  const steps = stepsOf(pack).length;
  const loaded = [...packs.runbooks.values()]
    .flatMap((runbook) => runbook.steps)
    .filter(({ kind }) => kind === 'executable').length;
  return [
    ...packs.problems
      .filter(({ severity }) => severity === 'error')
      .map(({ file, line, rule, message }) => `${file}:${line} ${rule}: ${message}`),
    ...(loaded === steps ? [] : [`${steps} steps were imported, ${loaded} are in the pack`]),
    ...([...packs.runbooks.values()].every(({ status }) => status === 'draft') ? [] : ['a runbook is no draft']),
  ];
}
