/** A heading with what stands below it, up to the next heading of its own or a higher level; children are blocks of their own. */
export type SettingsSection = {
  /** Titles from the top of the file down to this section, outermost first. */
  readonly path: readonly string[];
  /** The lines below the heading, repaired, without the heading itself. */
  readonly lines: readonly string[];
  /** 1-based line of `lines[0]` in the source. */
  readonly from: number;
};

/**
 * Parts of `system.yml` that were read out of documents, each in the shape that the file itself has (see
 * `system-schema.ts`); a part that was not found is an empty list. The importer joins the parts of several files, fills in
 * what the schema needs and marks it with TODO.
 */
export type ImportedSettings = {
  readonly severities: readonly Record<string, unknown>[];
  readonly milestones: readonly Record<string, unknown>[];
  readonly contacts: readonly Record<string, unknown>[];
  readonly escalation: readonly Record<string, unknown>[];
  readonly stakeholders: readonly string[];
  readonly components: readonly Record<string, unknown>[];
  readonly checklists: readonly Record<string, unknown>[];
  readonly thresholds: readonly Record<string, unknown>[];
  readonly metrics: readonly Record<string, unknown>[];
  /** Source lines (1-based, inclusive) that became a setting, with the part of `system.yml` that holds them. */
  readonly taken: readonly { readonly from: number; readonly to: number; readonly part: string }[];
  /** What a person has to complete, each one sentence with the line of the source. */
  readonly todo: readonly { readonly line: number; readonly text: string }[];
};

/** Reads the settings of one document. Pure; never throws on what stands in it. Ids are unique within each list. */
export type ReadSettings = (sections: readonly SettingsSection[]) => ImportedSettings;
