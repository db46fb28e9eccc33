import type { KubeResource } from '../kube-guard.ts';
import type { KubeObject } from '../kube-object.ts';

/** The part of a description that only this type has. */
export type OwnDescription = {
  readonly head: readonly [string, string[]][];
  readonly lines: readonly string[];
};

/** Types that are described in their own words; null for the others. */
export function ownLines(_type: KubeResource, _object: KubeObject, _now: Date): OwnDescription | null {
  return null;
}
