import { analyseSql, type SqlAnalysis } from '../../../../analysis/sql-effect.ts';
import { UserError } from '../../../../lib/errors.ts';
import { keepBraces, type Placeholder, splitMarks } from '../marks.ts';
import { lastValue, operandsOf, readItems } from '../options.ts';
import { type Invocation, type Translation, targetKind } from '../translation.ts';
import { readPlace } from './place.ts';

const OPTIONS = `-c: --command: -h: --host: -p: --port: -U: --username: -d: --dbname: -v: --set: --variable: -P: --pset: -F: --field-separator:
  -t --tuples-only -A --no-align -x --expanded -q --quiet -X --no-psqlrc -w --no-password -W --password -1 --single-transaction -e --echo-queries
  -H --html --csv -E`;

/** Statements in which PostgreSQL takes bind parameters; the others are utility statements. */
const BINDABLE = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'ExplainStmt']);

/** `psql -c "…"` or `psql <<EOF` with one statement. Files, backslash commands and several statements stay with psql. */
export async function translatePsql(call: Invocation, inside: string | null = null): Promise<Translation | null> {
  const read = readItems(call.args, { options: OPTIONS });
  if (read === null || read.after !== null) return null;
  const commands = read.items.filter((item) => item.kind === 'option' && /^(?:-c|--command)$/u.test(item.name));
  const variables = read.items.filter((item) => item.kind === 'option' && /^(?:-v|--set|--variable)$/u.test(item.name));
  if (variables.some(({ value }) => !/^ON_ERROR_STOP=/u.test(value ?? '')) || commands.length > 1) return null;
  const sql = commands[0]?.value ?? call.input;
  if (sql === null || (commands.length > 0 && call.input !== null)) return null;
  const statement = await writeSql(sql, call.placeholders);
  if (statement === null) return null;
  const target = connection(call, read.items, inside);
  return target === null
    ? null
    : { language: 'sql', text: statement, targetKind: target.kind, targetOptions: target.options, notes: target.notes };
}

type Target = { readonly kind: string; readonly options: Record<string, unknown>; readonly notes: readonly string[] };

function connection(call: Invocation, items: Parameters<typeof lastValue>[0], inside: string | null): Target | null {
  const [first, second, ...more] = operandsOf(items);
  const named = lastValue(items, '-d', '--dbname') ?? undefined;
  if (more.length > 0) return null;
  const url = [named, first].find((text) => text !== undefined && /^postgres(?:ql)?:\/\//u.test(text));
  if (url !== undefined) return second === undefined ? fromUrl(url, call) : null;
  if ([named, first].some((text) => text?.includes('='))) return null;
  const whole = readPlace(named ?? first ?? '', call.placeholders);
  if (whole?.setting != null && lastValue(items, '-h', '--host') === undefined) return fromSetting(whole.setting);
  const parts = {
    host: lastValue(items, '-h', '--host') ?? call.environment.get('PGHOST') ?? inside ?? '',
    port: lastValue(items, '-p', '--port') ?? call.environment.get('PGPORT') ?? '5432',
    user:
      lastValue(items, '-U', '--username') ??
      (named === undefined ? undefined : second) ??
      call.environment.get('PGUSER') ??
      call.user ??
      '',
    database: named ?? first ?? call.environment.get('PGDATABASE') ?? '',
  };
  return fromParts(parts, call);
}

function fromSetting(setting: string): Target {
  const options = { connection: { setting, default: 'postgres://127.0.0.1:5432/postgres' } };
  return { kind: targetKind('sql', setting), options, notes: [] };
}

type Parts = { readonly host: string; readonly port: string; readonly user: string; readonly database: string };

/** A host from a variable becomes a setting of the installation; one that differs from incident to incident cannot be a target. */
function fromParts(parts: Parts, { placeholders }: Invocation): Target | null {
  const [host, port, user, database] = [parts.host, parts.port, parts.user, parts.database].map((text) =>
    readPlace(text, placeholders),
  );
  if (host == null || port == null || user == null || database == null) return null;
  const shownHost = host.text === '' || host.text.startsWith('/') ? '127.0.0.1' : host.text;
  const shownDatabase = database.text || user.text || 'postgres';
  const kind = targetKind(
    'sql',
    ...[host.setting ?? host.text, database.setting ?? database.text].filter((text) => text !== ''),
  );
  const address = `postgres://${shownHost}:${port.text || '5432'}/${shownDatabase}`;
  const setting = host.setting ?? port.setting ?? database.setting;
  const notes = [
    ...(user.text === '' ? [] : [`The command connected as ${user.text}.`]),
    ...(host.text === '' && host.setting === null ? ['The source does not say where the database is.'] : []),
  ];
  return {
    kind,
    options: { connection: setting === null ? address : { setting: `${setting}_URL`, default: address } },
    notes,
  };
}

function fromUrl(url: string, call: Invocation): Target | null {
  const match =
    /^postgres(?:ql)?:\/\/(?:(?<user>[^:@/]*)(?::[^@]*)?@)?(?<host>[^:/?]+)(?::(?<port>\d+))?(?:\/(?<database>[^?]*))?(?:\?.*)?$/u.exec(
      url,
    );
  if (!match?.groups) return null;
  const { user = '', host = '', port = '5432', database = '' } = match.groups;
  return fromParts({ host, port, user, database }, call);
}

/**
 * One statement with `${name}` where values stand; a quoted text around a placeholder becomes a bound value. Null when PostgreSQL cannot
 * read it, when it holds several statements, or when a placeholder stands where no value can be bound.
 */
export async function writeSql(source: string, placeholders: readonly Placeholder[]): Promise<string | null> {
  const open = unquote(source.trim().replace(/(?:\s*;)+$/u, ''));
  const pieces = splitMarks(open, placeholders);
  const numbered = pieces.map((piece, at) => (typeof piece === 'string' ? piece : `$${at + 1}`)).join('');
  const analysis = await analyse(numbered);
  if (analysis === null || /\$\d/u.test(source)) return null;
  const values = pieces.filter((piece) => typeof piece !== 'string').length;
  if (values > 0 && (!BINDABLE.has(analysis.kind) || (await countParameters(numbered)) !== values)) return null;
  return pieces.map((piece) => (typeof piece === 'string' ? keepBraces(piece) : `\${${piece.param.name}}`)).join('');
}

/** `'<id>'` → the value itself; `'%<id>%'` → `'%' || value || '%'`, which is bound in the same place. */
function unquote(sql: string): string {
  // Next to comments and dollar quotes an apostrophe need not be a quote.
  if (/--|\/\*|\$\w*\$/u.test(sql)) return sql;
  return sql.replaceAll(/(?<![A-Za-z0-9_'])'((?:[^']|'')*)'(?!')/gu, (literal, inner: string) => {
    const parts = inner.split(/(WRMARK\d{3}Z)/u).filter((part) => part !== '');
    if (!parts.some((part) => /^WRMARK\d{3}Z$/u.test(part))) return literal;
    const joined = parts.map((part) => (/^WRMARK\d{3}Z$/u.test(part) ? part : `'${part}'`)).join(' || ');
    return parts.length === 1 ? joined : `(${joined})`;
  });
}

async function analyse(sql: string): Promise<SqlAnalysis | null> {
  try {
    return await analyseSql(sql);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Loaded once, on first use: the parser costs megabytes that most commands never need. */
let scanner: Promise<typeof import('libpg-query')> | null = null;

/** How many bind parameters PostgreSQL's own scanner sees: one inside of quotes or a comment is none. */
async function countParameters(sql: string): Promise<number> {
  scanner ??= import('libpg-query');
  const { scan } = await scanner;
  return (await scan(sql)).tokens.filter((token) => token.tokenName === 'PARAM').length;
}
