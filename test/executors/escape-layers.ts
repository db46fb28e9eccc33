import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';

/** One layer of protection and what came through without it, for the table of the proof. */
export type LayerFinding = {
  readonly executor: string;
  readonly layer: string;
  readonly tried: number;
  /** Names of the escapes that came through when this layer alone was left out: nothing else stops them. */
  readonly alone: readonly string[];
  /** Layers that stand behind this one, empty when nothing does. */
  readonly behind: readonly string[];
  /** Escapes that come through when those are left out as well, and that this layer stopped for them. */
  readonly together: readonly string[];
};

declare module 'vitest' {
  interface TaskMeta {
    layer?: LayerFinding;
  }
}

/** `behind`: what has to be left out as well before anything comes through; empty when this layer stands alone. */
export type Layer<Name extends string> = { readonly name: Name; readonly behind: readonly Name[] };

export type Layers<Name extends string> = {
  readonly executor: string;
  readonly layers: readonly Layer<Name>[];
  /** Names of the layers that are left out; the mocks of the test file look into it. */
  readonly off: Set<string>;
  readonly escapes: readonly { readonly name: string }[];
  /** Tries every escape and gives the names of those that changed the real target, which is put right again afterwards. */
  readonly attempt: () => Promise<readonly string[]>;
  /** Why this cannot be tried on this machine; null when it can. */
  readonly missing?: () => string | null;
};

/** Shows for each layer that the test of the escapes goes red without it: alone, or together with the layers behind it. */
export function describeLayers<Name extends string>(use: Layers<Name>): void {
  const { executor, layers, off, escapes } = use;
  const seen = new Map<string, readonly string[]>();
  const without = async (names: readonly string[]): Promise<readonly string[]> => {
    const key = [...names].sort().join();
    for (const name of names) off.add(name);
    try {
      const found = seen.get(key) ?? (await use.attempt());
      seen.set(key, found);
      return found;
    } finally {
      off.clear();
    }
  };
  const orSkip = (skip: TestContext['skip']) => {
    const missing = use.missing?.() ?? null;
    if (missing !== null) skip(missing);
  };
  describe(`what each layer of ${executor} is for (controls)`, () => {
    it(`none of ${escapes.length} escapes changes anything while all layers stand`, async ({ skip }) => {
      orSkip(skip);
      requireNone(await without([]));
    });

    it.for(layers)('the same test goes red without the $name', async ({ name, behind }, { skip, task }) => {
      orSkip(skip);
      const alone = await without([name]);
      const others = behind.length === 0 ? [] : await without(behind);
      const both = behind.length === 0 ? alone : await without([...behind, name]);
      const together = both.filter((one) => !others.includes(one));
      expect(() => requireNone(behind.length === 0 ? alone : together)).toThrow(AssertionError);
      if (behind.length > 0) expect(alone, 'the layers behind it are not needed to see what it stops').toEqual([]);
      const found = behind.length === 0 ? [] : together;
      task.meta.layer = { executor, layer: name, tried: escapes.length, alone, behind, together: found };
    });

    it('each escape came through somewhere, so that none is tried in vain', async ({ skip }) => {
      orSkip(skip);
      const found = new Set<string>();
      const sets = [layers.map(({ name }) => name), ...layers.map(({ name, behind }) => [...behind, name])];
      for (const set of sets) for (const one of await without(set)) found.add(one);
      expect(escapes.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
    });
  });
}

/** The names of the escapes after which the target is not what it was. `reset` puts it right. What an escape answers is not listened to. */
export async function thatChanged<Escape extends { readonly name: string }>(
  escapes: readonly Escape[],
  use: { run(one: Escape): Promise<unknown>; state(): Promise<unknown>; reset(): Promise<unknown> },
): Promise<string[]> {
  const found: string[] = [];
  let before = await use.state();
  for (const one of escapes) {
    await use.run(one).catch(() => undefined); // refused by whatever layer: the target alone is asked
    if (isDeepStrictEqual(await use.state(), before)) continue;
    found.push(one.name);
    await use.reset();
    before = await use.state();
  }
  return found;
}

/** What every table of escapes asserts. */
function requireNone(found: readonly string[]): void {
  if (found.length > 0) throw new AssertionError({ message: `came through: ${found.join(', ')}` });
}
