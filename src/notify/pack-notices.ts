import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { enqueue } from '../db/outbox.ts';
import { insertPackNotice, lockOpenPackNotices, settlePackNotice } from '../db/pack-notices.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import type { PacksVersion } from '../packs/load.ts';
import { formatProblem } from '../packs/problems.ts';

/** A reading that breaks more files of one system than this tells them in one message. */
const NOTICES_AT_ONCE = 5;

type Broken = {
  readonly file: string;
  readonly fingerprint: string;
  readonly problems: readonly string[];
  readonly held: boolean;
};

/**
 * Tells the owners of broken files, once for each broken content, and again when they are good. What was told stands in the
 * database, so several replicas, and the next start, do not repeat it.
 */
export async function tellPackProblems(pool: Pool, version: PacksVersion): Promise<void> {
  const broken = brokenFiles(version);
  const files = new Set([
    ...[...version.packs.systems.keys()].map((system) => `${system}/system.yml`),
    ...[...version.packs.runbooks.values()].map((runbook) => runbook.source.file),
  ]);
  await withTransaction(pool, async (tx) => {
    const known = new Set<string>();
    for (const notice of await lockOpenPackNotices(tx)) {
      const now = broken.find((each) => each.file === notice.file);
      if (now?.fingerprint === notice.fingerprint) {
        known.add(notice.file);
        continue;
      }
      const gone = notice.file !== '.' && !files.has(notice.file);
      await settlePackNotice(tx, notice.id, now ? 'replaced' : gone ? 'removed' : 'mended');
      await enqueue(tx, { type: 'packs.broken', notice: notice.id });
      if (!now) await enqueue(tx, { type: 'packs.mended', notice: notice.id });
    }
    await openNotices(
      tx,
      broken.filter(({ file }) => !known.has(file)),
    );
  });
}

async function openNotices(tx: Tx, broken: readonly Broken[]): Promise<void> {
  const bySystem = groupBy(broken, ({ file }) => file.split('/')[0] ?? '');
  for (const files of bySystem.values()) {
    for (const [index, each] of files.entries()) {
      const last = index === NOTICES_AT_ONCE - 1;
      const id = await insertPackNotice(tx, { ...each, more: last ? files.length - NOTICES_AT_ONCE : 0 });
      if (index < NOTICES_AT_ONCE) await enqueue(tx, { type: 'packs.broken', notice: id });
    }
  }
}

function brokenFiles({ packs, held }: PacksVersion): Broken[] {
  const errors = packs.problems.filter(({ severity }) => severity === 'error');
  const lines = groupBy(errors, ({ file }) => file);
  return [...lines].map(([file, found]) => {
    const problems = found.map(formatProblem);
    const content = held.get(file) ?? '';
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([content, problems]))
      .digest('hex');
    return { file, fingerprint, problems, held: held.has(file) || file === '.' };
  });
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
