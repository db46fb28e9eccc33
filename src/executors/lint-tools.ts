import type { Language } from '../domain/runbook.ts';
import { InternalError, UserError } from '../lib/errors.ts';
import type { LintTools, StatementFault, StatementNames } from '../packs/lint/tools.ts';
import { analyseStatement } from './analyse-statement.ts';
import type { Executor } from './executor.ts';
import { createExecutors } from './registry.ts';
import { isSteeringName } from './sh/environment.ts';

/** What lint asks of the executors. Nothing here loads a secret or reaches a target. */
export function createLintTools(): LintTools {
  const executors = createExecutors({
    secrets: () => Promise.reject(new InternalError('secret_in_lint', 'Lint loads no secrets')),
  });
  return {
    analyse: analyseStatement,
    namesOf: async (language, text) => {
      const executor = executors.get(language);
      return executor ? await namesOf(executor, language, text) : null;
    },
    targetProblems: (target) => executors.get(target.executor)?.checkTarget(target) ?? [],
  };
}

async function namesOf(executor: Executor, language: Language, text: string): Promise<StatementNames> {
  try {
    const names = await executor.placeholders(text);
    return { names, faults: language === 'sh' ? names.filter(isSteeringName).map(forbidden) : [] };
  } catch (error) {
    if (error instanceof UserError) return { names: [], faults: [faultOf(error)] };
    throw error;
  }
}

function forbidden(name: string): StatementFault {
  return {
    rule: 'forbidden-name',
    message: `programs obey a variable called "${name}"`,
    fix: 'Rename the parameter.',
    line: null,
    column: null,
  };
}

/** The sentence of an error as what is wrong and what to do; its place is taken out of it. */
function faultOf(error: UserError): StatementFault {
  const place = / \(line (\d+), column (\d+)\)/u.exec(error.message);
  const sentence = error.message.replace(place?.[0] ?? '', '').replace(/\.$/u, '');
  const colon = sentence.lastIndexOf(': ');
  const [what, fix] = colon < 0 ? [sentence, ''] : [sentence.slice(0, colon), sentence.slice(colon + 2)];
  const isUnquoted = what.includes('is not in double quotes');
  return {
    rule: isUnquoted ? 'unquoted-value' : error.code.startsWith('placeholder_') ? 'unbindable-value' : 'bad-statement',
    // `PostgreSQL` keeps its capital letter.
    message: what.replace(/^[A-Z](?=[a-z]* )/u, (letter) => letter.toLowerCase()),
    fix: fix === '' ? '' : `${fix.charAt(0).toUpperCase()}${fix.slice(1)}.`,
    line: place ? Number(place[1]) : null,
    column: place ? Number(place[2]) : null,
  };
}
