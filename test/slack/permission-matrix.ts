import type { ActionId, CallbackId } from '../../src/slack/views/action-ids.ts';

/** What one world offers to be pressed, typed and submitted. */
export type Subjects = {
  readonly incident: number;
  readonly run: number;
  readonly stepRun: number;
  readonly approval: number;
  readonly page: number;
};

/**
 * Who may do something, besides whoever has the role in that system. Nobody from outside, no guest and nobody who left may
 * do anything: there is no row that says otherwise.
 */
export type Who =
  | 'member'
  | 'viewer'
  | 'responder'
  | 'approver'
  | 'commander'
  | 'responder or who is paged'
  | 'approver or who asked'
  | 'who asked'
  | 'the commander of the incident';

/** `shown`: anybody of the workspace may ask, and is shown what they may see. */
export type About = 'incident' | 'run' | 'step' | 'approval' | 'page' | 'system' | 'shown';

type Form = { readonly metadata: object; readonly values: Readonly<Record<string, string>> };

export type Row = { readonly does: string; readonly about: About; readonly who: Who } & (
  | { readonly press: ActionId; readonly value: (of: Subjects) => string }
  | { readonly submit: CallbackId; readonly form: (of: Subjects) => Form }
  | { readonly type: string; readonly text: (of: Subjects) => string }
  | { readonly choose: ActionId; readonly form: (of: Subjects) => Form }
  | { readonly opens: 'home' }
);

type Named<Key extends string, Rest> = readonly [Key, About, Who, Rest];

const incident = (of: Subjects) => String(of.incident);
const run = (of: Subjects) => String(of.run);
const step = (name: string) => (of: Subjects) => `${of.run}/${name}`;
const stepRun = (of: Subjects) => String(of.stepRun);
const approval = (of: Subjects) => String(of.approval);
const page = (of: Subjects) => String(of.page);
const fixed = (value: string) => () => value;

const PRESSED: readonly Named<ActionId, (of: Subjects) => string>[] = [
  ['incident.declare', 'system', 'responder', fixed('home')],
  ['incident.list', 'shown', 'member', fixed('open')],
  ['incident.acknowledge', 'incident', 'responder', incident],
  ['incident.command', 'incident', 'commander', incident],
  ['incident.severity', 'incident', 'responder', incident],
  ['incident.update', 'incident', 'responder', incident],
  ['incident.escalate', 'incident', 'responder', incident],
  ['incident.resolve', 'incident', 'responder', incident],
  ['incident.status', 'incident', 'viewer', incident],
  ['incident.pick', 'incident', 'responder', (of) => `ack/${of.incident}`],
  ['page.acknowledge', 'page', 'responder or who is paged', page],
  ['ladder.next', 'incident', 'responder', incident],
  ['ladder.skip', 'incident', 'responder', incident],
  ['ladder.stop', 'incident', 'responder', incident],
  ['ladder.resume', 'incident', 'responder', incident],
  ['runbook.open', 'incident', 'responder', (of) => `shop/RB-1/${of.incident}`],
  ['runbook.search', 'incident', 'viewer', incident],
  ['run.diagnose', 'run', 'responder', run],
  ['run.cancel', 'run', 'approver or who asked', run],
  ['run.rehearse', 'run', 'responder', run],
  ['run.verify', 'step', 'responder', stepRun],
  ['step.request', 'run', 'responder', step('reset')],
  ['step.tick', 'run', 'responder', step('manual_1')],
  ['step.run', 'run', 'responder', step('stats')],
  ['step.cancel', 'step', 'approver or who asked', stepRun],
  ['target.release', 'step', 'responder', stepRun],
  ['temporary.revert', 'run', 'responder', step('drain')],
  ['approval.approve', 'approval', 'approver', approval],
  ['approval.deny', 'approval', 'approver or who asked', approval],
  ['approval.alone', 'approval', 'who asked', approval],
  ['approval.break_glass', 'approval', 'the commander of the incident', approval],
  ['plan.request', 'run', 'responder', run],
  ['secret.give', 'step', 'responder', stepRun],
  ['output.show', 'step', 'responder', stepRun],
  ['output.file', 'step', 'responder', stepRun],
  ['drill.start', 'system', 'responder', fixed('WR-001')],
];

const ofIncident =
  (values: Form['values']) =>
  (of: Subjects): Form => ({ metadata: { incident: of.incident }, values });
const ofStep =
  (name: string, values: Form['values']) =>
  (of: Subjects): Form => ({ metadata: { run: of.run, step: name }, values });
const ofApproval =
  (values: Form['values']) =>
  (of: Subjects): Form => ({ metadata: { approval: of.approval }, values });
const DECLARED = { title: 'Orders are lost', system: 'shop', 'severity:shop': 'SEV3', 'runbook:shop': 'none' };

const SUBMITTED: readonly Named<CallbackId, (of: Subjects) => Form>[] = [
  ['incident.declare', 'system', 'responder', () => ({ metadata: { system: 'shop' }, values: DECLARED })],
  ['incident.severity', 'incident', 'responder', ofIncident({ severity: 'SEV2', reason: 'It is less.' })],
  ['incident.update', 'incident', 'responder', ofIncident({ text: 'We look into it.' })],
  ['incident.resolve', 'incident', 'responder', ofIncident({ summary: 'It is over.' })],
  ['step.request', 'run', 'responder', ofStep('note', { reason: 'It is stuck.', 'param:note': 'a note' })],
  ['step.run', 'run', 'responder', ofStep('stats', {})],
  [
    'plan.request',
    'run',
    'responder',
    (of) => ({ metadata: { run: of.run }, values: { steps: 'mirror', reason: 'It is stuck.' } }),
  ],
  ['approval.approve', 'approval', 'approver', ofApproval({ target: 'worker' })],
  ['approval.deny', 'approval', 'approver or who asked', ofApproval({ reason: 'Too early.' })],
  ['approval.alone', 'approval', 'who asked', ofApproval({ reason: 'Nobody answers.' })],
  ['approval.break_glass', 'approval', 'the commander of the incident', ofApproval({ reason: 'It burns.' })],
  [
    'runbook.search',
    'incident',
    'responder',
    (of) => ({
      metadata: { channel: 'C0HUB', thread: null, incident: of.incident },
      values: { runbook: 'shop/RB-1' },
    }),
  ],
];

const typed = (words: string) => (of: Subjects) => words.replace('{n}', String(of.incident));

/** By verb: `/incident ack`; what stands in brackets is the part of a verb, or no verb at all. */
const TYPED: readonly Named<string, string>[] = [
  ['/incident help', 'shown', 'member', 'help'],
  ['/incident declare', 'system', 'responder', 'declare'],
  ['/incident status', 'incident', 'viewer', 'status {n}'],
  ['/incident list', 'shown', 'member', 'list'],
  ['/incident ack', 'incident', 'responder', 'ack {n}'],
  ['/incident command', 'incident', 'commander', 'command {n}'],
  ['/incident severity', 'incident', 'responder', 'severity SEV2 {n}'],
  ['/incident severity (asks)', 'incident', 'responder', 'severity {n}'],
  ['/incident update', 'incident', 'responder', 'update {n} We look into it.'],
  ['/incident update (asks)', 'incident', 'responder', 'update {n}'],
  ['/incident escalate', 'incident', 'responder', 'escalate {n}'],
  ['/incident resolve', 'incident', 'responder', 'resolve {n}'],
  ['/incident timeline', 'incident', 'viewer', 'timeline {n}'],
  ['/runbook help', 'shown', 'member', 'help'],
  ['/runbook search', 'shown', 'member', 'search queue'],
  ['/runbook open', 'incident', 'responder', 'open RB-1 {n}'],
  ['/runbook (an id)', 'incident', 'responder', 'RB-1 {n}'],
  ['/runbook (words)', 'shown', 'member', 'the queue'],
  ['/drill help', 'shown', 'member', 'help'],
  ['/drill start', 'system', 'responder', 'start WR-001'],
  ['/drill stop', 'system', 'responder', 'stop'],
  ['/drill list', 'shown', 'member', 'list'],
];

/** Everything that somebody can do in Slack, with who may. The security guide shows the same table. */
export const MATRIX: readonly Row[] = [
  ...TYPED.map(([type, about, who, words]) => ({ does: type, about, who, type, text: typed(words) })),
  ...PRESSED.map(([press, about, who, value]) => ({ does: `button \`${press}\``, about, who, press, value })),
  ...SUBMITTED.map(([submit, about, who, form]) => ({ does: `form \`${submit}\``, about, who, submit, form })),
  {
    does: 'menu `declare.system`',
    about: 'system',
    who: 'responder',
    choose: 'declare.system',
    form: () => ({ metadata: { system: 'shop' }, values: DECLARED }),
  },
  {
    does: 'menu `runbook.pick`',
    about: 'shown',
    who: 'member',
    choose: 'runbook.pick',
    form: () => ({ metadata: {}, values: { runbook: 'queue' } }),
  },
  { does: 'the Home tab', about: 'shown', who: 'member', opens: 'home' },
];

const ROLES = ['viewer', 'responder', 'approver', 'commander', 'admin'] as const;

/** The least role that a row wants; null where a role alone is not enough. */
export function leastRole(who: Who): (typeof ROLES)[number] | 'member' | null {
  switch (who) {
    case 'responder or who is paged':
      return 'responder';
    case 'approver or who asked':
      return 'approver';
    case 'who asked':
    case 'the commander of the incident':
      return null;
    default:
      return who;
  }
}

/** The table as it stands in the security guide. */
export function matrixAsMarkdown(): string {
  const head = ['what', 'about', ...ROLES, 'and'];
  const rows = MATRIX.map(({ does, about, who }) => {
    const least = leastRole(who);
    const from = least === null ? ROLES.length : least === 'member' ? 0 : ROLES.indexOf(least);
    const ticks = ROLES.map((_, index) => (index >= from ? '✓' : '–'));
    const besides =
      who === 'member'
        ? 'every full member, who is shown what they may see'
        : (/(who .*|the .*)$/u.exec(who)?.[1] ?? '');
    return [does.startsWith('/') ? `\`${does}\`` : does, about === 'shown' ? '' : about, ...ticks, besides];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
