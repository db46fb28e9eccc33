import { readPipeline } from '../../../analysis/shell/read-pipeline.ts';
import { markPlaceholders } from './find-placeholders.ts';
import { type MarkedText, paramsIn } from './marks.ts';
import type { NativeStep } from './native-step.ts';
import { writePath } from './programs/http-address.ts';
import { writePromql } from './programs/promql.ts';
import { writeSql } from './programs/psql.ts';
import { translateRedis } from './programs/redis.ts';
import { targetKind } from './translation.ts';

/**
 * A text that is written in an executor's own language already: by its fence, or as `GET /path`. Null when it is for the shell;
 * `unreadable` when its fence says what it is and it is not that.
 */
export async function translateText(text: string, fenceLanguage: string): Promise<NativeStep | 'unreadable' | null> {
  switch (fenceLanguage) {
    case 'sql':
    case 'psql':
    case 'pgsql':
    case 'postgresql':
    case 'postgres':
      return /^\s*(?:psql|docker|kubectl|oc|sudo)\s/u.test(text) ? null : await sqlStep(text);
    case 'promql':
    case 'prometheus':
      return promqlStep(text);
    case 'redis':
      return /^\s*redis-cli\b/u.test(text) ? null : await redisStep(text);
    case '':
    case 'text':
    case 'txt':
      if (!LOOKS_LIKE_SQL.test(text)) return requestStep(text);
      return readable(await sqlStep(text));
    default:
      return requestStep(text) ?? (fenceLanguage === 'http' ? 'unreadable' : null);
  }
}

/** A statement that nobody would take for a command or a sentence: key words in capitals, or a semicolon at its end. */
const LOOKS_LIKE_SQL =
  /^(?:(?:--[^\n]*\n)*\s*)?(?:(?:SELECT|WITH|INSERT INTO|UPDATE|DELETE FROM|ALTER|VACUUM|REINDEX|EXPLAIN|SHOW|CREATE|DROP)\s|(?:select|insert into|update|delete from|alter|vacuum|explain)\s[\s\S]*;\s*$)/u;

function readable(step: NativeStep | 'unreadable'): NativeStep | null {
  return step === 'unreadable' ? null : step;
}

function step(marked: MarkedText, parts: Omit<NativeStep, 'params' | 'notes'>): NativeStep {
  const all = marked.placeholders.map((_, at) => `WRMARK${String(at).padStart(3, '0')}Z`).join(' ');
  const used = new Set([...parts.text.matchAll(/\$\{([a-z][a-z0-9_]*)\}/gu)].map((match) => match[1]));
  return {
    ...parts,
    params: paramsIn(all, marked.placeholders).filter(({ name }) => used.has(name)),
    notes: marked.notes,
  };
}

async function sqlStep(text: string): Promise<NativeStep | 'unreadable'> {
  const marked = markPlaceholders(text, 'sql');
  const written = await writeSql(marked.text, marked.placeholders);
  if (written === null) return 'unreadable';
  return step(marked, { language: 'sql', text: written, targetKind: targetKind('sql'), targetOptions: {} });
}

function promqlStep(text: string): NativeStep | 'unreadable' {
  const marked = markPlaceholders(text, 'promql');
  const written = writePromql(marked);
  return written === null ? 'unreadable' : step(marked, written);
}

/** One command of redis-cli's prompt: its words are split as a shell would, which is the same for what runbooks write. */
async function redisStep(text: string): Promise<NativeStep | 'unreadable'> {
  const marked = markPlaceholders(text.replace(/^(?:[\w.:[\]-]+)?>\s*/u, ''), 'redis');
  const [command, ...others] = (await readPipeline(marked.text)) ?? [];
  const words = command?.words.map((word) => word.text) ?? [];
  if (others.length > 0 || words.includes(null) || (command?.redirects.length ?? 1) > 0) return 'unreadable';
  const args = words.filter((word) => word !== null);
  const call = {
    name: 'redis-cli',
    args,
    patterns: true,
    environment: new Map(),
    input: null,
    placeholders: marked.placeholders,
    user: null,
  };
  const written = translateRedis(call);
  return written === null
    ? 'unreadable'
    : step(marked, { ...written, targetKind: targetKind('redis'), targetOptions: {} });
}

/** `GET /health`: whose address it belongs to is not said. */
function requestStep(text: string): NativeStep | null {
  const found = /^(?<method>GET|HEAD|POST|PUT|PATCH|DELETE)[ \t]+(?<path>\/\S*)(?:[ \t]+HTTP\/[\d.]+)?$/u.exec(
    text,
  )?.groups;
  if (found === undefined) return null;
  const marked = markPlaceholders(found.path ?? '', 'http');
  const path = writePath(marked.text, [], marked.placeholders);
  if (path === null) return null;
  return step(marked, {
    language: 'http',
    text: `${found.method} ${path}`,
    targetKind: targetKind('http'),
    targetOptions: {},
  });
}
