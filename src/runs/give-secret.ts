import { findApprovalOf } from '../db/approvals.ts';
import { deadOwners } from '../db/liveness.ts';
import { spendLink } from '../db/one-time-links.ts';
import { listPeople } from '../db/people.ts';
import { deleteGifts, insertGift, listGifts, type SecretGift } from '../db/secret-gifts.ts';
import { type Tx, withTransaction } from '../db/transaction.ts';
import { addTypedJob } from '../db/typed-jobs.ts';
import type { Person } from '../domain/person.ts';
import type { Run, StepRun } from '../domain/run.ts';
import type { ExecutableStep, Param, Runbook } from '../domain/runbook.ts';
import { requireRole } from '../incidents/actions.ts';
import { UserError } from '../lib/errors.ts';
import { MIN_SECRET, Secret } from '../lib/secret.ts';
import { type Asked, lockAsked, refreshAsked } from './asked.ts';
import type { RunsContext } from './context.ts';
import { startsUntil } from './deadline.ts';
import { createLink, getOpenLink, hashOf } from './one-time-link.ts';
import { pinnedRunbook } from './pinned-runbook.ts';
import { blockedBy } from './plan.ts';
import { recordRunFact } from './record.ts';
import type { GivenValues } from './secret-shelf.ts';
import { getRunnableStep, prepareStatement, secretNames } from './statement.ts';

/** As for every value that is bound. */
const MAX_SECRET = 16_384;

/** What the page of a secret shows: what it is for, and who asked. Never anything that others gave. */
export type SecretForm = {
  readonly person: string;
  readonly stepRun: StepRun;
  readonly run: Run;
  /** Name of whoever asked for the step. */
  readonly askedBy: string;
  /** One field each. */
  readonly params: readonly Param[];
  readonly expiresAt: Date;
};

/** A link to the page on which one person gives the secrets of an approved step. Throws UserError with what to do. */
export async function askForSecret(
  context: RunsContext,
  asked: { readonly stepRun: number; readonly actor: Person },
): Promise<{ url: string; title: string; expiresAt: Date }> {
  return withTransaction(context.pool, async (tx) => {
    const waiting = await getWaiting(tx, asked.stepRun);
    requireRole(context, waiting.run.system, asked.actor, 'responder');
    const person = asked.actor.id;
    const given = await listGifts(tx, asked.stepRun);
    refuseSecond(given, person);
    const until = startsUntil(waiting.approval, waiting.covered, waiting.stepRun);
    const link = await createLink(tx, { purpose: 'secret', stepRun: asked.stepRun, person, until });
    // All secrets of one step go to one process: the one that has the first.
    const [first] = given;
    const dead = first && first.owner !== context.owner ? await deadOwners(tx, [first.owner]) : [];
    const page = first && dead.length === 0 ? first.pageUrl : context.pageUrl;
    return { url: `${page}/secret/${link.token}`, title: waiting.stepRun.title, expiresAt: link.expiresAt };
  });
}

/** The form behind a link. Throws UserError for a link that is none (any more). */
export async function readSecretForm(context: RunsContext, token: string): Promise<SecretForm> {
  return withTransaction(context.pool, async (tx) => {
    const link = await getOpenLink(tx, token, 'secret');
    const waiting = await getWaiting(tx, link.stepRun);
    const given = await listGifts(tx, link.stepRun);
    refuseSecond(given, link.person);
    await refuseElsewhere(context, tx, given);
    const { runbook, step } = await stepOf(context, waiting.run, waiting.stepRun);
    const names = await secretNames(context, runbook, step);
    const params = runbook.params.filter(({ name }) => names.includes(name));
    const { run, stepRun } = waiting;
    const askedBy = (await listPeople(tx, [stepRun.requestedBy])).get(stepRun.requestedBy)?.name ?? stepRun.requestedBy;
    return { person: link.person, stepRun, run, askedBy, params, expiresAt: link.expiresAt };
  });
}

/**
 * Takes what somebody typed: it goes into this process's memory, the link is used up, and with the last of them the step is
 * sent on its way. A refusal (UserError) keeps nothing and leaves the link as it was.
 */
export async function giveSecret(
  context: RunsContext,
  token: string,
  typed: Readonly<Record<string, string>>,
): Promise<{ given: number; wanted: number }> {
  const form = await readSecretForm(context, token);
  const values = checkedValues(form.params, typed);
  const { runbook, step } = await stepOf(context, form.run, form.stepRun);
  // Refuses now what could not be bound later.
  await prepareStatement(context, runbook, step, { ...form.run, given: values });
  const id = context.shelf.put(form.stepRun.id, values, await keepMs(context, form.stepRun.id));
  try {
    return await withTransaction(context.pool, (tx) => record(context, tx, { token, id, stepRun: form.stepRun.id }));
  } catch (error) {
    context.shelf.wipe(id);
    throw error;
  }
}

async function record(
  context: RunsContext,
  tx: Tx,
  gift: { token: string; id: string; stepRun: number },
): Promise<{ given: number; wanted: number }> {
  const asked = await getWaiting(tx, gift.stepRun);
  const { person } = await getOpenLink(tx, gift.token, 'secret');
  const given = await listGifts(tx, gift.stepRun);
  refuseSecond(given, person);
  await refuseElsewhere(context, tx, given);
  if (given.some(({ owner }) => owner !== context.owner)) await deleteGifts(tx, gift.stepRun);
  if (!(await spendLink(tx, hashOf(gift.token))))
    throw new UserError('link_used', 'This link was used before and works once; press the button in Slack again.');
  const { owner, pageUrl } = context;
  await insertGift(tx, { id: gift.id, stepRun: gift.stepRun, person, owner, pageUrl });
  const count = (await listGifts(tx, gift.stepRun)).length;
  const { title: step, secretsWanted: wanted } = asked.stepRun;
  await recordRunFact(tx, asked.run, person, { kind: 'secret_given', step, given: count, wanted }, asked.approval);
  if (count >= wanted) await addTypedJob(tx, { task: 'run.change', stepRun: gift.stepRun });
  await refreshAsked(tx, asked);
  return { given: count, wanted };
}

function checkedValues(params: readonly Param[], typed: Readonly<Record<string, string>>): GivenValues {
  return Object.fromEntries(
    params.map(({ name }) => {
      const value = Object.hasOwn(typed, name) ? (typed[name] ?? '') : '';
      const refuse = (why: string) => new UserError('secret_refused', `${name}: ${why}`);
      if (value.trim().length < MIN_SECRET)
        throw refuse(
          `a secret has at least ${MIN_SECRET} characters, because shorter ones cannot be masked in output.`,
        );
      if (value.length > MAX_SECRET) throw refuse(`a secret has at most ${MAX_SECRET} characters; shorten it.`);
      return [name, new Secret(value)] as const;
    }),
  );
}

async function keepMs(context: RunsContext, stepRun: number): Promise<number> {
  return withTransaction(context.pool, async (tx) => {
    const { approval, covered, stepRun: waiting } = await getWaiting(tx, stepRun);
    // The step may wait for its target as well, after it was allowed to start.
    return startsUntil(approval, covered, waiting).getTime() - tx.now.getTime() + 60_000;
  });
}

type Waiting = Asked & { readonly stepRun: StepRun };

/** The step as it waits for secrets, locked. */
async function getWaiting(tx: Tx, id: number): Promise<Waiting> {
  const found = await findApprovalOf(tx, id);
  const asked = found ? await lockAsked(tx, found.id) : null;
  const stepRun = asked?.covered.find((one) => one.id === id);
  if (!asked || !stepRun || stepRun.secretsWanted === 0)
    throw new UserError('secret_unwanted', 'This step asks nobody for a secret; see its card.');
  const over = stepRun.state !== 'approved' || tx.now >= startsUntil(asked.approval, asked.covered, stepRun);
  if (over || stepRun.secretsGiven >= stepRun.secretsWanted)
    throw new UserError('secret_unwanted', 'This step does not wait for a secret (any more); see its card.');
  const before = await blockedBy(tx, asked.run, asked.covered, stepRun);
  if (before) throw new UserError('secret_early', `“${before.title}” comes first; give the secret when it is done.`);
  return { ...asked, stepRun };
}

function refuseSecond(given: readonly SecretGift[], person: string): void {
  if (!given.some((gift) => gift.person === person)) return;
  throw new UserError('secret_given', 'You have given yours already; the others have to come from other people.');
}

/** Another living process has the first secret of this step: it needs all of them, and they never travel between processes. */
async function refuseElsewhere(context: RunsContext, tx: Tx, given: readonly SecretGift[]): Promise<void> {
  const others = given.filter(({ owner }) => owner !== context.owner);
  if (others.length === 0) return;
  const dead = await deadOwners(tx, [...new Set(others.map(({ owner }) => owner))]);
  if (others.every(({ owner }) => dead.includes(owner))) return;
  throw new UserError(
    'secret_elsewhere',
    'Another replica of Warroom collects the secrets of this step; nothing was kept here. Load the page again, or press the button in Slack for a link that leads there.',
  );
}

async function stepOf(
  context: RunsContext,
  run: Run,
  stepRun: StepRun,
): Promise<{ runbook: Runbook; step: ExecutableStep }> {
  const runbook = await pinnedRunbook(context, run);
  return { runbook, step: getRunnableStep(context, runbook, stepRun.step) };
}
