import { eventually } from '../../support/bot-process.ts';
import type { Person } from '../../support/people.ts';
import { type CrashWorld, HUB } from './world.ts';

/** How long a person waits before trying again. */
const PATIENCE_MS = 1_600;
/** How long people try before they give up: longer than a start of the bot. */
const DEADLINE_MS = 60_000;

/**
 * What people do when the bot may die at any moment: they look whether it worked, and try again when it did not. `done`
 * looks at the database and never at what the bot said.
 */
async function insist<Value>(
  what: string,
  act: () => Promise<void>,
  done: () => Promise<Value | undefined>,
): Promise<Value> {
  const deadline = performance.now() + DEADLINE_MS;
  const troubles: string[] = [];
  while (performance.now() < deadline) {
    const before = await done();
    if (before !== undefined) return before;
    try {
      await act();
      return await eventually(what, done, PATIENCE_MS);
    } catch (error) {
      troubles.push(String(error).split('\n')[0] ?? '');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`Nobody managed: ${what}\n${troubles.slice(-10).join('\n')}`);
}

/** Presses a button of the message in a slot; the button is told by its action and by what it carries. */
export async function pressIn(
  world: CrashWorld,
  by: Person,
  button: { readonly slot: string; readonly action: string; readonly value?: string },
): Promise<void> {
  const message = await eventually(`a message ${button.slot}`, () => world.posted(button.slot).at(-1), PATIENCE_MS);
  for (const block of message.blocks) {
    for (const element of Array.isArray(block.elements) ? block.elements : []) {
      const { action_id: id, value } = element as { action_id?: unknown; value?: unknown };
      if (typeof id !== 'string' || !(id === button.action || id.startsWith(`${button.action}:`))) continue;
      if (button.value !== undefined && button.value !== value) continue;
      const action = { type: 'button', action_id: id, block_id: block.block_id, value };
      return by.acts({ message: { channel: message.channel, ts: message.ts }, action });
    }
  }
  throw new Error(`${button.slot} has no button ${button.action} ${button.value ?? ''}`);
}

/** Declares an incident through the form; returns its number. Titles must differ. */
export async function declare(world: CrashWorld, title: string, severity = 'SEV1'): Promise<number> {
  const { nadia } = world;
  const found = async () =>
    (await world.query<{ number: number }>('select number from incidents where title = $1', [title]))[0]?.number;
  const submit = async () => {
    const modal = await nadia.seesModal(/Declare/u, { withinMs: PATIENCE_MS });
    modal.fill({ title, [modal.text.includes('severity:shop') ? 'severity:shop' : 'Severity']: severity });
    await modal.submit();
  };
  return insist(
    `declaring “${title}”`,
    async () => {
      // A form that is still open is submitted again: it means the same declaration.
      if ((await nadia.state()).views.length === 0) await nadia.types(HUB, `/incident declare ${title}`);
      await submit();
    },
    found,
  );
}

/** Opens the incident's runbook, or another one by its id, in its room; returns the run. */
export async function openRunbook(world: CrashWorld, incident: number, id?: string): Promise<number> {
  return insist(
    `opening the runbook of incident ${incident}`,
    () =>
      id === undefined
        ? pressIn(world, world.nadia, { slot: `incident.card:${incident}`, action: 'runbook.open' })
        : world.nadia.types(HUB, `/runbook ${id} ${incident}`),
    async () =>
      (await world.query<{ id: number }>('select id from runs where incident = $1 order by id limit 1', [incident]))[0]
        ?.id,
  );
}

/** Presses Run diagnostics; resolves when the steps are queued. */
export async function startDiagnostics(world: CrashWorld, run: number): Promise<void> {
  await insist(
    `diagnosing in run ${run}`,
    () => pressIn(world, world.nadia, { slot: `run:${run}:card`, action: 'run.diagnose' }),
    async () => (await world.query<{ id: number }>('select id from step_runs where run = $1 limit 1', [run]))[0]?.id,
  );
}

/** Waits until every diagnostic of a run has ended. */
export async function diagnosed(world: CrashWorld, run: number): Promise<void> {
  await eventually(`the diagnostics of run ${run}`, async () => {
    const [row] = await world.query<{ open: number; all: number }>(
      `select count(*) filter (where finished_at is null) as open, count(*) as all from step_runs where run = $1 and purpose = 'diagnose'`,
      [run],
    );
    return row !== undefined && row.all > 0 && row.open === 0;
  });
}

/** Asks for a changing step through its form; returns the approval and the step run. */
export async function requestStep(
  world: CrashWorld,
  run: number,
  step: string,
): Promise<{ approval: number; stepRun: number }> {
  const { nadia } = world;
  const sql = `select a.id as approval, s.id as "stepRun" from approvals a join step_runs s on s.id = a.step_run
    where s.run = $1 and s.step = $2 and a.state in ('pending', 'approved') order by a.id desc limit 1`;
  return insist(
    `asking for ${step} in run ${run}`,
    async () => {
      if ((await nadia.state()).views.length === 0)
        await pressIn(world, nadia, { slot: `run:${run}:card`, action: 'step.request', value: `${run}/${step}` });
      const modal = await nadia.seesModal(/Ask for approval/u, { withinMs: PATIENCE_MS });
      await modal.fill({ 'Why now?': 'Orders are stuck' }).submit();
    },
    async () => (await world.query<{ approval: number; stepRun: number }>(sql, [run, step]))[0],
  );
}

/** Asks for several steps in one request; returns the approval and the step runs in their order. */
export async function requestPlan(
  world: CrashWorld,
  run: number,
  steps: readonly string[],
): Promise<{ approval: number; stepRuns: number[] }> {
  const { nadia } = world;
  const sql = `select a.id as approval, array_agg(p.step_run order by p.ordinal)::int[] as "stepRuns"
    from approvals a join plan_steps p on p.approval = a.id join step_runs s on s.id = a.step_run
    where s.run = $1 and a.state in ('pending', 'approved') group by a.id order by a.id desc limit 1`;
  return insist(
    `asking for a plan in run ${run}`,
    async () => {
      if ((await nadia.state()).views.length === 0)
        await pressIn(world, nadia, { slot: `run:${run}:card`, action: 'plan.request' });
      const modal = await nadia.seesModal(/Ask for a plan/u, { withinMs: PATIENCE_MS });
      await modal.fill({ steps: [...steps], 'Why now?': 'Three things are wrong' }).submit();
    },
    async () => (await world.query<{ approval: number; stepRuns: number[] }>(sql, [run]))[0],
  );
}

/** Presses Verify for a step that ended somewhere unknown; resolves when the verify step has said what it found. */
export async function verify(world: CrashWorld, run: number, stepRun: number): Promise<void> {
  await insist(
    `verifying ${stepRun}`,
    () => pressIn(world, world.nadia, { slot: `run:${run}:card`, action: 'run.verify', value: String(stepRun) }),
    async () =>
      (
        await world.query<{ id: number }>(`select id from step_runs where verifies = $1 and state = 'ok' limit 1`, [
          stepRun,
        ])
      )[0]?.id,
  );
}

/** Presses Release for what a step with an unknown outcome holds; resolves when nothing is held. */
export async function release(world: CrashWorld, run: number, stepRun: number): Promise<void> {
  await insist(
    `releasing what ${stepRun} holds`,
    () => pressIn(world, world.nadia, { slot: `run:${run}:card`, action: 'target.release', value: String(stepRun) }),
    async () =>
      (await world.query('select 1 from target_locks where step_run = $1', [stepRun])).length === 0 ? true : undefined,
  );
}

/** The second person approves; resolves when the decision is written. */
export async function approve(world: CrashWorld, approval: number): Promise<void> {
  await insist(
    `approving ${approval}`,
    () => pressIn(world, world.tomas, { slot: `approval.card:${approval}`, action: 'approval.approve' }),
    async () =>
      (
        await world.query<{ id: number }>(`select id from approvals where id = $1 and state <> 'pending'`, [approval])
      )[0]?.id,
  );
}

/** Acknowledges a page by the button of one of its messages. */
export async function acknowledge(world: CrashWorld, page: number, slot: string, by = world.nadia): Promise<void> {
  await insist(
    `acknowledging page ${page}`,
    () => pressIn(world, by, { slot, action: 'page.acknowledge' }),
    async () =>
      (await world.query<{ id: number }>(`select id from pages where id = $1 and state = 'acknowledged'`, [page]))[0]
        ?.id,
  );
}

/** The state of a step run, once it is one in which nothing happens by itself. */
export async function endOf(world: CrashWorld, stepRun: number, withinMs = 20_000): Promise<string> {
  return eventually(
    `the end of step run ${stepRun}`,
    async () => {
      const [row] = await world.query<{ state: string }>('select state from step_runs where id = $1', [stepRun]);
      return row && !['queued', 'approved', 'running', 'awaiting_approval'].includes(row.state) ? row.state : undefined;
    },
    withinMs,
  );
}

/** Waits until nothing is under way: no step, no message. */
export async function quiet(world: CrashWorld, withinMs = 30_000): Promise<void> {
  await eventually(
    'nothing to be under way',
    async () => {
      const [row] = await world.query<{ busy: number }>(
        `select (select count(*) from step_runs where state in ('queued', 'approved', 'running'))
         + (select count(*) from outbox where state in ('pending', 'sending')) as busy`,
      );
      return row?.busy === 0;
    },
    withinMs,
  );
}

/** The whole way of one story up to a request that waits for approval. */
export async function upToRequest(world: CrashWorld, title: string, step = 'reset') {
  const incident = await declare(world, title);
  const run = await openRunbook(world, incident);
  await startDiagnostics(world, run);
  await diagnosed(world, run);
  return { incident, run, ...(await requestStep(world, run, step)) };
}
