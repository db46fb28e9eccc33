import { readDockerCommand } from '../analysis/docker-command.ts';
import { effectOfDocker } from '../analysis/docker-effect.ts';
import { httpEffect } from '../analysis/http-effect.ts';
import { kubectlEffect } from '../analysis/kubectl-effect.ts';
import { redisEffect } from '../analysis/redis-effect.ts';
import { classifyShell } from '../analysis/shell/shell-effect.ts';
import { READS, type StatementEffect } from '../analysis/statement-effect.ts';
import type { Language } from '../domain/runbook.ts';
import { messageOf } from '../lib/errors.ts';
import { openWords, parseCommandLine } from './command-line.ts';
import { requireBounded } from './docker/logs.ts';
import { readFilterChain } from './filters/filters.ts';
import { parseRequest } from './http/parse-request.ts';
import { parseStatement } from './kubectl/parse-statement.ts';
import { parseQuery } from './promql/parse-query.ts';
import { parseCommand } from './redis/parse-command.ts';
import { analyseTemplate } from './sql/prepare-sql.ts';

/**
 * What the text of a fence does, its placeholders still open. Null for a language without an executor, which cannot be
 * run anyway. A text that cannot be read counts as a change: whatever is not understood is not harmless.
 */
export async function analyseStatement(language: Language, text: string): Promise<StatementEffect | null> {
  try {
    switch (language) {
      case 'http':
        return httpEffect(parseRequest(text).method);
      case 'redis':
        return redisEffect(parseCommand(text).args.map(shape));
      case 'sql':
        return (await analyseTemplate(text)).analysis;
      case 'sh':
        return await classifyShell(text);
      case 'kubectl':
        return await kubectlEffect(parseStatement(text).words);
      case 'docker':
        return await dockerStep(text);
      case 'promql':
        parseQuery(text);
        return READS;
      case 'probe':
        return READS;
      default:
        return null;
    }
  } catch (error) {
    return { effect: 'change', reasons: [messageOf(error)] };
  }
}

/** The filters behind a command do nothing, but what they do not know would fail at the worst moment; so would a log without an end. */
async function dockerStep(text: string): Promise<StatementEffect> {
  const line = parseCommandLine(text, 'docker');
  const command = readDockerCommand(openWords(line.words));
  requireBounded(command.options);
  readFilterChain(line.filters, Object.fromEntries(line.names.map((name) => [name, '1'])));
  return await effectOfDocker(command);
}

/** A placeholder is one argument whatever its value is; `prepare` looks again once the value is bound. */
function shape(argument: readonly ({ text: string } | { name: string })[]): string {
  return argument.map((piece) => ('text' in piece ? piece.text : '1')).join('');
}
