import { RULE_NAMES, ruleOf } from '../src/packs/rules.ts';

/** The page of the documentation that lists the rules of `warroom lint`, made from their one table. */
export function rulesPage(): string {
  const rows = RULE_NAMES.map((name) => {
    const { severity, warnsInDraft, allowable, meaning } = ruleOf(name);
    const shown = warnsInDraft ? `${severity}, warning in a draft` : severity;
    return `| \`${name}\` | ${shown} | ${allowable ? 'yes' : ''} | ${meaning} |`;
  });
  return [
    '# Rules of `warroom lint`',
    '',
    'Made by `npm run schemas` from `src/packs/rules.ts`; `warroom lint --rules` prints the same.',
    '',
    '| rule | severity | can be allowed | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
