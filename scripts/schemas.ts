// Writes the JSON Schemas of system.yml and of front matter, which editors complete and check from, out of the definitions in src/packs.
import { mkdir, writeFile } from 'node:fs/promises';
import { runbookJsonSchema, systemJsonSchema } from '../src/packs/json-schemas.ts';

const dir = new URL('../schemas/', import.meta.url);
await mkdir(dir, { recursive: true });
for (const [name, schema] of [
  ['system', systemJsonSchema()],
  ['runbook', runbookJsonSchema()],
] as const)
  await writeFile(new URL(`${name}.schema.json`, dir), `${JSON.stringify(schema, null, 2)}\n`);
