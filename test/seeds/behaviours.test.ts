import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { INVENTORY, readBehaviours, testFault, testNames, testsOf } from './covers.ts';
import { readInventoryBehaviours } from './inventory.ts';

describe('what covers the behaviours of the bot', () => {
  it('exists, test for test, and nothing is named twice', () => {
    const covers = readBehaviours();
    const faults = covers.flatMap((one) =>
      testsOf(one).flatMap((address) => {
        const fault = testFault(address);
        return fault === null ? [] : [`${one.id}: ${fault}`];
      }),
    );
    expect(faults).toEqual([]);
    expect(covers.map(({ id }) => id).filter((id, index, ids) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it.runIf(existsSync(INVENTORY))('is there for every one of them, and for no other', () => {
    const ids = readInventoryBehaviours(INVENTORY).map(({ id }) => id);
    const covered = readBehaviours().map(({ id }) => id);
    expect(ids.filter((id) => !covered.includes(id))).toEqual([]);
    expect(covered.filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe('the names of tests', () => {
  it.each([
    ["it('works', () => {})", ['works']],
    ["test('is Bob\\'s', async () => {})", ["is Bob's"]],
    ['  it.runIf(true)("says “no”", { timeout: 1 }, () => {})', ['says “no”']],
    ["it.each([1, 2])('%i is a number', () => {})", ['%i is a number']],
    ["it.each([\n  ['a', 1],\n])('%s is %i', () => {})", ['%s is %i']],
    ["it.skipIf(x)(\n  'on a line of its own',\n  () => {})", ['on a line of its own']],
    ["expect('works').toBe('works')", []],
    ["// 'works'", []],
  ])('are found in %j', (source, names) => {
    expect(testNames(source)).toEqual(names);
  });

  it('are looked up in their file', () => {
    const here = 'test/seeds/behaviours.test.ts';
    expect(testFault(`${here} › are looked up in their file`)).toBeNull();
    expect(testFault(`${here} › are looked`)).toBe(`${here} has no test “are looked”`);
    expect(testFault('test/none.test.ts › anything')).toBe('there is no file test/none.test.ts');
  });
});
