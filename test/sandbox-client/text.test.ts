import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute } from '../../src/sandbox/client/state/route.ts';
import { EMPTY_WORKSPACE, placeMessage, reduce } from '../../src/sandbox/client/state/workspace.ts';
import { emojiOf } from '../../src/sandbox/client/text/emoji.ts';
import { type Inline, parseInline, parseMrkdwn, unescapeText } from '../../src/sandbox/client/text/mrkdwn.ts';
import { completionsFor, encodeOutgoing } from '../../src/sandbox/client/text/outgoing.ts';
import { formatSlackDate } from '../../src/sandbox/client/text/time.ts';
import type { ClientState } from '../../src/sandbox/client-protocol.ts';
import { message } from './fixtures/messages.ts';
import { CHANNELS, COMMANDS, HUB, MEI, NADIA, PEOPLE } from './fixtures/people.ts';

const SEED = { seed: 20_250_812, numRuns: 500 };
const DATA = { people: PEOPLE, channels: CHANNELS, commands: COMMANDS, me: PEOPLE[0] } as unknown as ClientState;

function textOf(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      if (node.type === 'text' || node.type === 'code') return node.text;
      return 'children' in node ? textOf(node.children) : '';
    })
    .join('');
}

describe('mrkdwn', () => {
  it.each([
    ['*bold*', [{ type: 'bold', children: [{ type: 'text', text: 'bold' }] }]],
    ['2*3*4', [{ type: 'text', text: '2*3*4' }]],
    ['snake_case_name', [{ type: 'text', text: 'snake_case_name' }]],
    ['* no *', [{ type: 'text', text: '* no *' }]],
    ['`a*b* &lt;x&gt;`', [{ type: 'code', text: 'a*b* <x>' }]],
    ['&lt;!channel&gt;', [{ type: 'text', text: '<!channel>' }]],
    ['<!here>', [{ type: 'broadcast', range: 'here' }]],
    ['<@U1|nadia>', [{ type: 'user', id: 'U1', label: 'nadia' }]],
    ['<#C1>', [{ type: 'channel', id: 'C1', label: null }]],
    ['<!subteam^S1|@sre>', [{ type: 'group', id: 'S1', label: '@sre' }]],
    ['<javascript:alert(1)|x>', [{ type: 'text', text: '<javascript:alert(1)|x>' }]],
    [
      ':fire: 12:30:45',
      [
        { type: 'emoji', name: 'fire' },
        { type: 'text', text: ' 12:30:45' },
      ],
    ],
    [
      '<!date^1392734382^{date} at {time}|then>',
      [{ type: 'date', seconds: 1392734382, format: '{date} at {time}', url: null, fallback: 'then' }],
    ],
    [
      '<https://a.b/?x=1&amp;y=2|*q*>',
      [
        {
          type: 'link',
          url: 'https://a.b/?x=1&y=2',
          children: [{ type: 'bold', children: [{ type: 'text', text: 'q' }] }],
        },
      ],
    ],
  ])('reads %s', (source, nodes) => {
    expect(parseInline(source)).toEqual(nodes);
  });

  it('links a plain address unless the text is verbatim', () => {
    expect(parseInline('see https://a.b/c.').map((node) => node.type)).toEqual(['text', 'link', 'text']);
    expect(parseInline('see https://a.b/c.', true)).toEqual([{ type: 'text', text: 'see https://a.b/c.' }]);
  });

  it('reads quotes and code fences, and leaves an open fence as text', () => {
    expect(parseMrkdwn('&gt; one\n> two\nthree').map((block) => block.type)).toEqual(['quote', 'paragraph']);
    expect(parseMrkdwn('a\n```\nDEL *x*\n```')[1]).toEqual({ type: 'pre', text: 'DEL *x*' });
    expect(parseMrkdwn('```open')).toEqual([{ type: 'paragraph', children: [{ type: 'text', text: '```open' }] }]);
  });

  it('shows what is in a code fence letter by letter', () => {
    const code = fc.string().filter((text) => !/[`&<>\n]/.test(text) && text !== '');
    fc.assert(
      fc.property(code, (text) => {
        expect(parseMrkdwn(`\`\`\`${text}\`\`\``)).toEqual([{ type: 'pre', text }]);
      }),
      SEED,
    );
  });

  it('never loses a letter of an escaped text that has no markup', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const plain = text
          .replace(/[*_~`:\n]|https?/g, '-')
          .replace(/&/g, '&amp;')
          .replace(/</g, '&lt;')
          .replace(/>/g, '&gt;');
        expect(textOf(parseInline(plain))).toBe(unescapeText(plain));
      }),
      SEED,
    );
  });

  it('ends for any input', () => {
    const marks = fc.array(
      fc.constantFrom('*', '_', '~', '`', '<', '>', '|', '!', '@', ':', ' ', 'a', '\n', '&gt;', '```'),
    );
    fc.assert(
      fc.property(marks, (parts) => Array.isArray(parseMrkdwn(parts.join('')))),
      SEED,
    );
  });
});

describe('what a person typed', () => {
  it('comes back from the parser as it was typed', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[*_~`:@#\n]|http/.test(text) && !text.startsWith('/')),
        (text) => {
          expect(textOf(parseInline(encodeOutgoing(text, DATA)))).toBe(text);
        },
      ),
      SEED,
    );
  });

  it('names people and channels', () => {
    expect(encodeOutgoing('@nadia see #general, @nobody', DATA)).toBe(`<@${NADIA}> see <#C0GENERAL1|general>, @nobody`);
  });

  it('completes commands only at its beginning, people anywhere', () => {
    expect(completionsFor('/r', 2, DATA).map((one) => one.title)).toEqual(['/runbook']);
    expect(completionsFor('a /r', 4, DATA)).toEqual([]);
    expect(completionsFor('hi @me', 6, DATA).map((one) => one.key)).toEqual([MEI]);
  });
});

describe('the knowledge of the page', () => {
  const one = message(1, { channel: HUB, user: NADIA, text: 'one' });
  const two = message(2, { channel: HUB, user: NADIA, text: 'two' });

  it('puts messages in the order of time, once each, however they arrive', () => {
    const messages = Array.from({ length: 8 }, (_unused, index) => message(index, { channel: HUB, user: NADIA }));
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...messages)), (arrived) => {
        const times = arrived.reduce<readonly (typeof one)[]>(placeMessage, []).map((row) => row.ts);
        expect(times).toEqual([...new Set(arrived.map((row) => row.ts))].sort());
      }),
      SEED,
    );
  });

  it('does not mistake a single new message for the history of a channel that was never loaded', () => {
    const state = reduce(EMPTY_WORKSPACE, { type: 'event', event: { type: 'message', message: one } });
    expect(state.messages[HUB]).toBeUndefined();
  });

  it('keeps answers out of the channel and puts them into the open thread', () => {
    const loaded = reduce(EMPTY_WORKSPACE, { type: 'messages', channel: HUB, messages: [one] });
    const open = reduce(loaded, { type: 'thread', key: `${HUB}:${one.ts}`, messages: [one] });
    const reply = { ...two, thread_ts: one.ts };
    const state = reduce(open, { type: 'event', event: { type: 'message', message: reply } });
    expect(state.messages[HUB]).toEqual([one]);
    expect(state.threads[`${HUB}:${one.ts}`]).toEqual([one, reply]);
  });
});

describe('an address', () => {
  it('survives being written and read', () => {
    for (const route of [
      { person: 'U1', channel: 'C1', thread: '' },
      { person: 'U1', channel: 'home', thread: '' },
      { person: 'U1', channel: 'C1', thread: '1755008640.000100' },
    ]) {
      const url = new URL(formatRoute(route), 'http://localhost/');
      expect(parseRoute(url.search, url.hash)).toEqual(route);
    }
  });

  it('that makes no sense leads to the start', () => {
    expect(parseRoute('', '#<script>')).toEqual({ person: 'U0ONCALL01', channel: '', thread: '' });
  });
});

it('fills the tokens of a date and leaves unknown ones', () => {
  const now = Date.UTC(2025, 7, 12, 14, 31);
  expect(formatSlackDate(now / 1_000 - 120, '{ago} {date_short_pretty} {nope}', now)).toBe(
    '2 minutes ago today {nope}',
  );
});

it('knows the emoji of the cards and leaves others readable', () => {
  expect(['rotating_light', 'ladder', 'star2', 'one', '+1'].map(emojiOf)).toEqual(['🚨', '🪜', '🌟', '1️⃣', '👍']);
  expect(emojiOf('party_parrot')).toBeNull();
});
