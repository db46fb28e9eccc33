import type { ChannelRecord } from './records.ts';
import { Refusal } from './refusal.ts';

const PREFIXES: Readonly<Record<ChannelRecord['kind'], string>> = {
  public: 'channels:',
  private: 'groups:',
  im: 'im:',
};

/** `missing_scope` as Slack words it. */
export function missingScope(needed: readonly string[], granted: readonly string[]): Refusal {
  return new Refusal('missing_scope', { needed: needed.join(','), provided: granted.join(',') });
}

/** Refuses unless one of `needed` is granted. An empty list needs nothing. */
export function requireScope(needed: readonly string[], granted: readonly string[]): void {
  if (needed.length > 0 && !needed.some((scope) => granted.includes(scope))) throw missingScope(needed, granted);
}

/** Of the scopes that open a method, those for this kind of conversation; all of them when the method has no kinds. */
export function scopesForKind(scopes: readonly string[], kind: ChannelRecord['kind']): readonly string[] {
  const fitting = scopes.filter((scope) => scope.startsWith(PREFIXES[kind]));
  const perKind = scopes.some((scope) => Object.values(PREFIXES).some((prefix) => scope.startsWith(prefix)));
  return perKind ? fitting : scopes;
}
