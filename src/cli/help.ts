import type { Verb } from './verb.ts';

/** How one verb is used. */
export function helpOf(verb: Verb): string {
  return [verb.summary, '', ...verb.usage.map((line) => `  ${line}`)].join('\n');
}

/** All verbs with one line each. */
export function helpText(verbs: readonly Verb[]): string {
  const lines = verbs.map((each) => `  warroom ${each.name.padEnd(12)} ${each.summary}`);
  return [
    'Warroom: runbooks that run, in the Slack channel where the incident is.',
    '',
    ...lines,
    '  warroom help VERB    How a verb is used.',
  ].join('\n');
}
