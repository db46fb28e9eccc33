import { promqlEffect } from '../analysis/promql-effect.ts';
import { classifyShell } from '../analysis/shell/shell-effect.ts';
import { sqlScriptEffect } from '../analysis/sql-effect.ts';
import { combineEffects, type StatementEffect } from '../analysis/statement-effect.ts';
import { UserError } from '../lib/errors.ts';
import { analyseStatement } from './analyse-statement.ts';

/** Languages whose texts can be classified by themselves. */
export const CLASSIFIED = ['sh', 'sql', 'redis', 'kubectl', 'docker', 'http', 'promql'] as const;

/**
 * What a text of one language may do, wherever it comes from: it needs no target, no fence and no executor. `kubectl` and `docker`
 * texts are arguments, with or without the program's name; `redis` and `sql` texts of several statements are never a read.
 */
export async function classifyStatement(language: (typeof CLASSIFIED)[number], text: string): Promise<StatementEffect> {
  switch (language) {
    case 'sh':
      return await classifyShell(text);
    case 'kubectl':
      return await classifyArguments(text, ['kubectl', 'oc']);
    case 'docker':
      return await classifyArguments(text, ['docker', 'docker-compose', 'podman']);
    case 'promql':
      return promqlEffect(text.replace(/^\s*range\s[^\n]*\n/u, ''));
    case 'sql':
      return combineEffects([await statement('sql', text), await destructiveSql(text)]);
    case 'redis':
      return combineEffects([await statement('redis', text), ...(await destructiveLines(text))]);
    default:
      return await statement(language, text);
  }
}

async function statement(language: 'sql' | 'redis' | 'http', text: string): Promise<StatementEffect> {
  return (await analyseStatement(language, text)) ?? { effect: 'change', reasons: [`${language} cannot be analysed.`] };
}

/** Each line is a call of the program; a line that ends in a backslash goes on. */
async function classifyArguments(text: string, programs: readonly [string, ...string[]]): Promise<StatementEffect> {
  const lines = text
    .replaceAll(/\\\n/gu, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0) return { effect: 'change', reasons: ['There is no command here.'] };
  const named = (line: string): string =>
    programs.includes(line.split(/\s/u)[0] ?? '') ? line : `${programs[0]} ${line}`;
  return combineEffects(await Promise.all(lines.map((line) => classifyShell(named(line)))));
}

/** A step takes one statement only, so several are a change; what destroys among them is still found. */
async function destructiveSql(text: string): Promise<StatementEffect> {
  try {
    return await sqlScriptEffect(text);
  } catch (error) {
    if (error instanceof UserError) return { effect: 'read', reasons: [] };
    throw error;
  }
}

async function destructiveLines(text: string): Promise<StatementEffect[]> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length < 2 ? [] : await Promise.all(lines.map((line) => statement('redis', line)));
}
