import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { LOCAL_CONTACTS } from '../../src/compose/local-workspace.ts';
import { DEFAULT_WORKSPACE } from '../../src/sandbox/default-workspace.ts';

type Ladder = readonly { readonly contact: string; readonly when: readonly unknown[] }[];

const RUNBOOKS = join(process.cwd(), 'runbooks');
const systems = readdirSync(RUNBOOKS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Rungs that fire by themselves: nobody may be told in their first minute that nobody was reached. */
function firing(system: string): string[] {
  const { escalation } = parse(readFileSync(join(RUNBOOKS, system, 'system.yml'), 'utf8')) as { escalation: Ladder };
  return escalation.filter(({ when }) => when.some((one) => one !== 'manual')).map(({ contact }) => contact);
}

describe('who is called in the local workspace', () => {
  it.each(systems)('%s: whatever rung fires by itself reaches a person of the workspace', (system) => {
    const contacts = LOCAL_CONTACTS[system] ?? {};
    expect(firing(system).filter((contact) => (contacts[contact] ?? []).length === 0)).toEqual([]);
  });

  it('names people whom the workspace has and who are still there', () => {
    const there = DEFAULT_WORKSPACE.people.filter(({ deleted }) => !deleted).map(({ id }) => id);
    const named = Object.values(LOCAL_CONTACTS).flatMap((contacts) => Object.values(contacts).flat());
    expect(named.filter((id) => !there.includes(id))).toEqual([]);
  });
});
