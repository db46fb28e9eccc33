/** Somebody in Slack, as Slack describes them now. */
export type Person = {
  readonly id: string;
  readonly team: string;
  readonly name: string;
  readonly isBot: boolean;
  /** A guest of the workspace, of one or of several channels. */
  readonly isGuest: boolean;
  /** From another organisation, in a shared channel. */
  readonly isExternal: boolean;
  readonly isDeactivated: boolean;
  /** Ids of the user groups they belong to, of those that warroom.yml names for roles and approvals. */
  readonly groups: readonly string[];
};

/** Full members of the workspace may act; guests, bots, strangers and people who left may not (deny by default). */
export function isMember(person: Person): boolean {
  return !person.isBot && !person.isGuest && !person.isExternal && !person.isDeactivated;
}
