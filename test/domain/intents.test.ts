import { describe, expect, test } from 'vitest';
import { coalesceKey, type Intent, LANES, laneOf } from '../../src/domain/intents.ts';
import { type Job, jobKey } from '../../src/domain/jobs.ts';

/** One of each type; the compiler says when one is missing. */
const INTENTS: { readonly [T in Intent['type']]: Extract<Intent, { type: T }> } = {
  'incident.announcement': { type: 'incident.announcement', incident: 1 },
  'incident.room': { type: 'incident.room', incident: 1 },
  'incident.topic': { type: 'incident.topic', incident: 1 },
  'incident.invite': { type: 'incident.invite', incident: 1, people: ['UA', 'UB'] },
  'incident.card': { type: 'incident.card', incident: 1 },
  'incident.pin': { type: 'incident.pin', incident: 1 },
  'incident.ladder': { type: 'incident.ladder', incident: 1 },
  'incident.update': { type: 'incident.update', incident: 1, update: 1 },
  'incident.closing': { type: 'incident.closing', incident: 1 },
  'page.send': { type: 'page.send', page: 1, ordinal: 1 },
  'page.refresh': { type: 'page.refresh', page: 1, ordinal: 1 },
  'page.unreachable': { type: 'page.unreachable', page: 1 },
  'run.card': { type: 'run.card', run: 1 },
  'approval.card': { type: 'approval.card', approval: 1 },
  'secret.wanted': { type: 'secret.wanted', stepRun: 1 },
  'secret.lost': { type: 'secret.lost', stepRun: 1 },
  'approval.outcome': { type: 'approval.outcome', approval: 1 },
  'approval.reminder': { type: 'approval.reminder', approval: 1 },
  'approval.alone': { type: 'approval.alone', approval: 1 },
  'packs.broken': { type: 'packs.broken', notice: 1 },
  'packs.mended': { type: 'packs.mended', notice: 1 },
  'audit.anchor': { type: 'audit.anchor', position: 7 },
  'step.pictures': { type: 'step.pictures', stepRun: 1 },
  welcome: { type: 'welcome' },
};
const all = Object.values(INTENTS) as Intent[];

describe('an intent', () => {
  test.each(all)('$type travels in a lane and has a key', (intent) => {
    expect(LANES).toContain(laneOf(intent));
    expect(coalesceKey(intent)).not.toContain('undefined');
  });

  test('of another type or number never has the same key', () => {
    const others = all.map((intent) =>
      Object.fromEntries(Object.entries(intent).map(([key, value]) => [key, typeof value === 'number' ? 2 : value])),
    ) as Intent[];
    const keys = [...all, ...others.filter((intent) => intent.type !== 'welcome')].map(coalesceKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('to invite people has one key in whatever order they stand', () => {
    const invite = (people: string[]) => coalesceKey({ type: 'incident.invite', incident: 1, people });
    expect(invite(['UB', 'UA'])).toBe(invite(['UA', 'UB']));
  });

  test('of every repeat of a page is a message of its own', () => {
    expect(coalesceKey({ type: 'page.send', page: 1, ordinal: 1 })).not.toBe(
      coalesceKey({ type: 'page.send', page: 1, ordinal: 2 }),
    );
    expect(coalesceKey({ type: 'page.send', page: 11, ordinal: 1 })).not.toBe(
      coalesceKey({ type: 'page.send', page: 1, ordinal: 11 }),
    );
  });

  test('that pages somebody travels alone in front', () => {
    const lane = all.filter((intent) => laneOf(intent) === 'page').map((intent) => intent.type);
    expect(lane).toEqual(['page.send', 'page.unreachable']);
    expect(LANES[0]).toBe('page');
  });
});

test('every job has a key of its own', () => {
  const jobs: { readonly [T in Job['task']]: Extract<Job, { task: T }> } = {
    'escalation.tick': { task: 'escalation.tick', incident: 1 },
    'incident.milestone': { task: 'incident.milestone', incident: 1, milestone: 'assess' },
    'run.read': { task: 'run.read', run: 1 },
    'run.change': { task: 'run.change', stepRun: 1 },
    'audit.anchor': { task: 'audit.anchor' },
    'approval.preview': { task: 'approval.preview', approval: 1 },
    'approval.expire': { task: 'approval.expire', approval: 1 },
    'approval.remind': { task: 'approval.remind', approval: 1 },
    'approval.offer_alone': { task: 'approval.offer_alone', approval: 1 },
  };
  const keys = (Object.values(jobs) as Job[]).map(jobKey);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.join()).not.toContain('undefined');
});
