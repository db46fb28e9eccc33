import { expect, test } from 'vitest';
import { runMessage } from '../../src/slack/views/run-card.ts';
import { aRunCard, aStatus, aStep } from './examples.ts';

test.each([
  [0, '*What can be done*"'],
  [1, '*What can be done* (the first is suggested by what the diagnostics found)'],
  [2, '*What can be done* (the first 2 are suggested by what the diagnostics found)'],
])('a runbook says of how many steps the diagnostics found that they fit: %i', (suggested, title) => {
  const steps = [0, 1, 2].map((index) =>
    aStatus(aStep(`s${index}`, { phase: 'mitigate', effect: 'change', when: 'true' }), { offered: index < suggested }),
  );
  expect(JSON.stringify(runMessage(aRunCard(steps)).blocks)).toContain(title);
});
