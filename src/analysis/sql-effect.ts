import { UserError } from '../lib/errors.ts';
import { isDestructiveFunction, isReadingFunction } from './sql-functions.ts';
import { combineEffects, READS, type StatementEffect } from './statement-effect.ts';

/** What PostgreSQL's own parser makes of a text, as far as Warroom needs it. */
export type SqlAnalysis = StatementEffect & {
  /** Name of the root node: `SelectStmt`, `VacuumStmt`. */
  readonly kind: string;
  /** PostgreSQL refuses it inside a transaction block. */
  readonly outsideTransaction: boolean;
};

type Node = { readonly [key: string]: unknown };

/** Root nodes that can read. Everything else changes. */
const READING_ROOTS = new Set(['SelectStmt', 'ExplainStmt', 'VariableShowStmt']);

/** Every kind of node that may occur in a reading statement. A kind that is not listed makes the statement a change. */
const READING_NODES = new Set(
  `SelectStmt ExplainStmt VariableShowStmt ResTarget ColumnRef A_Star A_Const A_Expr BoolExpr NullTest BooleanTest FuncCall TypeCast
  TypeName String Integer Float Boolean BitString List RangeVar JoinExpr RangeSubselect RangeFunction SubLink CaseExpr CaseWhen
  CoalesceExpr MinMaxExpr SortBy WindowDef WithClause CommonTableExpr Alias A_ArrayExpr A_Indirection A_Indices RowExpr ParamRef
  SQLValueFunction GroupingSet GroupingFunc CollateClause NamedArgExpr RangeTableSample DefElem CTESearchClause CTECycleClause
  ColumnDef JsonObjectConstructor JsonArrayConstructor JsonKeyValue JsonValueExpr JsonIsPredicate`.split(/\s+/u),
);

/** Statements that Warroom never sends: they steer the session or the transaction, which are Warroom's own. */
const SESSION_STATEMENTS = new Set(
  'TransactionStmt VariableSetStmt DiscardStmt PrepareStmt ExecuteStmt DeallocateStmt DeclareCursorStmt FetchStmt ClosePortalStmt ListenStmt UnlistenStmt ConstraintsSetStmt LoadStmt'.split(
    ' ',
  ),
);

const OUTSIDE_TRANSACTION = new Set(
  'CreatedbStmt DropdbStmt AlterSystemStmt CreateTableSpaceStmt DropTableSpaceStmt CreateSubscriptionStmt DropSubscriptionStmt'.split(
    ' ',
  ),
);

/**
 * Parses one SQL statement with PostgreSQL's parser (libpg-query, loaded on first use) and says what it may do. Throws
 * UserError `statement_invalid` for a syntax error, for none or several statements, and for statements that steer the session.
 */
export async function analyseSql(text: string): Promise<SqlAnalysis> {
  const [root, ...others] = await parseStatements(text);
  if (root === undefined)
    throw new UserError('statement_invalid', 'There is no SQL statement here: write exactly one.');
  if (others.length > 0) {
    throw new UserError(
      'statement_invalid',
      `There are ${others.length + 1} SQL statements here: a step runs exactly one, make a step of each.`,
    );
  }
  const kind = Object.keys(root)[0] ?? '';
  if (SESSION_STATEMENTS.has(kind)) {
    throw new UserError(
      'statement_invalid',
      `${kind.replace(/Stmt$/u, '')} steers the session, and session and transaction are opened by Warroom: leave it out.`,
    );
  }
  return { ...statementEffect(kind, root), kind, outsideTransaction: mustRunOutside(kind, root[kind] as Node) };
}

function statementEffect(kind: string, root: Node): StatementEffect {
  return combineEffects([...rootEffects(kind, root[kind] as Node), ...nodeEffects(root)]);
}

/**
 * What several statements do together, for texts that other programs run (`psql -c`); statements that steer the session are changes.
 * Throws UserError `statement_invalid` for a syntax error.
 */
export async function sqlScriptEffect(text: string): Promise<StatementEffect> {
  const roots = await parseStatements(text);
  return combineEffects(
    roots.map((root) => {
      const kind = Object.keys(root)[0] ?? '';
      return statementEffect(kind, root);
    }),
  );
}

/** The effect alone. Throws as `analyseSql` does. */
export async function sqlEffect(text: string): Promise<StatementEffect> {
  const { effect, reasons } = await analyseSql(text);
  return { effect, reasons };
}

// Kept, because a loader with hooks resolves every dynamic import anew: that took longer than the parsing.
let parser: Promise<typeof import('libpg-query')> | null = null;

async function parseStatements(text: string): Promise<Node[]> {
  parser ??= import('libpg-query');
  const { parse } = await parser;
  try {
    const { stmts } = (await parse(text)) as { stmts?: { stmt?: Node }[] };
    return (stmts ?? []).flatMap(({ stmt }) => (stmt ? [stmt] : []));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('statement_invalid', `PostgreSQL cannot read this statement (${reason}): correct it.`);
  }
}

function rootEffects(kind: string, node: Node): StatementEffect[] {
  if (READING_ROOTS.has(kind)) return [];
  if (kind === 'DoStmt') return [destructive('DO runs code that nobody can analyse beforehand.')];
  if (kind === 'CopyStmt' && node.is_program === true)
    return [destructive('COPY … PROGRAM runs a program on the database server.')];
  return [changes(`${kind.replace(/Stmt$/u, '')} is not a reading statement.`)];
}

function nodeEffects(root: Node): StatementEffect[] {
  const effects: StatementEffect[] = [];
  visit(root, (kind, node) => {
    if (!READING_NODES.has(kind))
      effects.push(changes(`${kind.replace(/Stmt$/u, '')} is not on the list of reading constructs.`));
    if (node.intoClause !== undefined) effects.push(changes('SELECT … INTO creates a table.'));
    if (node.lockingClause !== undefined) effects.push(changes('FOR UPDATE or FOR SHARE locks rows.'));
    if (kind === 'FuncCall') effects.push(functionEffect(node));
    if (kind === 'A_Expr' && namesOf(node.name).length > 1)
      effects.push(changes('OPERATOR(schema.x) may call any function.'));
    effects.push(destruction(kind, node));
  });
  return effects;
}

function destruction(kind: string, node: Node): StatementEffect {
  if (kind === 'TruncateStmt') return destructive('TRUNCATE empties tables.');
  if (kind.startsWith('Drop')) return destructive('DROP removes objects.');
  if (kind === 'DeleteStmt' && !isRestricted(node)) return destructive('DELETE without a condition removes every row.');
  if (kind === 'UpdateStmt' && !isRestricted(node)) return destructive('UPDATE without a condition changes every row.');
  if (kind === 'AlterTableCmd' && String(node.subtype).includes('Drop'))
    return destructive('ALTER TABLE … DROP removes something.');
  return READS;
}

/** True when there is a WHERE that looks at a column: `WHERE true` and `WHERE 1 = 1` restrict nothing. */
function isRestricted(node: Node): boolean {
  let looksAtColumn = false;
  if (node.whereClause === undefined) return false;
  visit(node.whereClause, (kind) => {
    if (kind === 'ColumnRef' || kind === 'CurrentOfExpr') looksAtColumn = true;
  });
  return looksAtColumn;
}

function functionEffect(node: Node): StatementEffect {
  const path = namesOf(node.funcname);
  if (isReadingFunction(path)) return READS;
  const name = path.join('.');
  if (isDestructiveFunction(path)) return destructive(`${name}() removes or takes over something.`);
  return changes(`${name}() is not on the list of functions that only read.`);
}

function mustRunOutside(kind: string, node: Node): boolean {
  if (OUTSIDE_TRANSACTION.has(kind)) return true;
  if (kind === 'VacuumStmt') return node.is_vacuumcmd === true;
  if (kind === 'IndexStmt' || kind === 'DropStmt') return node.concurrent === true;
  return kind === 'ReindexStmt' && (JSON.stringify(node).includes('"concurrently"') || !('relation' in node));
}

/** Calls back for every node below: the tree wraps each as `{ KindOfNode: { … } }`; unwrapped parts belong to their parent. */
function visit(value: unknown, callback: (kind: string, node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, callback);
  } else if (value !== null && typeof value === 'object') {
    for (const [key, child] of Object.entries(value)) {
      if (/^[A-Z]/u.test(key) && child !== null && typeof child === 'object') callback(key, child as Node);
      else if (isUnwrappedSelect(key)) callback('SelectStmt', child as Node);
      visit(child, callback);
    }
  }
}

/** The two halves of UNION and its relatives stand in the tree without their name. */
function isUnwrappedSelect(key: string): boolean {
  return key === 'larg' || key === 'rarg';
}

function namesOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.map((item: Node) => String((item.String as Node | undefined)?.sval ?? ''));
}

function changes(reason: string): StatementEffect {
  return { effect: 'change', reasons: [reason] };
}

function destructive(reason: string): StatementEffect {
  return { effect: 'destructive', reasons: [reason] };
}
