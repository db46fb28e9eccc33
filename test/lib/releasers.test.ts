import { expect, test } from 'vitest';
import { Releasers } from '../../src/lib/releasers.ts';

test('closes last-in first-out, goes on after a failure and tells which one failed', async () => {
  const order: string[] = [];
  const releasers = new Releasers();
  const failure = new Error('stuck');
  releasers.add('first', () => order.push('first'));
  releasers.add('second', () => Promise.reject(failure));
  releasers.add('third', async () => order.push('third'));
  expect(await releasers.releaseAll()).toEqual([{ name: 'second', error: failure }]);
  expect(order).toEqual(['third', 'first']);
  expect(await releasers.releaseAll()).toEqual([]);
  expect(order).toEqual(['third', 'first']);
});
