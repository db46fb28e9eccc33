import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { rulesPage } from '../../scripts/rules-page.ts';
import { runbookJsonSchema, systemJsonSchema } from '../../src/packs/json-schemas.ts';

const ROOT = join(import.meta.dirname, '../..');
const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
const isSystem = ajv.compile(systemJsonSchema());
const isFrontMatter = ajv.compile(runbookJsonSchema());

async function shipped(kind: 'system.yml' | '.md'): Promise<{ file: string; text: string }[]> {
  const names = await readdir(join(ROOT, 'runbooks'), { recursive: true });
  const wanted = names.filter((name) => name.endsWith(kind));
  return await Promise.all(
    wanted.map(async (file) => ({ file, text: await readFile(join(ROOT, 'runbooks', file), 'utf8') })),
  );
}

describe('the JSON Schemas for editors', () => {
  it('are up to date (npm run schemas writes them)', async () => {
    const read = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(ROOT, 'schemas', name), 'utf8'));
    expect(await read('system.schema.json')).toEqual(systemJsonSchema());
    expect(await read('runbook.schema.json')).toEqual(runbookJsonSchema());
  });

  it('take every shipped system, which names its schema in the first line', async () => {
    const systems = await shipped('system.yml');
    expect(systems.length).toBeGreaterThanOrEqual(6);
    for (const { file, text } of systems) {
      isSystem(parse(text));
      expect(isSystem.errors ?? [], file).toEqual([]);
      expect(text.split('\n')[0], file).toBe('# yaml-language-server: $schema=../../schemas/system.schema.json');
    }
  });

  it('take the front matter of every shipped runbook', async () => {
    const runbooks = await shipped('.md');
    expect(runbooks.length).toBeGreaterThan(50);
    for (const { file, text } of runbooks) {
      isFrontMatter(parse(/^---\n(.*?)\n---\n/su.exec(text)?.[1] ?? ''));
      expect(isFrontMatter.errors ?? [], file).toEqual([]);
    }
  });

  it('refuse unknown keys, wrong values and what is missing', () => {
    expect(isFrontMatter({ id: 'RB-1', title: 'x', severty: 'SEV1' })).toBe(false);
    expect(isFrontMatter({ id: 'RB 1', title: 'x' })).toBe(false);
    expect(isFrontMatter({ id: 'RB-1', title: 'x', rto: 'soon' })).toBe(false);
    expect(isFrontMatter({ id: 'RB-1', title: 'x', rto: '1h30m', params: { pod: { type: 'k8s-name' } } })).toBe(true);
    expect(isSystem({ name: 'x', severities: [] })).toBe(false);
    expect(isSystem({ name: 'x' })).toBe(false);
  });

  it('say what the values mean', () => {
    expect(JSON.stringify(systemJsonSchema())).toContain('The ladder, first rung first.');
  });
});

describe('the page of the rules', () => {
  it('is up to date (npm run schemas writes it)', async () => {
    expect(await readFile(join(ROOT, 'docs/guides/lint-rules.md'), 'utf8')).toBe(rulesPage());
  });
});
