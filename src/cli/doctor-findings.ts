import type { Examination } from '../executors/examination.ts';

/** One part of the installation. `said`: what is so, in a few words. */
export type Check = {
  readonly name: string;
  readonly said: string;
  readonly findings: readonly string[];
  readonly remarks: readonly string[];
};

export type TargetReport = Examination & { readonly target: string; readonly executor: string };

export type DoctorReport = {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly targets: readonly TargetReport[];
};
