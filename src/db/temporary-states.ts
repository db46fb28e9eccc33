import type { TemporaryState } from '../domain/temporary.ts';
import type { Tx } from './transaction.ts';

const COLUMNS = `id, run, runbook, incident, step_run as "stepRun", step, title, revert_step as "revertStep", certain, since,
  begun_by as "begunBy", left_at as "leftAt", left_by as "leftBy", left_reason as "leftReason"`;

export type NewTemporaryState = Pick<
  TemporaryState,
  'run' | 'runbook' | 'incident' | 'stepRun' | 'step' | 'title' | 'revertStep' | 'certain'
> & { readonly begunBy: string };

/** Remembers a temporary state; false when the same step of the same runbook has left one already. */
export async function beginTemporary(tx: Tx, state: NewTemporaryState): Promise<boolean> {
  const rows = (await tx.query(
    `insert into temporary_states (run, runbook, incident, step_run, step, title, revert_step, certain, begun_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (runbook, step) where ended_at is null do update set certain = temporary_states.certain or excluded.certain
     returning (xmax = 0) as fresh`,
    [
      state.run,
      state.runbook,
      state.incident,
      state.stepRun,
      state.step,
      state.title,
      state.revertStep,
      state.certain,
      state.begunBy,
    ],
  )) as { fresh: boolean }[];
  if (rows[0]?.fresh !== true) return false;
  // A revert step that a person does may have been ticked before there was anything to take back.
  await tx.query('delete from manual_ticks where run = $1 and step = $2', [state.run, state.revertStep]);
  return true;
}

/** Ends what a revert step takes back, in whichever run of the runbook it was done; returns what has ended. */
export async function endTemporary(
  tx: Tx,
  reverted: { readonly runbook: string; readonly revertStep: string; readonly by: string },
): Promise<TemporaryState[]> {
  return tx.query<TemporaryState>(
    `update temporary_states set ended_at = now(), ended_by = $3
     where runbook = $1 and revert_step = $2 and ended_at is null returning ${COLUMNS}`,
    [reverted.runbook, reverted.revertStep, reverted.by],
  );
}

/** What an incident's runs left behind and nobody has taken back, oldest first. */
export async function listTemporaryOf(tx: Tx, incident: number): Promise<TemporaryState[]> {
  return tx.query<TemporaryState>(
    `select ${COLUMNS} from temporary_states where incident = $1 and ended_at is null order by id`,
    [incident],
  );
}

/**
 * What runs of a runbook left behind and nobody has taken back, oldest first. That it is there concerns everybody; who,
 * why and which incident stay in the room of a private incident. `reader`: the incident of whoever asks.
 */
export async function listTemporaryOfRunbook(
  tx: Tx,
  runbook: string,
  reader: number | null,
): Promise<TemporaryState[]> {
  const rows = await tx.query<TemporaryState & { readonly secret: boolean }>(
    `select ${COLUMNS}, incident is distinct from $2 and exists (select from incidents
       where number = temporary_states.incident and private) as secret
     from temporary_states where runbook = $1 and ended_at is null order by id`,
    [runbook, reader],
  );
  const nobody = { incident: null, begunBy: null, leftBy: null, leftReason: null };
  return rows.map(({ secret, ...state }) => (secret ? { ...state, ...nobody } : state));
}

/** An incident was closed although these states go on. */
export async function leaveTemporary(
  tx: Tx,
  left: { readonly incident: number; readonly by: string; readonly reason: string },
): Promise<void> {
  await tx.query(
    `update temporary_states set left_at = now(), left_by = $2, left_reason = $3
     where incident = $1 and ended_at is null`,
    [left.incident, left.by, left.reason],
  );
}
