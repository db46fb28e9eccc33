import { promqlEffect } from '../../analysis/promql-effect.ts';
import type { CodeBlock } from './block.ts';
import type { CodePart } from './code-part.ts';
import { DATA_LANGUAGES } from './entries.ts';
import { looksLikePromql } from './native/programs/promql.ts';
import { isSurelyCommand } from './recognise.ts';
import { splitQueries } from './split-queries.ts';
import { splitShell } from './split-shell.ts';
import { splitTranscript } from './split-transcript.ts';

const SHELL = new Set(
  'sh bash shell zsh ksh fish console shell-session shellsession sh-session shellscript terminal cli command cmd bash-session ssh'.split(
    ' ',
  ),
);
const QUERIES: Readonly<Record<string, 'sql' | 'promql' | 'redis' | 'http'>> = {
  sql: 'sql',
  psql: 'sql',
  pgsql: 'sql',
  postgres: 'sql',
  postgresql: 'sql',
  plsql: 'sql',
  mysql: 'sql',
  mariadb: 'sql',
  promql: 'promql',
  prometheus: 'promql',
  metricsql: 'promql',
  redis: 'redis',
  'redis-cli': 'redis',
  http: 'http',
  rest: 'http',
};

/** Cuts a code block into commands, their comments and everything else. No line is lost. */
export function splitCode(code: CodeBlock): CodePart[] {
  const { language, body, bodyFrom } = code;
  const query = QUERIES[language];
  if (query !== undefined) return splitQueries(body, bodyFrom, query);
  if (/^(?:powershell|pwsh|ps1?|bat|batch|dos)$/u.test(language))
    return [unknown(code, `no executor runs ${language}`)];
  if (DATA_LANGUAGES.has(language)) return [whole(code)];
  const transcript = splitTranscript(body, bodyFrom);
  if (transcript !== null) return transcript;
  const expressions = promqlLines(body);
  if (expressions !== null) return splitQueries(expressions, bodyFrom, 'promql');
  if (SHELL.has(language)) return splitShell(body, bodyFrom, false);
  if (looksLikeSql(body)) return splitQueries(body, bodyFrom, 'sql');
  return splitShell(body, bodyFrom, true);
}

function whole({ body, bodyFrom }: CodeBlock): CodePart {
  return {
    kind: 'documentation',
    from: bodyFrom,
    to: bodyFrom + body.length - 1,
    text: body.join('\n'),
    language: 'sh',
    note: '',
  };
}

function unknown(code: CodeBlock, note: string): CodePart {
  return { ...whole(code), kind: 'not-understood', note };
}

function looksLikeSql(body: readonly string[]): boolean {
  const first = body.find((line) => line.trim() !== '' && !line.trim().startsWith('--')) ?? '';
  return /^\s*(?:SELECT|INSERT INTO|UPDATE \S+ SET|DELETE FROM|WITH \S+ AS|ALTER (?:TABLE|SYSTEM|ROLE|DATABASE)|CREATE (?:TABLE|INDEX|UNIQUE)|DROP (?:TABLE|INDEX|DATABASE)|VACUUM|ANALYZE|EXPLAIN|SHOW|REINDEX|TRUNCATE)\b/u.test(
    first,
  );
}

/** PromQL in a fence that says nothing or something else; every line apart when each is an expression by itself. Null when it is none. */
function promqlLines(body: readonly string[]): readonly string[] | null {
  const filled = body.filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  if (filled.length === 0 || filled.length > 40 || filled.some((line) => isSurelyCommand(line))) return null;
  if (looksLikePromql(filled.join('\n'))) return body;
  const single = filled.every((line) => promqlEffect(line).effect === 'read' && /^[\w(]\S*$|[[({]/u.test(line.trim()));
  return single && filled.some((line) => looksLikePromql(line)) ? body : null;
}
