import { BUILTINS, MACHINE, TEXT } from './basics.ts';
import { CONTAINERS } from './containers.ts';
import { NETWORK } from './network.ts';
import type { Program } from './program.ts';
import { TOOLS } from './tools.ts';

const PROGRAMS: ReadonlyMap<string, Program> = new Map(
  Object.entries({ ...BUILTINS, ...TEXT, ...MACHINE, ...NETWORK, ...CONTAINERS, ...TOOLS }),
);

/** The entry of a program that can read; null for a program that is not listed and so is a change. */
export function findProgram(name: string): Program | null {
  return PROGRAMS.get(name) ?? null;
}

/** Every listed program, for the tests that go over the table. */
export function programNames(): string[] {
  return [...PROGRAMS.keys()];
}
