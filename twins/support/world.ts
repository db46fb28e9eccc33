import type { Machine } from './machine.ts';

/** What a twin is made of: the folder of its own machines, and that of the containers of all systems. */
export type World = {
  readonly machine: Machine;
  readonly containers: Machine;
  /** The machine of the Redis that Email Ingestion has for itself. */
  readonly redisHost: Machine;
};
