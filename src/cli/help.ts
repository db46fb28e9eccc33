import type { Verb } from './verb.ts';

/** All verbs with one line each, or how one of them is used. */
export function helpText(verbs: readonly Verb[], name: string | undefined): string {
  const verb = verbs.find((candidate) => candidate.name === name);
  if (verb !== undefined) return [verb.summary, '', ...verb.usage.map((line) => `  ${line}`)].join('\n');
  const lines = verbs.map((each) => `  warroom ${each.name.padEnd(12)} ${each.summary}`);
  return [
    'Warroom: runbooks that run, in the Slack channel where the incident is.',
    '',
    ...lines,
    '  warroom help VERB    How a verb is used.',
  ].join('\n');
}
