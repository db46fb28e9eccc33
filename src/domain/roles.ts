import { isMember, type Person } from './person.ts';

/** What people may do, least first: each role may do what the ones before it may. */
export const ROLES = ['viewer', 'responder', 'approver', 'commander', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/**
 * Who has a role, by system and role: Slack ids of people (`U…`) and user groups (`S…`). System `*` holds for all that do
 * not name that role themselves. A role for which nobody is named belongs to whoever has the one before it, and `viewer` to every
 * full member of the workspace.
 */
export type RoleHolders = Readonly<Record<string, Readonly<Partial<Record<Role, readonly string[]>>>>>;

/** Whether somebody is one of these: by their own id or as a member of a user group. */
export function isOneOf(person: Person, ids: readonly string[]): boolean {
  return ids.includes(person.id) || person.groups.some((group) => ids.includes(group));
}

/**
 * Whether somebody has a role in a system. Guests, bots, people from other organisations and people who left have none
 * (deny by default).
 */
export function hasRole(holders: RoleHolders, system: string, person: Person, role: Role): boolean {
  if (!isMember(person)) return false;
  const ids = holdersOf(holders, system, role);
  return ids === null || isOneOf(person, ids);
}

/** Ids of everybody who has a role in a system, by it or by a higher one; null: every full member of the workspace. */
export function holdersOf(holders: RoleHolders, system: string, role: Role): readonly string[] | null {
  const below = ROLES.slice(0, ROLES.indexOf(role) + 1).findLastIndex((one) => namedFor(holders, system, one) !== null);
  if (below === -1) return null;
  return ROLES.slice(below).flatMap((candidate) => namedFor(holders, system, candidate) ?? []);
}

/** Ids named for a role in a system; null when nobody is named, neither there nor for `*`. */
export function namedFor(holders: RoleHolders, system: string, role: Role): readonly string[] | null {
  return own(holders, system)?.[role] ?? own(holders, '*')?.[role] ?? null;
}

/** Only own keys: a system may be called `constructor`. */
function own(holders: RoleHolders, system: string): RoleHolders[string] | undefined {
  return Object.hasOwn(holders, system) ? holders[system] : undefined;
}

/** Every user group that roles name: what Slack has to be asked about somebody. */
export function groupsInRoles(holders: RoleHolders): string[] {
  return Object.values(holders).flatMap((roles) => Object.values(roles).flatMap((ids) => ids.filter(isGroup)));
}

/** Slack's user groups begin with S, people with U or W. */
export function isGroup(id: string): boolean {
  return id.startsWith('S');
}
