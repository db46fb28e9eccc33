import { promqlEffect } from '../../analysis/promql-effect.ts';
import type { CodeBlock } from './block.ts';
import type { CodePart } from './code-part.ts';
import { DATA_LANGUAGES } from './entries.ts';
import { isMetricArithmetic, looksLikePromql } from './native/programs/promql.ts';
import { readPrompt } from './prompts.ts';
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

/** Languages of consoles and stores that no executor speaks: what stands in them would be run, so somebody has to know. */
const FOREIGN =
  /^(?:powershell|pwsh|ps1?|bat|batch|dos|kusto|kql|logql|lucene|spl|esql|mongodb|mongo|mongosh|cypher|cql|influxql|flux)$/u;

/** Cuts a code block into commands, their comments and everything else. No line is lost. */
export function splitCode(code: CodeBlock): CodePart[] {
  const { language, body, bodyFrom } = code;
  const query = QUERIES[language];
  if (query !== undefined)
    return (query === 'sql' ? copiedFromPsql(body, bodyFrom) : null) ?? splitQueries(body, bodyFrom, query);
  const foreign = FOREIGN.test(language) ? language : windows(code);
  if (foreign !== null) return [unknown(code, `no executor runs ${foreign}`)];
  if (DATA_LANGUAGES.has(language)) return [whole(code)];
  const transcript = splitTranscript(body, bodyFrom, SHELL.has(language));
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

/** Statements behind psql's prompt, with what they printed. `info-> 'a'` within a statement is an operator of JSON. */
function copiedFromPsql(body: readonly string[], bodyFrom: number): CodePart[] | null {
  const first = body.find((line) => line.trim() !== '') ?? '';
  return readPrompt(first)?.language === 'sql' ? splitTranscript(body, bodyFrom, true) : null;
}

const CMDLET =
  /^\s*(?:\$\w+\s*=\s*)?(?:Add|Clear|Connect|Copy|Disable|Disconnect|Enable|Enter|Export|Find|ForEach|Get|Grant|Import|Install|Invoke|Measure|Move|New|Read|Register|Remove|Rename|Repair|Reset|Restart|Resume|Revoke|Send|Set|Show|Start|Stop|Suspend|Test|Uninstall|Unregister|Update|Wait|Where|Write)-[A-Z][A-Za-z]+(?:\s|$)/u;
const WINDOWS =
  /^\s*(?:(?:net (?:start|stop|use|user)|sc (?:query|start|stop|config)|reg (?:add|query|delete)|iisreset|del|taskkill|tasklist|ipconfig|schtasks|wmic|netsh|robocopy|xcopy|icacls|sfc|chkdsk)(?:\s|$)|[A-Z]:\\)/iu;

/** PowerShell and the command line of Windows in a fence that calls them something else; null for any other text. */
function windows({ language, body }: CodeBlock): string | null {
  const first = body.find((line) => line.trim() !== '' && !line.trimStart().startsWith('#')) ?? '';
  if (!DATA_LANGUAGES.has(language) && CMDLET.test(first) && !body.some(isSurelyCommand)) return 'powershell';
  return language === 'cmd' && body.some((line) => WINDOWS.test(line)) ? 'the command line of Windows' : null;
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
  if (filled.length === 0 || filled.length > 40) return null;
  const whole = filled.join('\n');
  // Before anything else: `sum by (pod) (` begins with the name of a program.
  if (looksLikePromql(whole)) return body;
  if (filled.some((line) => isSurelyCommand(line))) return null;
  if (isMetricArithmetic(whole)) return body;
  const single = filled.every((line) => promqlEffect(line).effect === 'read' && /^[\w(]\S*$|[[({]/u.test(line.trim()));
  return single && filled.some((line) => looksLikePromql(line)) ? body : null;
}
