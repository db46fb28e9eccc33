import type { Clock } from '../../lib/clock.ts';
import type { ResolveName } from '../http/send-request.ts';
import type { Limits } from '../limits.ts';
import type { ProbePlace } from './probe-target.ts';

/** What every kind of probe is given. */
export type ProbeUse = {
  readonly place: ProbePlace;
  readonly resolveName: ResolveName;
  readonly signal: AbortSignal;
  readonly limits: Limits;
  readonly clock: Clock;
};
