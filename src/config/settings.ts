import { type ApprovalPolicies, groupsInPolicies } from '../domain/approval-policy.ts';
import { groupsInRoles, isGroup, type RoleHolders } from '../domain/roles.ts';

/**
 * What the owner of an installation decides (warroom.yml), apart from where things run: who the contacts are and who
 * must approve. Never beside the runbooks, so that a change of a runbook cannot change who approves it.
 */
export type Settings = {
  /** Name of the shared channel, without `#`. */
  readonly hub: string;
  /** Names of the slash commands, with their slash; all peers claim `/incident`, so they can be renamed. */
  readonly commands: { readonly incident: string; readonly runbook: string; readonly drill: string };
  /** Slack ids (`U…` people, `S…` user groups) by system and contact id; system `*` holds for all. */
  readonly contacts: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly approvals: ApprovalPolicies;
  readonly roles: RoleHolders;
  /** Line of warroom.yml that a key, or what is nearest around it, stands on; for messages. */
  readonly lineOf?: (path: readonly (string | number)[]) => number | null;
};

/** User groups whose members roles, approvals and pages depend on. */
export function groupsThatMatter(
  settings: Pick<Settings, 'approvals' | 'roles'> & Partial<Pick<Settings, 'contacts'>>,
): string[] {
  const paged = Object.values(settings.contacts ?? {}).flatMap((contacts) => Object.values(contacts).flat());
  const named = [...groupsInRoles(settings.roles), ...groupsInPolicies(settings.approvals), ...paged.filter(isGroup)];
  return [...new Set(named)];
}

/** The Slack ids behind a contact, each once: the system's own first, else those of `*`; empty when nobody is named. */
export function findContact(settings: Settings, system: string, contact: string): readonly string[] {
  return [...new Set(contactOf(settings.contacts, system, contact) ?? contactOf(settings.contacts, '*', contact))];
}

/** Only own keys: a contact may be called `constructor`. */
function contactOf(contacts: Settings['contacts'], system: string, contact: string): readonly string[] | undefined {
  const own = Object.hasOwn(contacts, system) ? contacts[system] : undefined;
  return own && Object.hasOwn(own, contact) ? own[contact] : undefined;
}
