import type { Pool } from 'pg';
import type { Settings } from '../config/settings.ts';
import type { Packs } from '../packs/load.ts';

/** What every use case works with. `packs` is a function because packs are re-read when files change. */
export type Context = {
  readonly pool: Pool;
  readonly packs: () => Packs;
  readonly settings: Settings;
};
