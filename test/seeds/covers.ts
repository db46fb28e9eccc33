import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** The product's folder. */
export const ROOT = join(import.meta.dirname, '../..');
/** The inventory of the source documents; it lies outside of the repository. */
export const INVENTORY = join(ROOT, '../shared/seeds/inventory.yaml');

/** One line of a system's coverage: exactly one of the three ways says what covers the id. */
const cover = z.union([
  z.strictObject({ id: z.string(), covered_by: z.string().regex(/^runbooks\/[^#]+\.md#[a-z][a-z0-9_]*$/u) }),
  z.strictObject({ id: z.string(), 'folded-into': z.string() }),
  z.strictObject({ id: z.string(), setting: z.string().regex(/^system\.yml#.+$/u) }),
]);
export type Cover = z.output<typeof cover>;

/** Where behaviours that come later will be covered: execution, the incident's process, escalation, alerts and routines. */
const PARTS = ['C', 'D', 'E', 'F'] as const;

const testName = z.string().regex(/^test\/\S+\.test\.tsx? › .+$/u, 'write test/folder/file.test.ts › name of the test');
/** One line of the behaviours: the tests that show it, all of them, or the part of the work that will. */
const behaviour = z.union([
  z.strictObject({ id: z.string(), test: z.union([testName, z.array(testName).min(1)]) }),
  z.strictObject({ id: z.string(), part: z.enum(PARTS) }),
]);
export type BehaviourCover = z.output<typeof behaviour>;

const index = z.strictObject({ systems: z.record(z.string(), z.string()), behaviours: z.string() });

const readYaml = (file: string): unknown => parse(readFileSync(join(import.meta.dirname, file), 'utf8'));

/** The files that the coverage consists of, relative to this folder. */
export function readIndex(): z.output<typeof index> {
  return index.parse(readYaml('coverage.yml'));
}

/** What covers the ids of one system. Throws when a line has another shape. */
export function readCovers(system: string): Cover[] {
  return z.array(cover).parse(readYaml(readIndex().systems[system] ?? `coverage/${system}.yml`));
}

/** What covers the behaviours of the bot. Throws when a line has another shape. */
export function readBehaviours(): BehaviourCover[] {
  return z.array(behaviour).parse(readYaml(readIndex().behaviours));
}

/** The tests that a line names; none for what comes later. */
export function testsOf(one: BehaviourCover): readonly string[] {
  if ('part' in one) return [];
  return typeof one.test === 'string' ? [one.test] : one.test;
}

/** What is wrong with the address of a test, null when its file holds a test of exactly that name. */
export function testFault(address: string): string | null {
  const [file = '', name = ''] = address.split(/ › (.*)/u);
  const path = join(ROOT, file);
  if (!existsSync(path)) return `there is no file ${file}`;
  return testNames(readFileSync(path, 'utf8')).includes(name) ? null : `${file} has no test “${name}”`;
}

/** The names of the tests of a file as they are written there, placeholders of tables included. */
export function testNames(source: string): string[] {
  // The name follows `it(`, or the `)` that closes the table of an `it.each(…)`.
  const named =
    /(?:\b(?:it|test)(?:\.\w+(?:\([^()]*\))?)*|[\])])\(\s*(?<quote>['"`])(?<name>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>/gu;
  return [...source.matchAll(named)].map(({ groups }) => (groups?.name ?? '').replace(/\\(.)/gu, '$1'));
}
