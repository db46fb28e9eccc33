// Writes what is made from the definitions in src/packs: the JSON Schemas for editors and the page of lint's rules.
import { mkdir, writeFile } from 'node:fs/promises';
import { runbookJsonSchema, systemJsonSchema } from '../src/packs/json-schemas.ts';
import { rulesPage } from './rules-page.ts';

const dir = new URL('../schemas/', import.meta.url);
await mkdir(dir, { recursive: true });
for (const [name, schema] of [
  ['system', systemJsonSchema()],
  ['runbook', runbookJsonSchema()],
] as const)
  await writeFile(new URL(`${name}.schema.json`, dir), `${JSON.stringify(schema, null, 2)}\n`);
await writeFile(new URL('../docs/guides/lint-rules.md', import.meta.url), rulesPage());
