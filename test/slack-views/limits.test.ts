import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkMessageBlocks, checkView, problemLines } from '../../src/sandbox/block-kit-rules.ts';
import { announcementMessage, roomTopic } from '../../src/slack/views/announcement.ts';
import { approvalMessage } from '../../src/slack/views/approval-card.ts';
import { aloneMessage, outcomeMessage, reminderMessage } from '../../src/slack/views/approval-notices.ts';
import { closingMessage, updateMessage } from '../../src/slack/views/closing.ts';
import { declareModal } from '../../src/slack/views/declare-modal.ts';
import { homeView } from '../../src/slack/views/home.ts';
import { incidentCardMessage } from '../../src/slack/views/incident-card.ts';
import { resolveModal, severityModal, updateModal } from '../../src/slack/views/incident-modals.ts';
import { ladderMessage } from '../../src/slack/views/ladder-card.ts';
import { incidentPicker, openList, runbookList, timelineMessage } from '../../src/slack/views/lists.ts';
import { MESSAGE_LIMITS, type Message, textLength } from '../../src/slack/views/message.ts';
import { pageMessage, unreachableMessage } from '../../src/slack/views/page.ts';
import { runMessage } from '../../src/slack/views/run-card.ts';
import { denyModal, stepModal } from '../../src/slack/views/step-modals.ts';
import { welcomeMessage } from '../../src/slack/views/welcome.ts';
import {
  aLadder,
  aManualStep,
  anApproval,
  anApprovalCard,
  anIncident,
  anIncidentCard,
  aPage,
  aRunbook,
  aRunCard,
  aRung,
  aStatus,
  aStep,
  aStepRun,
  aSystem,
  minutesAgo,
  NOW,
  SEV1,
} from './examples.ts';

const COMMANDS = { incident: '/incident', runbook: '/runbook', drill: '/drill' };
const RUNS = { numRuns: 40, seed: 20_260_301 };

/** What people and machines write at their worst. */
const nasty = fc.oneof(
  fc.constantFrom(
    '<!channel> <!here> <!everyone>',
    '<@U0ONCALL01> <#C0GENERAL1> <!subteam^S0ONCALL01>',
    '<https://evil.example|Warroom> https://evil.example/?q=1',
    '@here @channel @everyone #general mailto:a@evil.example',
    '```\n*bold* _it_ ~x~ `code`\n> quote\n:fire: &lt;!channel&gt;',
    '&<>'.repeat(1_000),
    'x'.repeat(3_000),
    '🔥'.repeat(1_500),
    '\u202eevil\u0000\u001b[31m',
  ),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
);

function expectFine(message: Message): void {
  expect(problemLines(checkMessageBlocks(message.blocks))).toEqual([]);
  expect(message.blocks.length).toBeLessThanOrEqual(MESSAGE_LIMITS.blocks);
  expect(textLength(message.blocks)).toBeLessThanOrEqual(MESSAGE_LIMITS.characters);
  expect(message.text.length).toBeGreaterThan(0);
  expect(message.text.length).toBeLessThanOrEqual(MESSAGE_LIMITS.text);
}

function expectView(view: unknown): void {
  expect(problemLines(checkView(view))).toEqual([]);
}

/** Everything that Slack reads as markup: `mrkdwn` objects and the top-level text. */
function markup(message: { text?: string; blocks: readonly unknown[] }): string {
  const found: string[] = [message.text ?? ''];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const object = value as Record<string, unknown>;
    if (object.type === 'mrkdwn') {
      expect(object.verbatim).toBe(true);
      found.push(String(object.text));
    }
    Object.values(object).forEach(walk);
  };
  walk(message.blocks);
  return found.join('\n');
}

/** Live syntax is what Warroom itself writes: dates, people and channels of the examples. */
function expectInert(message: { text?: string; blocks: readonly unknown[] }, own: readonly RegExp[] = []): void {
  const allowed = [
    /^!date\^\d+\^[^<>]*$/u,
    /^@U0[A-Z0-9]+$/u,
    /^#C0ROOM0001$/u,
    /^#C0HUB00001$/u,
    /^!subteam\^S0GROUP01$/u,
    ...own,
  ];
  const text = markup(message);
  for (const [, inside] of text.matchAll(/<([^>]*)>/gu)) {
    expect(
      allowed.some((pattern) => pattern.test(inside ?? '')),
      `live: <${inside}>`,
    ).toBe(true);
  }
  expect(text).not.toMatch(/@(?:here|channel|everyone)\b(?![^<]*>)/u);
  expect(text).not.toMatch(/https?:\/\//u);
  expect(text.replace(/<[^>]*>/gu, '')).not.toMatch(/#[A-Za-z0-9]/u);
}

describe('every view stays within the limits of Slack, and what people wrote does nothing', () => {
  test('status card and announcement', () => {
    fc.assert(
      fc.property(nasty, nasty, nasty, fc.boolean(), fc.boolean(), (title, impact, update, resolved, acknowledged) => {
        const card = anIncidentCard(
          {
            title,
            impact,
            severity: 'SEV1',
            summary: update,
            status: resolved ? 'resolved' : 'open',
            resolvedAt: resolved ? NOW : null,
            resolvedBy: resolved ? 'U0COMMAND1' : null,
            acknowledgedBy: acknowledged ? 'U0COMMAND1' : null,
            acknowledgedAt: acknowledged ? minutesAgo(10) : null,
          },
          {
            runbook: aRunbook([], {
              title,
              blastRadius: Array.from({ length: 30 }, () => ({ level: 'critical' as const, text: impact })),
            }),
            system: aSystem({ name: title, stakeholders: Array.from({ length: 60 }, () => update) }),
            severity: { ...SEV1, definition: impact },
            latestUpdate: { id: 1, author: 'U0ONCALL01', text: update, at: NOW },
          },
        );
        for (const message of [incidentCardMessage(card), announcementMessage(card)]) {
          expectFine(message);
          expectInert(message);
        }
        expect(roomTopic(card).length).toBeLessThanOrEqual(250);
        expect(roomTopic(card)).not.toMatch(/[\n\r]/u);
      }),
      RUNS,
    );
  });

  test('pages and the cry that nobody was reached', () => {
    fc.assert(
      fc.property(nasty, nasty, fc.integer({ min: 1, max: 9 }), (title, reason, ordinal) => {
        const incident = anIncident({ title, impact: reason });
        const page = pageMessage({
          page: aPage({ dueAt: minutesAgo(90) }),
          ordinal,
          incident,
          system: aSystem({ name: title }),
          rung: aRung('l1'),
          contactName: reason,
          hub: 'C0HUB00001',
          call: null,
          now: NOW,
        });
        expectFine(page);
        expectInert(page);
        const cry = unreachableMessage({ incident, contactName: title, reason, inRoom: false });
        expectFine(cry);
        expectInert(cry, [/^!channel$/u]);
        expect(markup(cry).match(/<!channel>/gu)).toHaveLength(2);
      }),
      RUNS,
    );
  });

  test('a ladder of sixty rungs', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const rungs = Array.from({ length: 60 }, (_, index) => aRung(`l${index}`, { title: text, contact: text }));
        const message = ladderMessage(aLadder(rungs));
        expectFine(message);
        expectInert(message);
        expect(markup(message)).toMatch(/and \d+ more rungs/u);
      }),
      RUNS,
    );
  });

  test('a runbook of two hundred steps, run or not', () => {
    fc.assert(
      fc.property(nasty, nasty, fc.boolean(), fc.constantFrom(2, 9, 200), (text, output, ran, count) => {
        const steps = Array.from({ length: count }, (_, index) => {
          const acts = index % 2 === 1;
          const step = aStep(`s${index}`, {
            title: text,
            text: output,
            expect: text,
            when: acts ? text : null,
            phase: acts ? 'mitigate' : 'diagnose',
            effect: acts ? 'change' : 'read',
          });
          return aStatus(step, {
            stepRun: ran ? aStepRun(step, { id: 100 + index, output, error: text, display: output }) : null,
            offered: acts ? index % 4 === 1 : null,
            unavailable: index % 7 === 3 ? text : null,
          });
        });
        const manual = aStatus(aManualStep('tell', text));
        const card = aRunCard([...steps, manual]);
        const message = runMessage({
          ...card,
          runbook: { ...card.runbook, title: text, symptoms: Array.from({ length: 40 }, () => output) },
        });
        expectFine(message);
        expectInert(message);
      }),
      RUNS,
    );
  });

  test('approval card and its outcome in every state', () => {
    fc.assert(
      fc.property(
        nasty,
        nasty,
        fc.constantFrom('pending', 'approved', 'used', 'denied', 'expired', 'void'),
        fc.constantFrom('approve', 'alone', 'break_glass'),
        (command, reason, state, how) => {
          const card = anApprovalCard(
            {
              state,
              reason,
              decisions: [
                {
                  ...{ person: 'U0APPROVE1', at: NOW, reason, groups: [], typedTarget: false },
                  decision: state === 'denied' ? 'deny' : how,
                },
              ],
            },
            { display: command.repeat(4), title: reason, target: 'cache' },
          );
          const plan = {
            ...card,
            covered: Array.from({ length: 10 }, () => card.stepRun),
            approvers: ['S0GROUP01', 'U0APPROVE1'],
          };
          for (const message of [
            ...[card, plan].map(approvalMessage),
            ...[card, plan].map(outcomeMessage),
            reminderMessage(plan),
            aloneMessage(plan),
          ]) {
            expectFine(message);
            expectInert(message);
          }
        },
      ),
      RUNS,
    );
  });

  test('lists, timeline, closing and update', () => {
    fc.assert(
      fc.property(nasty, fc.constantFrom(0, 3, 150), (text, count) => {
        const open = Array.from({ length: count }, (_, index) => anIncident({ number: index + 1, title: text }));
        const runbooks = Array.from({ length: count }, () => aRunbook([], { title: text, symptoms: [text] }));
        const event = { id: 1, at: NOW, actor: 'U0ONCALL01', fact: { kind: 'update_posted', text } } as const;
        const incident = anIncident({ title: text, summary: text, status: 'resolved', resolvedAt: NOW });
        const messages = [
          openList(open, NOW),
          runbookList(
            text,
            runbooks.map((runbook) => ({ runbook, why: text })),
          ),
          timelineMessage({ incident, events: Array.from({ length: count }, () => event), nameOf: () => text }),
          closingMessage(incident, NOW),
          updateMessage(incident, { id: 1, author: 'U0ONCALL01', text, at: NOW }),
          welcomeMessage(COMMANDS),
          ...(count > 0 ? [incidentPicker('ack', open)] : []),
        ];
        for (const message of messages) {
          expectFine(message);
          expectInert(message);
        }
      }),
      RUNS,
    );
  });

  test('modals and the Home tab', () => {
    fc.assert(
      fc.property(nasty, fc.constantFrom(1, 3, 150), (text, count) => {
        const system = aSystem({
          name: text || 'System',
          description: text || null,
          severities: Array.from({ length: Math.min(count, 12) }, (_, index) => ({
            ...SEV1,
            level: `L${index}`,
            definition: text || 'x',
          })),
        });
        const systems = Array.from({ length: count }, (_, index) => ({ ...system, id: `s${index}` }));
        const runbooks = Array.from({ length: count }, (_, index) => aRunbook([], { id: `RB-${index}`, title: text }));
        const param = {
          name: 'max',
          type: 'choice',
          description: text,
          default: null,
          pattern: text,
          min: 1,
          max: 5,
          choices: ['a', 'b'],
          required: true,
        } as const;
        const first = systems[0] ?? system;
        expectView(declareModal({ systems, system: first, runbooks, title: text }));
        expectView(severityModal(anIncident({ title: text, severity: 'L0' }), system));
        expectView(updateModal(anIncident({ title: text })));
        expectView(resolveModal(anIncident({ title: text })));
        expectView(denyModal(5, text));
        expectView(
          stepModal({
            run: 3,
            step: 'reset',
            title: text,
            display: text,
            effect: 'destructive',
            target: text || 't',
            missing: [param, { ...param, name: 'text', type: 'string', choices: [] }],
          }),
        );
        const waiting = Array.from({ length: count }, (_, id) =>
          anApprovalCard(anApproval({ id, reason: text }), { title: text, display: text }),
        );
        const home = homeView({
          open: Array.from({ length: count }, () => anIncident({ title: text })),
          waiting,
          commands: COMMANDS,
          now: NOW,
        });
        expectView(home);
        expectInert(home);
      }),
      RUNS,
    );
  });
});
