import type { Button } from '@slack/types';
import type { Phase } from '../../domain/runbook.ts';
import type { TemporaryState } from '../../domain/temporary.ts';
import { formatDuration } from '../../lib/duration.ts';
import { plural } from '../../lib/text.ts';
import type { RunCard, StepStatus } from '../../runs/run-card.ts';
import { escapeLine } from '../text-safety.ts';
import { actions, type Block, button, context, header, line, richText, section } from './blocks.ts';
import { blastEmoji } from './looks.ts';
import { type Budget, budgetBeside, fitGroups, type Message, message } from './message.ts';
import { actingBlocks, diagnosticBlocks, type StepRoom } from './run-step.ts';
import { isSuggested } from './step-look.ts';
import { rehearsalMark, temporaryBlocks } from './temporary.ts';
import { mention, since } from './time-text.ts';

const READING: readonly Phase[] = ['diagnose', 'verify'];
const LIST_SHOWN = 8;
const LINKS_SHOWN = 4;

/** The card of a run: what the runbook says, what the diagnostics found, and what can be done now. Edited in place. */
export function runMessage(card: RunCard): Message {
  const { runbook } = card;
  const top = [
    header(`${rehearsalMark(card.run)}📘 ${runbook.id} · ${runbook.title}`),
    about(card),
    ...tooOld(card),
    ...temporaryBlocks(card.temporary, (state) => revertRun(card, state)),
    ...symptoms(card),
    ...linked(card),
    ...parameters(card),
    // Rich text may only be replaced by rich text: one block of it stands on every version of this card.
    richText(line(progress(card))),
    ...diagnoseButton(card),
  ];
  const reading = card.steps.filter((status) => READING.includes(status.step.phase));
  const acting = byOffer(card.steps.filter((status) => !READING.includes(status.step.phase)));
  const rest = budgetBeside(top, DIVIDERS);
  const results = fitGroups(
    reading.map((status) => diagnosticBlocks(status, card, roomFor(reading.length))),
    share(rest, acting.length === 0 ? 1 : 0.5),
    (left) =>
      `… and ${plural(left, 'more diagnostic step')}; the timeline and \`${escapeLine(runbook.source.file)}\` have them all`,
  );
  const offers = fitGroups(
    acting.map((status) => actingBlocks(status, card, roomFor(acting.length))),
    budgetBeside(top, results, DIVIDERS),
    (left) => `… and ${plural(left, 'more step')} in \`${escapeLine(runbook.source.file)}\``,
  );
  return message(
    `${rehearsalMark(card.run)}Runbook ${escapeLine(`${runbook.id} ${runbook.title}`)}: ${escapeLine(progress(card))}`,
    top,
    results.length > 0 ? [section('*Diagnose*'), ...results] : [],
    offers.length > 0 ? [section(offersTitle(acting)), ...offers, ...planButton(card)] : [],
  );
}

/** What stands around the steps and needs its room. */
const DIVIDERS: Block[] = [
  actions([button({ action: 'plan.request', text: 'Ask for several steps', value: '1' })]),
  section('*Diagnose*'),
  section('*What can be done* (the first 10 are suggested by what the diagnostics found)'),
];

function about(card: RunCard): Block {
  const { run, runbook } = card;
  const version = run.commit ? `commit \`${run.commit.slice(0, 7)}\`` : 'not committed';
  const parts = [
    runbook.status === 'draft' ? '📝 *Draft*: shown, not run, until a person removes `status: draft`' : '✔️ Ready',
    `${version}, content \`${run.contentHash.slice(0, 8)}\``,
    runbook.rtoMs === null ? '' : `RTO ${formatDuration(runbook.rtoMs)}`,
    card.incident ? `incident ${card.incident.number}` : '',
    `opened by ${mention(run.requestedBy)}, ${since(run.createdAt)}`,
  ];
  return context(parts.filter((part) => part !== '').join(' · '));
}

function symptoms(card: RunCard): Block[] {
  const { runbook } = card;
  const blocks: Block[] = [];
  const list = (title: string, items: readonly string[]) => {
    if (items.length === 0) return;
    const shown = items.slice(0, LIST_SHOWN);
    if (items.length > shown.length) shown.push(`… and ${items.length - shown.length} more`);
    blocks.push(section(`*${title}*\n${shown.join('\n')}`));
  };
  list(
    'Symptoms',
    runbook.symptoms.map((symptom) => `• ${escapeLine(symptom, 150)}`),
  );
  list(
    'Blast radius',
    runbook.blastRadius.map((item) => `${blastEmoji(item.level)} ${escapeLine(item.text, 150)}`),
  );
  return blocks;
}

/** Runbooks that this one points to, each with its button; in the room of an incident they open for it. */
function linked(card: RunCard): Block[] {
  const { links, system } = card.runbook;
  const shown = links.slice(0, LINKS_SHOWN).map((link) => {
    const id = link.includes('/') ? link : `${system}/${link}`;
    const value = card.incident ? `${id}/${card.incident.number}` : id;
    const look = { action: 'runbook.open', text: `Open ${link}`, value } as const;
    return section(`🔗 This runbook points to *${escapeLine(link, 80)}*`, button(look));
  });
  const left = links.slice(LINKS_SHOWN).map((link) => escapeLine(link, 80));
  return left.length === 0 ? shown : [...shown, context(`It also points to ${left.slice(0, LIST_SHOWN).join(', ')}`)];
}

function parameters(card: RunCard): Block[] {
  const shown = card.runbook.params.slice(0, LIST_SHOWN).map((param) => {
    if (param.type === 'secret') return `${param.name}: a secret`;
    const value = card.run.params[param.name] ?? param.default;
    return `${param.name} = ${value === null ? 'asked when needed' : escapeLine(String(value), 60)}`;
  });
  return shown.length === 0 ? [] : [context(`Parameters: ${shown.join(' · ')}`)];
}

/** One line that says where the diagnostics stand. */
export function progress(card: RunCard): string {
  const steps = card.steps.filter(
    ({ step }) => step.phase === 'diagnose' && step.kind === 'executable' && !step.option,
  );
  const finished = steps.filter((status) => status.stepRun?.finishedAt);
  const started = steps.filter((status) => status.stepRun !== null);
  if (started.length === 0)
    return steps.length === 0 ? 'This runbook has no diagnostics.' : 'The diagnostics have not been run.';
  if (card.busy > 0) return `⏳ Diagnostics: ${finished.length} of ${plural(steps.length, 'step')} done …`;
  const wrong = steps.filter((status) => isWrong(status)).length;
  const fine = finished.length - wrong;
  const left = steps.length - finished.length;
  return `Diagnostics: ${fine} as expected, ${wrong} not${left > 0 ? `, ${left} not run` : ''}.`;
}

function isWrong(status: StepStatus): boolean {
  const { stepRun } = status;
  return stepRun !== null && stepRun.finishedAt !== null && (stepRun.state !== 'ok' || stepRun.passed === false);
}

/** Its own run, as long as that has the step; otherwise the one that left it behind. */
function revertRun(card: RunCard, state: TemporaryState): number {
  return card.runbook.steps.some(({ id }) => id === state.revertStep) && !card.run.rehearsal ? card.run.id : state.run;
}

function tooOld(card: RunCard): Block[] {
  if (!card.tooOld) return [];
  const { system, id } = card.runbook;
  const value = card.incident ? `${system}/${id}/${card.incident.number}` : `${system}/${id}`;
  const again = button({ action: 'runbook.open', text: 'Open again', value });
  return [section('⌛ This run is old, and what it found may not hold any more: nothing new is begun in it.', again)];
}

function diagnoseButton(card: RunCard): Block[] {
  const steps = card.steps.filter(
    ({ step }) => step.phase === 'diagnose' && step.kind === 'executable' && !step.option,
  );
  if (card.busy > 0) return [actions([button({ action: 'run.cancel', text: 'Cancel', value: String(card.run.id) })])];
  if (steps.every((status) => status.unavailable !== null) || card.tooOld) return [];
  const again = steps.some((status) => status.stepRun !== null);
  const look = {
    action: 'run.diagnose',
    text: again ? 'Run diagnostics again' : 'Run diagnostics',
    value: String(card.run.id),
  } as const;
  return [actions([button(again ? look : { ...look, style: 'primary' }), ...rehearseButton(card)])];
}

/** Before anything was done: the same runbook with nothing sent to any target. */
function rehearseButton({ run, steps }: RunCard): Button[] {
  if (run.rehearsal || steps.some(({ stepRun }) => stepRun !== null)) return [];
  return [button({ action: 'run.rehearse', text: 'Rehearse', value: String(run.id) })];
}

/** Several steps at once make sense when there are several. */
function planButton(card: RunCard): Block[] {
  const acting = card.steps.filter(
    (status) => status.step.kind === 'executable' && status.step.effect !== 'read' && status.unavailable === null,
  );
  if (acting.length < 2 || card.tooOld) return [];
  return [actions([button({ action: 'plan.request', text: 'Ask for several steps', value: String(card.run.id) })])];
}

/** What is suggested comes first, the order of the file decides otherwise. */
function byOffer(steps: readonly StepStatus[]): StepStatus[] {
  const weight = (status: StepStatus) => (isSuggested(status) ? 0 : 1);
  return [...steps].sort((a, b) => weight(a) - weight(b));
}

function offersTitle(acting: readonly StepStatus[]): string {
  const suggested = acting.filter(isSuggested).length;
  if (suggested === 0) return '*What can be done*';
  const first = suggested === 1 ? 'the first is' : `the first ${suggested} are`;
  return `*What can be done* (${first} suggested by what the diagnostics found)`;
}

function roomFor(steps: number): StepRoom {
  if (steps <= 4) return { command: 400, output: 700 };
  return steps <= 8 ? { command: 250, output: 350 } : { command: 120, output: 160 };
}

function share(budget: Budget, part: number): Budget {
  return { blocks: Math.floor(budget.blocks * part), characters: Math.floor(budget.characters * part) };
}
