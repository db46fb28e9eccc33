import type { TargetDefinition } from '../domain/system.ts';
import type { LoadedSecrets } from './credential.ts';

/**
 * What stands between a statement and a change, outermost first. `statement`: Warroom reads the statement and refuses it.
 * `gate`: Warroom looks at each request before the wire. `protocol`: the target's own, such as a read-only transaction.
 * `rights`: what the target lets the read credential do.
 */
export const LAYERS = ['statement', 'gate', 'protocol', 'rights'] as const;
export type Layer = (typeof LAYERS)[number];

/** What one layer did with one attempt. `unknown`: it could not be asked, or not without a risk. */
export type LayerResult = {
  readonly layer: Layer;
  readonly outcome: 'stopped' | 'open' | 'unknown';
  /** In the words of whoever stopped it, or why nothing is known. */
  readonly why: string;
};

/** One statement that no reading step may carry out, and what each layer by itself did with it. */
export type Attempt = { readonly statement: string; readonly layers: readonly LayerResult[] };

/** What was found out about one target. Sentences say what is and what to do. */
export type Examination = {
  /** Null: there is nothing to reach, or it was not tried. */
  readonly reached: boolean | null;
  /** Must be mended. */
  readonly findings: readonly string[];
  /** Worth knowing; nothing is wrong. */
  readonly remarks: readonly string[];
  readonly attempts: readonly Attempt[];
};

/** What the layers below Warroom's own reading of a statement say, by statement. */
export type DeeperLayers = {
  readonly findings: readonly string[];
  readonly remarks: readonly string[];
  readonly layers: ReadonlyMap<string, readonly LayerResult[]>;
  /** Whether the target answered, where nothing else was asked of it. */
  readonly reached?: boolean;
};

/** With what deeper layers are asked: the read credential alone, and a signal that ends it. */
export type DeeperUse = {
  readonly target: TargetDefinition;
  readonly statements: readonly string[];
  readonly secrets: LoadedSecrets;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
};
