import { expect, test } from 'vitest';
import { checkMessageBlocks } from '../../src/sandbox/block-kit-rules.ts';
import { runMessage } from '../../src/slack/views/run-card.ts';
import { anIncident, aRunbook, aRunCard } from './examples.ts';

function openings(links: readonly string[], inRoom: boolean): string[] {
  const incident = inRoom ? anIncident() : null;
  const message = runMessage(aRunCard([], { runbook: aRunbook([], { links }), incident }));
  expect(checkMessageBlocks(message.blocks)).toEqual([]);
  return [...JSON.stringify(message.blocks).matchAll(/"runbook\.open".*?"value":"([^"]+)"/gu)].map(
    ([, value = '']) => value,
  );
}

test('offers the runbooks that it links to, in its incident, and names those that find no place', () => {
  const { system } = aRunbook([]);
  const { number } = anIncident();
  expect(openings([], false)).toEqual([]);
  expect(openings(['RB-2', 'bank/RB-3'], false)).toEqual([`${system}/RB-2`, 'bank/RB-3']);
  expect(openings(['RB-2'], true)).toEqual([`${system}/RB-2/${number}`]);
  const many = Array.from({ length: 40 }, (_, index) => `RB-${index}`);
  expect(openings(many, false)).toHaveLength(4);
  const message = runMessage(aRunCard([], { runbook: aRunbook([], { links: many }) }));
  expect(JSON.stringify(message.blocks)).toContain('It also points to RB-4, RB-5');
});
