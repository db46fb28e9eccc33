import type { Problem } from '../problems.ts';
import type { RuleName } from '../rules.ts';
import { findSecrets } from './secrets.ts';

/** What is wrong with the text of a file, whatever kind it is: secrets and marks that were left. */
export function checkText(file: string, text: string): Problem[] {
  return text.split(/\r\n|\n|\r/u).flatMap((raw, index) => {
    const problem = (rule: RuleName, start: number, severity: Problem['severity'], message: string, fix: string) => ({
      ...{ rule, file, line: index + 1, column: start + 1, severity, message, fix },
    });
    const secrets = findSecrets(raw).map(({ start, what }) =>
      problem(
        'secret-in-text',
        start,
        'error',
        `this looks like ${what}`,
        'Keep it outside: a credential of the target, or a parameter of type secret; and change it, for it was written down.',
      ),
    );
    const mark = /\bTODO\b[:\s-]*(.{0,80})/u.exec(raw);
    const rest = mark?.[1]?.replace(/\s*(?:-->|\*\/)\s*$/u, '').trim();
    const todo = mark
      ? [
          problem(
            'todo',
            mark.index,
            'warning',
            rest ? `to do: ${rest}` : 'something is left to do',
            'Settle it and remove the mark.',
          ),
        ]
      : [];
    return [...secrets, ...todo];
  });
}
