import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/domain/approval.ts';
import { UserError } from '../../src/lib/errors.ts';
import { asNumber, firstWord, parseNumber, unquote } from '../../src/slack/command-text.ts';
import { type Command, helpMessage, loadCommands, unknownVerb } from '../../src/slack/commands.ts';
import { chosenGesture } from '../../src/slack/incident-choice.ts';
import { describeVerdict } from '../../src/slack/listeners/approval-gestures.ts';
import { explain } from '../../src/slack/ui.ts';
import { textLength } from '../../src/slack/views/message.ts';
import { testLog } from '../support/log.ts';

const commands = await loadCommands();
const incident = commands.find((command) => command.key === 'incident') as Command;

describe('what was typed', () => {
  test.each([
    ['"API down - all requests failing"', 'API down - all requests failing'],
    ['“API down”', 'API down'],
    ['„API down“', 'API down'],
    ["'API down'", 'API down'],
    ['API "down"', 'API "down"'],
    ['"', '"'],
    ['', ''],
  ])('%s means %s', (typed, meant) => expect(unquote(typed)).toBe(meant));

  test('the first word is the verb, in any case, and the rest keeps its lines', () => {
    expect(firstWord('  ACK  7')).toEqual({ word: 'ack', rest: '7' });
    expect(firstWord('update one\ntwo')).toEqual({ word: 'update', rest: 'one\ntwo' });
    expect(firstWord('')).toEqual({ word: '', rest: '' });
  });

  test('a number may have a # and nothing else', () => {
    expect([parseNumber('7'), parseNumber(' #12 '), parseNumber('')]).toEqual([7, 12, null]);
    expect([asNumber('7 nodes'), asNumber('-1'), asNumber('9999999999')]).toEqual([null, null, null]);
    expect(() => parseNumber('seven')).toThrow(
      '“seven” is not the number of an incident; write one such as 7, or nothing in its own channel.',
    );
  });

  test('a choice from the picker is one of ours or nothing', () => {
    expect(chosenGesture('ack/7')?.incident).toBe(7);
    expect(chosenGesture('severity:SEV2/7')?.incident).toBe(7);
    for (const value of ['', 'ack', 'ack/x', 'drop/7', 'ack:SEV2/7', 'constructor/7', 'ack/7/8']) {
      expect(chosenGesture(value), value).toBeNull();
    }
  });
});

describe('an unknown verb', () => {
  test.each([
    [
      'decalre',
      '“decalre” is not something /incident knows; did you mean /incident declare? /incident help lists what it does.',
    ],
    [
      'reslove',
      '“reslove” is not something /incident knows; did you mean /incident resolve? /incident help lists what it does.',
    ],
    ['banana', '“banana” is not something /incident knows; /incident help lists what it does.'],
  ])('%s gets one sentence', (word, said) => expect(unknownVerb(incident, '/incident', word)).toBe(said));
});

describe('help', () => {
  test.each(commands.map((command) => [command.key, command] as const))('%s names every verb', (_key, command) => {
    const help = helpMessage(command, `/${command.key}`);
    const text = JSON.stringify(help.blocks);
    for (const verb of command.verbs) for (const name of verb.names) expect(text).toContain(name);
    expect(textLength(help.blocks)).toBeLessThan(3_000);
  });

  test('no two verbs of a command share a name, and every command fits on a screen', () => {
    for (const command of commands) {
      const names = command.verbs.flatMap((verb) => verb.names);
      expect(new Set(names).size).toBe(names.length);
    }
    const folder = new URL('../../commands/', import.meta.url);
    for (const file of readdirSync(folder)) {
      expect(readFileSync(new URL(file, folder), 'utf8').split('\n').length, file).toBeLessThanOrEqual(81);
    }
  });
});

describe('a click on Approve or Deny', () => {
  const refused = (reason: Extract<Verdict, { status: 'refused' }>['reason'], settledAs = 'pending'): Verdict =>
    ({ status: 'refused', reason, settledAs }) as Verdict;

  test.each<[Verdict, string]>([
    [{ status: 'approved', missing: 0 }, 'You approved it; the step is about to run.'],
    [{ status: 'denied', missing: 0 }, 'You denied it; nothing is run.'],
    [{ status: 'waiting', missing: 1 }, 'Your approval counts; 1 more person must approve before anything runs.'],
    [{ status: 'waiting', missing: 2 }, 'Your approval counts; 2 more people must approve before anything runs.'],
    [
      refused('requester'),
      'You asked for this step yourself, so somebody else has to approve it; with Deny you can withdraw it.',
    ],
    [refused('not_member'), 'Only full members of this workspace can decide; ask one of them.'],
    [refused('already_decided'), 'You decided on this request before; your approval counts once.'],
    [refused('expired'), 'This request has expired, so nothing was run; ask again if it is still needed.'],
    [
      refused('settled', 'used'),
      'This request was approved before, and the step has been started. Nothing runs twice.',
    ],
    [refused('settled', 'approved'), 'This request was approved before; the step is about to run.'],
    [refused('settled', 'denied'), 'This request was denied before; nothing was run.'],
    [refused('settled', 'void'), 'This request is no longer needed; nothing was run.'],
  ])('%j is answered', (verdict, said) => expect(describeVerdict(verdict)).toBe(said));
});

describe('what was thrown', () => {
  test('a mistake of a person is said as it is; what broke is a reference, with the error in the log', () => {
    const log = testLog();
    expect(explain(log, new UserError('x', 'Do it like this.'), 'test')).toBe('Do it like this.');
    const said = explain(log, new TypeError('password=hunter2 at /srv/secret'), 'test');
    expect(said).toMatch(
      /^Something broke and nothing more was done; tell your Warroom operator the reference [0-9a-f]{6}\.$/u,
    );
    const reference = said.slice(-7, -1);
    expect(JSON.stringify(log.lines)).toContain(reference);
  });
});
