import type { Clock } from '../../lib/clock.ts';
import { UserError } from '../../lib/errors.ts';
import { Secret } from '../../lib/secret.ts';
import { requireEffect } from '../allowed-effect.ts';
import { type BoundValue, boundValue, plainText, secretsAmong, shownValue, visibleJson } from '../bound-values.ts';
import { canonicalTarget, credentialFor, LoadedSecrets } from '../credential.ts';
import type { Executor, RunContext, Statement, StatementResult, StatementSource } from '../executor.ts';
import { withLimits } from '../limits.ts';
import { type Findings, safeResult } from '../results.ts';
import type { SecretResolver } from '../secrets.ts';
import { type AnalysedSql, analyseTemplate } from './prepare-sql.ts';
import { runSql } from './run-sql.ts';
import { type EmbeddedConnections, maxRowsOf, sqlConnection, sqlTargetProblems } from './sql-target.ts';

/** What the `sql` executor is built with. */
export type SqlDependencies = {
  readonly clock: Clock;
  readonly secrets: SecretResolver;
  readonly embedded: EmbeddedConnections | undefined;
};

type Prepared = AnalysedSql & { readonly source: StatementSource; readonly bound: readonly BoundValue[] };

/** PostgreSQL: one statement per step, values as bind parameters, reading in five layers (parser, functions, protocol, session, role). */
export function createSqlExecutor(dependencies: SqlDependencies): Executor {
  return {
    language: 'sql',
    checkTarget: sqlTargetProblems,
    placeholders: async (text) => [...(await analyseTemplate(text)).template.names],
    prepare: async (source) => {
      const analysed = await analyseTemplate(source.text);
      requireEffect(analysed.analysis, source.allowed);
      const bound = analysed.template.names.map((name) => boundValue(source.values, name));
      return statementOf({ ...analysed, source, bound }, dependencies);
    },
  };
}

function statementOf(prepared: Prepared, dependencies: SqlDependencies): Statement {
  const { source, template, bound } = prepared;
  const credential = credentialFor(source.target, source.allowed);
  const values = bound.map(({ name, value }, index) => `-- $${index + 1} ${name} = ${visibleJson(value)}`);
  return {
    language: 'sql',
    display: [template.text.trim(), ...values].join('\n'),
    canonical: {
      executor: 'sql',
      version: 1,
      statement: template.text,
      values: bound.map(({ value }) => shownValue(value)),
      target: canonicalTarget(source.target, credential),
    },
    effect: prepared.analysis.effect,
    run: (context) => run(prepared, context, dependencies),
  };
}

async function run(prepared: Prepared, context: RunContext, dependencies: SqlDependencies): Promise<StatementResult> {
  const { source, template, bound, analysis } = prepared;
  const secrets = new LoadedSecrets(context.secrets ?? dependencies.secrets);
  return await withLimits(context, dependencies.clock, async (limits) => {
    let findings: Findings;
    try {
      const credential = credentialFor(source.target, source.allowed);
      const connection = await sqlConnection(source.target, { credential, secrets, embedded: dependencies.embedded });
      if (connection.password) secrets.used.push(new Secret(connection.password));
      findings = await runSql({
        target: source.target.name,
        connection,
        text: template.text,
        values: bound.map(({ value }) =>
          typeof value === 'boolean' || typeof value === 'number' ? value : plainText(value),
        ),
        maxRows: maxRowsOf(source.target),
        readOnly: credential === 'read',
        outsideTransaction: analysis.outsideTransaction,
        timeoutMs: context.timeoutMs,
        limits,
        clock: dependencies.clock,
      });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      findings = { status: 'refused', error: error.message };
    }
    return safeResult(findings, context, { limits, secrets: [...secretsAmong(bound), ...secrets.used] });
  });
}
