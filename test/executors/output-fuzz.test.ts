import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { withLimits } from '../../src/executors/limits.ts';
import { cleanText, OutputSink, redact } from '../../src/executors/output-safety.ts';
import { safeResult } from '../../src/executors/results.ts';
import type { Json } from '../../src/lib/canonical-json.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { escapeText } from '../../src/slack/text-safety.ts';
import { approvalMessage } from '../../src/slack/views/approval-card.ts';
import { outcomeMessage } from '../../src/slack/views/approval-notices.ts';
import { sentence } from '../../src/slack/views/message.ts';
import { runMessage } from '../../src/slack/views/run-card.ts';
import { outputPage } from '../../src/web/one-time-views.ts';
import { anApprovalCard, aRun, aRunCard, aStatus, aStep, aStepRun } from '../slack-views/examples.ts';

vi.setConfig({ testTimeout: Number(process.env.FUZZ ?? 0) > 0 ? 3_600_000 : 60_000 });

/** `FUZZ=100000` runs that many cases of the sink, and a fifth of them through every card. */
const SINK_CASES = Number(process.env.FUZZ ?? 1_000);
const CARD_CASES = Math.ceil(SINK_CASES / 5);
const counted = { sink: 0, cards: 0, planted: 0, markup: 0, secretsThrough: 0, liveThrough: 0 };
afterAll(() => {
  process.stdout.write(
    `output fuzz: ${counted.sink} outputs through the sink, ${counted.cards} through every card, page and file; ${counted.planted} secrets planted, ${counted.secretsThrough} through; ${counted.markup} mentions and pieces of markup, ${counted.liveThrough} live\n`,
  );
});

// ——— what is fed in ———

const secretText = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 6, maxLength: 40 }) },
  { weight: 2, arbitrary: fc.stringMatching(/^[A-Za-z0-9+/_-]{16,120}$/u) },
  { weight: 1, arbitrary: fc.stringMatching(/^[0-9]{8,12}$/u) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 6, maxLength: 30 }) },
);
/** Blank at its ends a secret would not be recognised by eye, nor typed. */
const secret = secretText.map((text) => text.trim()).filter((text) => new Set(text).size >= 5 && text.length >= 6);

const ESCAPES = [
  '\u001b[31m',
  '\u001b[0m',
  '\u001b]8;;http://evil.example\u0007',
  '\u200b',
  '\u202e',
  '\u2066',
  '\ufeff',
  '\u00ad',
  '\0',
  '\u009b1m',
];

/** Half a surrogate pair cannot be encoded. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '\ufffd');

/** How programs print a secret. */
const FORMS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => encodeURIComponent(wellFormed(text)),
  (text) =>
    encodeURIComponent(wellFormed(text)).replace(
      /[!'()*]/gu,
      (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
  (text) => new URLSearchParams({ a: text }).toString().slice(2),
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('base64url'),
  (text) => Buffer.from(`user:${text}`).toString('base64'),
  (text) => Buffer.from(text).toString('hex'),
  (text) => Buffer.from(text).toString('base64').replace(/.{76}/gu, '$&\n'),
  (text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;'),
  (text) => JSON.stringify({ password: text }),
];

const planted = (text: string) =>
  fc.tuple(FORM, HIDDEN).map(([form, hidden]) => {
    counted.planted += 1;
    let shown = form(text);
    for (const [at, mark] of hidden) {
      const cut = Math.min(at, shown.length);
      // Never into the middle of one of the escapes, which would make it another one.
      if (hidden.length === 1) shown = shown.slice(0, cut) + mark + shown.slice(cut);
    }
    return shown;
  });

const MARKUP = [
  '<!here>',
  '<!channel>',
  '<!everyone>',
  '<!subteam^S0123ABCD>',
  '<@U0APPROVE1>',
  '<@W0APPROVE1>',
  '<#C0123ABCD|general>',
  '<http://evil.example|Approve>',
  '<mailto:a@evil.example|b>',
  '<tel:+123|c>',
  '<!date^0^{date}^http://evil.example|x>',
  '@here',
  '@channel',
  '@everyone',
  '@group',
  '#general',
  'https://evil.example/x',
  'http://evil.example',
  'mailto:x@evil.example',
  'www.evil.example',
  '&lt;!here&gt;',
  '&amp;lt;!here&amp;gt;',
  '*bold*',
  '_it_',
  '~no~',
  '`code`',
  '```',
  '```\n<!here>\n```',
  '> quote',
  ':rotating_light:',
  '</pre><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><form action=http://evil.example>',
  '<',
  '>',
  '&',
  '|',
  '\\u003c!here\\u003e',
] as const;
const TOKENS = [
  'xoxb-123456789012-abcdefghijkl',
  'ghp_abcdefghijklmnopqrstuvwxyz0123456789',
  'AKIAIOSFODNN7EXAMPLE',
  'hvs.CAESIJ0123456789abcdefghijkl',
];

/** Made once: what an arbitrary of strings looks up to begin with takes longer than a case. */
const AROUND = [
  {
    weight: 4,
    arbitrary: fc.constantFrom<string[]>(...MARKUP).map((text) => {
      counted.markup += 1;
      return text;
    }),
  },
  { weight: 2, arbitrary: fc.constantFrom(...ESCAPES) },
  { weight: 1, arbitrary: fc.constantFrom(...TOKENS) },
  { weight: 2, arbitrary: fc.constantFrom(' ', '\n', '\t', '\r\n', '\r', ': ') },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  { weight: 1, arbitrary: fc.integer({ min: 50, max: 3_000 }).map((count) => '.'.repeat(count)) },
];
const HIDDEN = fc.array(fc.tuple(fc.nat(60), fc.constantFrom(...ESCAPES)), { maxLength: 3 });
const FORM = fc.constantFrom(...FORMS);
const SIZES = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

const hostile = (text: string) =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: planted(text) }, ...AROUND), { minLength: 1, maxLength: 14 })
    // What stands side by side must not become one form by chance: a blank between keeps the oracle honest.
    .map((parts) => parts.join(' '));

const CASE = secret.chain((text) =>
  fc.record({
    text: fc.constant(text),
    output: hostile(text),
    sizes: SIZES,
  }),
);

// ——— what must not come out: an oracle that shares no code with the product ———

/** True when a known secret can be read in a text, in any form that a program prints. */
function readable(text: string, secretValue: string): boolean {
  // A secret that is a part of the mask or of what this test itself writes cannot be told apart from it.
  return FORMS.slice(0, 11).some((form) => {
    const shown = form(secretValue);
    return shown.length >= 6 && text.includes(shown);
  });
}

const INVISIBLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;
/** Ids that the examples themselves mention. */
const OWN = /<@U0(?:ONCALL01|APPROVE1)>|<!date\^\d+\^[^<>|]*\|[^<>|]*>/gu;

/** What Slack would make live in a `mrkdwn` text, or in the text of a message. */
function live(mrkdwn: string, own: RegExp = OWN): string | null {
  const rest = mrkdwn.replace(own, '');
  return (
    /<[^>]*>/u.exec(rest)?.[0] ??
    /@(?:here|channel|everyone|group)\b/iu.exec(rest)?.[0] ??
    /\w:\/\/\w/u.exec(rest)?.[0] ??
    null
  );
}

/** Counts what came through before it fails; an assertion of vitest for each text would take longer than the case. */
function forbid(kind: 'secretsThrough' | 'liveThrough', found: unknown, shown: string): void {
  if (found === null || found === undefined || found === false) return;
  counted[kind] += 1;
  expect.fail(`${kind}: ${String(found)} in ${JSON.stringify(shown)}`);
}

type Shown = { readonly mrkdwn: string[]; readonly plain: string[]; readonly elements: string[] };

/** Every text of a message by how Slack reads it, and every kind of rich text element. */
function textsOf(value: unknown, shown: Shown = { mrkdwn: [], plain: [], elements: [] }): Shown {
  if (Array.isArray(value)) for (const item of value) textsOf(item, shown);
  else if (typeof value === 'object' && value !== null) {
    const { type, text } = value as { type?: unknown; text?: unknown };
    if (typeof text === 'string') (type === 'mrkdwn' ? shown.mrkdwn : shown.plain).push(text);
    if (typeof type === 'string') shown.elements.push(type);
    for (const item of Object.values(value)) textsOf(item, shown);
  }
  return shown;
}

const LIVE_ELEMENTS = ['link', 'broadcast', 'usergroup', 'channel', 'emoji', 'team'];

async function through(output: string, text: string, sizes: readonly number[]) {
  const context = { signal: new AbortController().signal, timeoutMs: 60_000, maxOutputBytes: 8_192 };
  return withLimits(context, systemClock, async (limits) =>
    safeResult(
      {
        status: 'failed',
        output,
        error: `The target said: ${output.slice(0, 400)}`,
        warnings: [output],
        value: { output, [output]: [output] },
      },
      context,
      { limits, secrets: [new Secret(text)] },
    ),
  ).then((result) => ({ result, streamed: stream(output, text, sizes) }));
}

function stream(output: string, text: string, sizes: readonly number[]): string {
  const followed: string[] = [];
  const sink = new OutputSink({
    secrets: [new Secret(text)],
    maxBytes: 8_192,
    onOutput: (chunk) => followed.push(chunk),
  });
  const bytes = Buffer.from(output);
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    sink.write(bytes.subarray(at, at + size));
    at += size;
  }
  return `${sink.finish().text}\n${followed.join('')}`;
}

function allText(value: Json): string {
  if (Array.isArray(value)) return value.map((item: Json) => allText(item)).join('\n');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([key, item]) => `${key}\n${allText(item)}`)
      .join('\n');
  return String(value);
}

describe('hostile output', () => {
  it('gives no planted secret, no token and nothing invisible away, whatever the cuts', async () => {
    await fc.assert(
      fc.asyncProperty(CASE, async ({ text, output, sizes }) => {
        counted.sink += 1;
        const { result, streamed } = await through(output, text, sizes);
        const texts = [result.output, result.error ?? '', ...(result.warnings ?? []), allText(result.value), streamed];
        for (const shown of texts) {
          forbid('secretsThrough', readable(shown, text), shown);
          for (const token of TOKENS) forbid('secretsThrough', shown.includes(token), shown);
          forbid('liveThrough', INVISIBLE.exec(shown), shown);
        }
      }),
      { seed: 4711, numRuns: SINK_CASES },
    );
  });

  it('makes nothing live on any card, in any page or file', async () => {
    const step = aStep('probe', { effect: 'read' });
    const acting = aStep('act', { effect: 'change' });
    await fc.assert(
      fc.asyncProperty(CASE, async ({ text, output, sizes }) => {
        counted.cards += 1;
        const { result } = await through(output, text, sizes);
        const ended = { state: 'failed', output: result.output, error: result.error, passed: false } as const;
        const reading = aStatus(step, { stepRun: aStepRun(step, ended) });
        const changing = aStatus(acting, {
          stepRun: aStepRun(acting, { ...ended, display: result.output, title: result.output }),
        });
        const card = anApprovalCard(
          { state: 'used' },
          { ...ended, display: result.output, title: result.output, reason: result.output },
        );
        const messages = [
          runMessage(aRunCard([reading, changing], { run: aRun({ params: { found: result.output } }) })),
          approvalMessage(card),
          approvalMessage(anApprovalCard({ reason: result.output }, { display: result.output, title: result.output })),
          outcomeMessage(card),
          sentence(result.error ?? ''),
        ];
        for (const message of messages) {
          const { mrkdwn, plain, elements } = textsOf(message.blocks);
          for (const shown of [message.text, ...mrkdwn]) {
            forbid('liveThrough', live(shown), shown);
            forbid('secretsThrough', readable(shown.replaceAll('\u2060', ''), text), shown);
          }
          for (const shown of plain) {
            forbid('secretsThrough', readable(shown, text), shown);
            forbid('liveThrough', INVISIBLE.exec(shown), shown);
          }
          forbid(
            'liveThrough',
            elements.find((type) => LIVE_ELEMENTS.includes(type)),
            JSON.stringify(message.blocks),
          );
        }
        const stepRun = aStepRun(step, { ...ended, title: result.output });
        const page = String(await outputPage({ stepRun, run: aRun(), output: result.output, omittedBytes: 0 }));
        const inside = page.slice(page.indexOf('<main'), page.indexOf('</main>'));
        const tags = inside.match(/<\/?([a-z0-9]+)/gu) ?? [];
        forbid(
          'liveThrough',
          tags.find((tag) => !/^<\/?(?:main|h1|dl|dt|dd|pre|p)$/u.test(tag)),
          inside,
        );
      }),
      { seed: 4712, numRuns: CARD_CASES },
    );
  });

  it('control: without the sink secrets are found, and without escaping something is live', () => {
    let secrets = 0;
    let lives = 0;
    fc.assert(
      fc.property(CASE, ({ text, output }) => {
        if (readable(output, text)) secrets += 1;
        if (live(output)) lives += 1;
        expect(live(escapeText(redact(output, [new Secret(text)])))).toBeNull();
      }),
      { seed: 4713, numRuns: 500 },
    );
    expect(secrets).toBeGreaterThan(250);
    expect(lives).toBeGreaterThan(250);
    // Cleaning alone does not mask, masking alone does not see what escapes hide.
    expect(readable(cleanText('hunter2-\u001b[31mplanted'), 'hunter2-planted')).toBe(true);
    expect('hunter2-\u001b[31mplanted'.replaceAll('hunter2-planted', '')).not.toBe('');
  });
});
