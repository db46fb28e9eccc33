import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';

const secret = new Secret('hunter2');

test.each([
  ['JSON', JSON.stringify({ secret })],
  ['a template', `${secret}`],
  ['String()', String(secret)],
  ['inspect', inspect({ secret }, { depth: 10, showHidden: true })],
  ['a spread', JSON.stringify({ ...secret })],
  ['its keys', Object.getOwnPropertyNames(secret).join()],
])('%s does not show a secret', (_name, shown) => {
  expect(shown).not.toContain('hunter2');
});

test('reveal gives the value away', () => {
  expect(secret.reveal()).toBe('hunter2');
});
