import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SystemDefinition } from '../../src/domain/system.ts';
import type { AnalyseStatement } from '../../src/packs/effects.ts';
import { parseRunbook } from '../../src/packs/parse-runbook.ts';
import { readSystem, systemSchema } from '../../src/packs/system-schema.ts';

/** A system with one target of each kind that the tests use. */
export const SYSTEM: SystemDefinition = readSystem(
  'shop',
  systemSchema.parse({
    name: 'Shop',
    severities: [
      { level: 'SEV1', rank: 1, definition: 'down', war_room: 'channel' },
      { level: 'SEV2', rank: 2, definition: 'degraded', war_room: 'none' },
    ],
    targets: {
      api: { executor: 'http' },
      cache: { executor: 'redis', write: {} },
      database: { executor: 'sql', write: {} },
      worker: { executor: 'sh', write: {} },
      cluster: { executor: 'kubectl' },
    },
  }),
  (_, fallback) => fallback,
);

/** Calls everything that deletes a change and everything that drops destructive; enough to see what packs do with an answer. */
export const analyse: AnalyseStatement = (language, text) => {
  if (language === 'kubectl') return null;
  if (/\bFLUSHALL|drop\b/iu.test(text)) return { effect: 'destructive', reasons: ['it empties everything'] };
  if (/\b(DEL|POST|delete|python3)\b/u.test(text)) return { effect: 'change', reasons: ['it changes something'] };
  return { effect: 'read', reasons: [] };
};

/** Parses a text as `shop/test.md`. */
export function parse(text: string) {
  return parseRunbook({
    source: { file: 'shop/test.md', contentHash: 'hash', commit: null, text },
    system: SYSTEM,
    analyse,
  });
}

/** A front matter and a body. */
export function runbookText(body: string, front = ''): string {
  return `---\nid: RB-1\ntitle: A title\n${front}---\n\n${body}`;
}

/** Writes files below a fresh folder; `remove` deletes it. */
export async function packFolder(
  files: Readonly<Record<string, string | Buffer>>,
): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'warroom-packs-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}
