import type { Language, Param } from '../../../domain/runbook.ts';

/** What is known about the place of a command while it is translated. */
export type NativeContext = {
  /** Id of the system that is imported, `[a-z][a-z0-9-]*`; names of targets may be made of it. */
  readonly system: string;
  /** What people called the step: heading, comment or list item; helps to name and describe parameters. Empty when unknown. */
  readonly title: string;
  /** Language of the fence as written, lower case (`bash`, `sql`, `promql`, `redis`); empty without one. */
  readonly fenceLanguage: string;
};

/** A parameter as the front matter writes it; `default` is left out for a secret. `required` when the source gave no value. */
export type ImportedParam = Pick<Param, 'name' | 'type'> & {
  readonly description?: string;
  readonly default?: string | number | boolean;
  readonly pattern?: string;
  readonly required?: boolean;
};

/** One command in the language that fits it best. */
export type NativeStep = {
  readonly language: Language;
  /** The body of the fence, `${name}` (in `sh`: a quoted `"$name"`) where a parameter stands; no trailing line break. */
  readonly text: string;
  /**
   * What the target is, so that equal ones become one target: kebab-case words such as `http-localhost-8000`,
   * `sql-postgres`, `redis`, `docker`, `kubectl`, `sh`. It matches the ids of `system.yml` and is unique for its language.
   */
  readonly targetKind: string;
  /** `options` of the target in `system.yml` as far as the command tells them (`{ baseUrl: "http://localhost:8000" }`). */
  readonly targetOptions: Readonly<Record<string, unknown>>;
  /** Parameters that `text` uses, each once. */
  readonly params: readonly ImportedParam[];
  /** True when the statement may do less than the source said, for instance because a filter was left out; a word about it. */
  readonly notes: readonly string[];
};
