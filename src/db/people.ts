import type { Person } from '../domain/person.ts';
import type { Tx } from './transaction.ts';

type PersonRow = {
  id: string;
  team: string;
  name: string;
  is_bot: boolean;
  is_guest: boolean;
  is_external: boolean;
  is_deactivated: boolean;
  groups: string[];
  refreshed_at: Date;
};

/**
 * Remembers what Slack said of a person, for names in files and lists; decisions ask Slack again as long as it answers.
 * Without `groupsKnown` the groups stay as they were remembered: Slack was not asked for them.
 */
export async function rememberPerson(tx: Tx, person: Person, groupsKnown = true): Promise<void> {
  await tx.query(
    `insert into people (id, team, name, is_bot, is_guest, is_external, is_deactivated, groups)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (id) do update set team = excluded.team, name = excluded.name, is_bot = excluded.is_bot,
       is_guest = excluded.is_guest, is_external = excluded.is_external, is_deactivated = excluded.is_deactivated,
       groups = case when $9 then excluded.groups else people.groups end, refreshed_at = now()`,
    [
      person.id,
      person.team,
      person.name,
      person.isBot,
      person.isGuest,
      person.isExternal,
      person.isDeactivated,
      person.groups,
      groupsKnown,
    ],
  );
}

/** Somebody as Slack described them last, with their groups of then; null for people never seen. For when Slack cannot be asked. */
export async function recallPerson(tx: Tx, id: string): Promise<{ readonly person: Person; readonly at: Date } | null> {
  const [row] = await tx.query<PersonRow>('select * from people where id = $1', [id]);
  return row ? { person: { ...toPerson(row), groups: row.groups }, at: row.refreshed_at } : null;
}

/** People already known, by id. */
export async function listPeople(tx: Tx, ids: readonly string[]): Promise<Map<string, Person>> {
  const rows = await tx.query<PersonRow>('select * from people where id = any($1)', [ids]);
  return new Map(rows.map((row) => [row.id, toPerson(row)]));
}

function toPerson(row: PersonRow): Person {
  return {
    id: row.id,
    team: row.team,
    name: row.name,
    isBot: row.is_bot,
    isGuest: row.is_guest,
    isExternal: row.is_external,
    isDeactivated: row.is_deactivated,
    // Who belongs to which group is asked when it matters.
    groups: [],
  };
}
