/** What a changing step with `revert=` left behind, until its revert step has taken it back. */
export type TemporaryState = {
  readonly id: number;
  readonly run: number;
  /** `<system>/<id>` */
  readonly runbook: string;
  readonly incident: number | null;
  /** The step run that began it. */
  readonly stepRun: number;
  readonly step: string;
  readonly title: string;
  readonly revertStep: string;
  /** False when nobody knows whether the step took effect. */
  readonly certain: boolean;
  readonly since: Date;
  /** Null where it belongs to a private incident that is not the reader's: who, why and which stay in its room. */
  readonly begunBy: string | null;
  /** The incident was closed all the same. */
  readonly leftAt: Date | null;
  readonly leftBy: string | null;
  readonly leftReason: string | null;
};
