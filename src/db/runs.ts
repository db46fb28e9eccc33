import type { Effect } from '../domain/effect.ts';
import type { Run, StepRun, StepRunState } from '../domain/run.ts';
import type { Json } from '../lib/canonical-json.ts';
import type { StepPicture } from './step-pictures.ts';
import { storable } from './storable.ts';
import type { Tx } from './transaction.ts';

const RUN_COLUMNS = `id, runbook, system, title, source_file as "sourceFile", source_text as "sourceText",
  content_hash as "contentHash", commit, incident, channel, thread, params, requested_by as "requestedBy",
  created_at as "createdAt", rehearsal`;

/** What a sensitive step found lies apart, and only as long as somebody can act on it. */
const VALUE = `coalesce(step_runs.value, (select kept.value from sensitive_outputs as kept
  where kept.step_run = step_runs.id and kept.value_until > now()))`;

const STEP_RUN_COLUMNS = `id, run, step, title, purpose, verifies, state, effect, target, display,
  requested_by as "requestedBy", reason, requested_at as "requestedAt", started_at as "startedAt",
  finished_at as "finishedAt", ${VALUE} as value, output, omitted_bytes as "omittedBytes", error, passed,
  cancel_requested_at as "cancelRequestedAt", cancel_requested_by as "cancelRequestedBy",
  secrets_wanted as "secretsWanted", preview, preview_at as "previewAt",
  (select count(*)::int from secret_gifts where step_run = step_runs.id) as "secretsGiven"`;

export type NewRun = Omit<Run, 'id' | 'createdAt'> & { readonly requestKey: string };

/** Inserts a run; null when the same request has already opened one. */
export async function insertRun(tx: Tx, run: NewRun): Promise<Run | null> {
  const rows = await tx.query<Run>(
    `insert into runs (request_key, runbook, system, title, source_file, source_text, content_hash, commit, incident,
       channel, thread, params, requested_by, rehearsal)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     on conflict (request_key) do nothing returning ${RUN_COLUMNS}`,
    [
      run.requestKey,
      run.runbook,
      run.system,
      run.title,
      run.sourceFile,
      run.sourceText,
      run.contentHash,
      run.commit,
      run.incident,
      run.channel,
      run.thread,
      JSON.stringify(run.params),
      run.requestedBy,
      run.rehearsal,
    ],
  );
  return rows[0] ?? null;
}

export async function findRun(tx: Tx, id: number): Promise<Run | null> {
  return (await tx.query<Run>(`select ${RUN_COLUMNS} from runs where id = $1`, [id]))[0] ?? null;
}

/** The run that a request has opened, or null. */
export async function findRunByRequest(tx: Tx, requestKey: string): Promise<Run | null> {
  return (await tx.query<Run>(`select ${RUN_COLUMNS} from runs where request_key = $1`, [requestKey]))[0] ?? null;
}

/** The same, locked until the transaction ends. */
export async function lockRun(tx: Tx, id: number): Promise<Run | null> {
  return (await tx.query<Run>(`select ${RUN_COLUMNS} from runs where id = $1 for update`, [id]))[0] ?? null;
}

export async function updateRunParams(tx: Tx, id: number, params: Run['params']): Promise<void> {
  await tx.query('update runs set params = params || $2::jsonb where id = $1', [id, JSON.stringify(params)]);
}

/** Forgets values of a run. */
export async function removeRunParams(tx: Tx, id: number, names: readonly string[]): Promise<void> {
  if (names.length > 0) await tx.query('update runs set params = params - $2::text[] where id = $1', [id, names]);
}

export type NewStepRun = {
  readonly run: number;
  readonly step: string;
  readonly title: string;
  readonly purpose: StepRun['purpose'];
  readonly verifies: number | null;
  readonly state: StepRunState;
  readonly effect: Effect;
  readonly target: string;
  readonly display: string;
  readonly requestedBy: string;
  readonly reason: string;
  readonly error: string | null;
  readonly secretsWanted?: number;
};

export async function insertStepRun(tx: Tx, stepRun: NewStepRun): Promise<StepRun> {
  const rows = await tx.query<StepRun>(
    `insert into step_runs (run, step, title, purpose, verifies, state, effect, target, display, requested_by, reason,
       error, finished_at, secrets_wanted)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, case when $6 = 'refused' then now() end, $13)
     returning ${STEP_RUN_COLUMNS}`,
    [
      stepRun.run,
      stepRun.step,
      stepRun.title,
      stepRun.purpose,
      stepRun.verifies,
      stepRun.state,
      stepRun.effect,
      stepRun.target,
      stepRun.display,
      stepRun.requestedBy,
      stepRun.reason,
      stepRun.error,
      stepRun.secretsWanted ?? 0,
    ],
  );
  const row = rows[0];
  if (!row) throw new TypeError('insertStepRun: the database returned no row');
  return row;
}

/** What the target says that a step would change which waits for its approval; false when it was said before. */
export async function insertPreview(tx: Tx, id: number, preview: string): Promise<boolean> {
  const rows = await tx.query(
    `update step_runs set preview = $2, preview_at = now()
     where id = $1 and preview is null and state = 'awaiting_approval' returning id`,
    [id, preview],
  );
  return rows.length > 0;
}

/** All step runs of a run, oldest first. */
export async function listStepRuns(tx: Tx, run: number): Promise<StepRun[]> {
  return tx.query<StepRun>(`select ${STEP_RUN_COLUMNS} from step_runs where run = $1 order by id`, [run]);
}

export async function findStepRun(tx: Tx, id: number): Promise<StepRun | null> {
  return (await tx.query<StepRun>(`select ${STEP_RUN_COLUMNS} from step_runs where id = $1`, [id]))[0] ?? null;
}

/** The same, locked until the transaction ends. */
export async function lockStepRun(tx: Tx, id: number): Promise<StepRun | null> {
  const rows = await tx.query<StepRun>(`select ${STEP_RUN_COLUMNS} from step_runs where id = $1 for update`, [id]);
  return rows[0] ?? null;
}

/** Moves a step run from `from` to `running`; false when it was not in `from` any more. */
export async function startStepRun(tx: Tx, id: number, from: StepRunState, owner: string): Promise<boolean> {
  const rows = await tx.query(
    `update step_runs set state = 'running', owner = $3, started_at = now() where id = $1 and state = $2 returning id`,
    [id, from, owner],
  );
  return rows.length > 0;
}

/** The oldest read step of a run that waits; null when none does. Skips what another process is taking right now. */
export async function lockNextQueued(tx: Tx, run: number): Promise<StepRun | null> {
  const rows = await tx.query<StepRun>(
    `select ${STEP_RUN_COLUMNS} from step_runs where run = $1 and state = 'queued' order by id limit 1
     for update skip locked`,
    [run],
  );
  return rows[0] ?? null;
}

/** What a person sees of a step once its values are bound. */
export async function updateDisplay(tx: Tx, id: number, display: string): Promise<void> {
  await tx.query('update step_runs set display = $2 where id = $1', [id, display]);
}

/** Moves a step run to another state; false when it was not in `from`, or is no longer held by `owner`. */
export async function moveStepRun(
  tx: Tx,
  id: number,
  move: { from: StepRunState; to: StepRunState; error?: string; owner?: string },
): Promise<boolean> {
  const rows = await tx.query(
    `update step_runs set state = $3, owner = null, error = coalesce($4, error),
       finished_at = case when $3 in ('queued', 'approved') then null else now() end
     where id = $1 and state = $2 and ($5::text is null or owner = $5) returning id`,
    [id, move.from, move.to, move.error ?? null, move.owner ?? null],
  );
  return rows.length > 0;
}

export type StepRunEnd = {
  readonly state: StepRunState;
  readonly value: Readonly<Record<string, Json>> | null;
  readonly output: string;
  readonly omittedBytes: number;
  readonly error: string | null;
  readonly passed: boolean | null;
  readonly pictures?: readonly StepPicture[];
};

/** Records the end of a running step; false when `owner` no longer holds it (it was declared dead meanwhile). */
export async function finishStepRun(tx: Tx, id: number, owner: string, end: StepRunEnd): Promise<boolean> {
  const rows = await tx.query(
    `update step_runs set state = $3, value = $4, output = $5, omitted_bytes = $6, error = $7, passed = $8,
       finished_at = now(), owner = null
     where id = $1 and state = 'running' and owner = $2 returning id`,
    [
      id,
      owner,
      end.state,
      end.value === null ? null : JSON.stringify(storable(end.value)),
      storable(end.output),
      end.omittedBytes,
      storable(end.error),
      end.passed,
    ],
  );
  return rows.length > 0;
}

/** Owners that have steps under way. */
export async function listRunningOwners(tx: Tx): Promise<string[]> {
  const rows = await tx.query<{ owner: string }>(`select distinct owner from step_runs where state = 'running'`);
  return rows.map((row) => row.owner);
}

/** Steps that a process started and did not finish, locked. */
export async function lockRunningOf(tx: Tx, owners: readonly string[]): Promise<StepRun[]> {
  return tx.query<StepRun>(
    `select ${STEP_RUN_COLUMNS} from step_runs where state = 'running' and owner = any($1) order by id for update skip locked`,
    [owners],
  );
}

/** Ticks a manual step; false when somebody has done so before. */
export async function insertTick(tx: Tx, run: number, step: string, person: string): Promise<boolean> {
  const rows = await tx.query(
    'insert into manual_ticks (run, step, person) values ($1, $2, $3) on conflict do nothing returning step',
    [run, step, person],
  );
  return rows.length > 0;
}

export type Tick = { readonly step: string; readonly person: string; readonly at: Date };

export async function listTicks(tx: Tx, run: number): Promise<Tick[]> {
  return tx.query<Tick>('select step, person, at from manual_ticks where run = $1 order by at', [run]);
}
