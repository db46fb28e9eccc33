import { analyseSql, type SqlAnalysis } from '../../analysis/sql-effect.ts';
import { UserError } from '../../lib/errors.ts';
import { refuseInvisible } from '../bound-values.ts';
import { looksPiped } from '../filters/chain.ts';
import { placeOf } from '../placeholders.ts';
import { bindSql, type SqlTemplate } from './bind-sql.ts';

/** Root nodes that take bind parameters; all others are utility statements. */
const BINDABLE = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'ExplainStmt']);

/** A statement with its parameters and what it may do. */
export type AnalysedSql = { readonly template: SqlTemplate; readonly analysis: SqlAnalysis };

/**
 * Binds and analyses. Throws UserError `statement_invalid`, or `placeholder_unbindable` when a placeholder stands where PostgreSQL
 * takes no value: as a name, or in a utility statement.
 */
export async function analyseTemplate(source: string): Promise<AnalysedSql> {
  refuseInvisible(source);
  const template = await bindSql(source);
  const analysis = await analyse(source, template);
  if (template.names.length > 0 && !BINDABLE.has(analysis.kind)) {
    throw new UserError(
      'placeholder_unbindable',
      `PostgreSQL binds no values in ${analysis.kind.replace(/Stmt$/u, '')}: write the value itself instead of \`\${${template.names[0]}}\`.`,
    );
  }
  return { template, analysis };
}

async function analyse(source: string, template: SqlTemplate): Promise<SqlAnalysis> {
  try {
    return await analyseSql(template.text);
  } catch (error) {
    // In SQL a | is an operator, so it is a pipe only where PostgreSQL cannot read it.
    if (error instanceof UserError && looksPiped(source)) {
      throw new UserError(
        'statement_invalid',
        'The rows of SQL are not piped: choose them with WHERE and ORDER BY … LIMIT, count them with count(*).',
      );
    }
    const number = error instanceof Error ? /at or near "\$(\d+)"/u.exec(error.message)?.[1] : undefined;
    const name = number === undefined ? undefined : template.names[Number(number) - 1];
    if (name === undefined) throw error;
    throw new UserError(
      'placeholder_unbindable',
      `\`\${${name}}\` (${placeOf(source, source.indexOf(`\${${name}}`))}) stands for a name or keyword, where PostgreSQL binds no values: write the name itself.`,
    );
  }
}
