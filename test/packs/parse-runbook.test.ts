import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExecutableStep } from '../../src/domain/runbook.ts';
import { parse, runbookText } from './support.ts';

const FENCE = '```';

async function parseBody(body: string, front = '') {
  const { runbook, problems } = await parse(runbookText(body, front));
  if (!runbook) throw new Error(JSON.stringify(problems));
  return { runbook, problems };
}

const executable = async (body: string, front = '') => {
  const { runbook, problems } = await parseBody(body, front);
  expect(problems).toEqual([]);
  return runbook.steps.filter((step): step is ExecutableStep => step.kind === 'executable');
};

describe('a runbook', () => {
  it('becomes steps with phase, title, description and every attribute', async () => {
    const front = 'params:\n  pid: { type: integer }\nexpressions:\n  fine: "status == 200 && body.ok"\n';
    const body = `## Diagnose

### Look first

Reads the state.

${FENCE}http {#look target=api expect=fine timeout=10s retry=2 poll="5s for 1m" sensitive capture="pid=body.pid"}
GET /state/\${pid}
${FENCE}

## Recover

${FENCE}redis {#drop_key target=cache when="steps.look.status == 500" verify=look revert=put_back}
DEL key
${FENCE}

### Put it back

${FENCE}redis {#put_back target=cache effect=change}
SET key 1
${FENCE}
`;
    const [look, drop, back] = await executable(body, front);
    expect(look).toEqual({
      kind: 'executable',
      id: 'look',
      title: 'Look first',
      phase: 'diagnose',
      option: null,
      description: 'Reads the state.',
      position: { file: 'shop/test.md', line: 16, column: 1 },
      language: 'http',
      text: 'GET /state/${pid}',
      target: 'api',
      effect: 'read',
      timeoutMs: 10_000,
      when: null,
      expect: 'status == 200 && body.ok',
      verify: null,
      retry: 2,
      poll: { everyMs: 5_000, forMs: 60_000 },
      sensitive: true,
      captures: [{ name: 'pid', expression: 'body.pid' }],
      revert: null,
      quorum: null,
    });
    expect(drop).toMatchObject({
      title: 'Drop key',
      phase: 'recover',
      effect: 'change',
      verify: 'look',
      revert: 'put_back',
    });
    expect(back).toMatchObject({ title: 'Put it back', effect: 'change' });
  });

  it('reads an expression as it is written, where a Markdown parser decodes it', async () => {
    const [step] = await executable(String.raw`## Diagnose

${FENCE}sh {#a target=worker expect="stdout.matches('^\\d+\\.x$') && stdout != '&lt;'"}
cat file
${FENCE}
`);
    expect(step?.expect).toBe(String.raw`stdout.matches('^\\d+\\.x$') && stdout != '&lt;'`);
  });

  it('raises an effect by analysis, and never lowers the one that is declared', async () => {
    const steps = await executable(`## Mitigate

${FENCE}redis {#plain target=cache}
GET x
${FENCE}
${FENCE}redis {#reading target=cache effect=read}
GET x
${FENCE}
${FENCE}redis {#raised target=cache}
FLUSHALL
${FENCE}
${FENCE}redis {#declared target=cache effect=destructive}
GET x
${FENCE}
`);
    expect(steps.map((step) => [step.id, step.effect])).toEqual([
      ['plain', 'change'],
      ['reading', 'read'],
      ['raised', 'destructive'],
      ['declared', 'destructive'],
    ]);
  });

  it('knows what a kubectl step reads and what its result has', async () => {
    const steps = await executable(
      `## Diagnose\n\n${FENCE}kubectl {#pods target=cluster expect="count == 1"}\nget pods\n${FENCE}\n`,
    );
    expect(steps).toMatchObject([{ effect: 'read' }]);
  });

  it('offers alternatives, and ends them at the next heading of their level', async () => {
    const { runbook } = await parseBody(`## Mitigate

### Option A: Wait
- [ ] Wait ten minutes

### Option B: Restart

#### Restart the worker
${FENCE}redis {#restart target=cache}
DEL x
${FENCE}

### Afterwards
- [ ] Tell somebody
`);
    expect(runbook.steps.map((step) => [step.id, step.option, step.title])).toEqual([
      ['manual_1', 'Option A: Wait', 'Wait'],
      ['restart', 'Option B: Restart', 'Restart the worker'],
      ['manual_2', null, 'Afterwards'],
    ]);
  });

  it('makes every task-list item a manual step, nested ones too, and leaves other lists as text', async () => {
    const { runbook, problems } = await parseBody(`## Recover

1. First
   - [ ] Ask **ops** to \`restart\`
     - [x] and wait
- Plain
`);
    expect(problems).toEqual([]);
    expect(runbook.steps.map((step) => (step.kind === 'manual' ? step.text : ''))).toEqual([
      'Ask ops to restart',
      'and wait',
    ]);
    expect(runbook.prose.map((section) => section.markdown).join()).toContain('- Plain');
  });

  it('finds fences inside lists and quotes, with tildes and with CRLF', async () => {
    const steps = await executable(`## Diagnose\r
\r
1. Look:\r
\r
   ~~~http {#in_list target=api}\r
   GET /a\r
   X-B: c\r
   ~~~\r
\r
> ${FENCE}http {#in_quote target=api}\r
> GET /b\r
> ${FENCE}\r
`);
    expect(steps.map((step) => [step.id, step.text, step.position.column])).toEqual([
      ['in_list', 'GET /a\nX-B: c', 4],
      ['in_quote', 'GET /b', 3],
    ]);
  });

  it('keeps prose that is no step, and every fence without attributes, as documentation', async () => {
    const { runbook, problems } = await parseBody(`Before.

## Symptoms

- It is *slow*

## Diagnose

Free text.

### A step

Its description.

${FENCE}http {#a target=api}
GET /a
${FENCE}

${FENCE}sh
rm -rf /
${FENCE}

${FENCE}js {1,3}
code
${FENCE}

## Notes

More.
`);
    expect(problems).toEqual([]);
    expect(runbook.symptoms).toEqual(['It is slow']);
    expect(runbook.steps.map((step) => step.id)).toEqual(['a']);
    expect(runbook.prose).toEqual([
      { phase: null, heading: '', markdown: 'Before.' },
      { phase: 'symptoms', heading: 'Symptoms', markdown: '- It is *slow*' },
      {
        phase: 'diagnose',
        heading: 'Diagnose',
        markdown: `Free text.\n\n${FENCE}sh\nrm -rf /\n${FENCE}\n\n${FENCE}js {1,3}\ncode\n${FENCE}`,
      },
      { phase: null, heading: 'Notes', markdown: 'More.' },
    ]);
  });

  it('drops a step whose verify was dropped, and shows both as text', async () => {
    const { runbook, problems } = await parseBody(`## Mitigate

${FENCE}redis {#fix target=cache verify=look}
DEL x
${FENCE}

## Verify

${FENCE}http {#look target=nowhere}
GET /
${FENCE}
`);
    expect(runbook.steps).toEqual([]);
    expect(problems.map((problem) => problem.rule)).toEqual(['unknown-step', 'unknown-target']);
    expect(runbook.prose.map((section) => section.heading)).toEqual(['Mitigate', 'Verify']);
  });
});

describe('whatever is written', () => {
  const markdown = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '## Diagnose',
          '## Mitigate',
          '### Option A: x',
          '## Symptoms',
          'Title\n---',
          '- [ ] do it',
          '- item',
          '> quote',
          '1. one',
          '    indented',
          '---',
          `${FENCE}http {#a target=api}`,
          `${FENCE}redis {#b target=cache effect=destructive}`,
          `${FENCE}sh {#c target=worker when="steps.a.status == 200"}`,
          `${FENCE}http {#a target=api`,
          `${FENCE}http`,
          FENCE,
          '~~~',
          `   ${FENCE}`,
          '<div>',
          '| a | b |\n|---|---|\n| 1 | 2 |',
          '[x](y.md)',
          '\t',
          '\u0000',
          '\ufeff',
          '{#a}',
          '`',
        ),
        fc.string({ maxLength: 30 }),
      ),
      { maxLength: 25 },
    )
    .chain((lines) => fc.constantFrom('\n', '\r\n', '\r', '\n\n').map((eol) => lines.join(eol)));

  it('nothing crashes, every place lies in the file, and ids stay unique', async () => {
    await fc.assert(
      fc.asyncProperty(markdown, fc.boolean(), async (body, withFront) => {
        const text = withFront ? runbookText(body, 'severity: SEV1\n') : body;
        const { runbook, problems } = await parse(text);
        const lines = text.split(/\r\n|\n|\r/u);
        for (const place of [...problems, ...(runbook?.steps.map((step) => step.position) ?? [])]) {
          expect(place.line).toBeGreaterThanOrEqual(1);
          expect(place.line).toBeLessThanOrEqual(lines.length);
          expect(place.column).toBeGreaterThanOrEqual(1);
          expect(place.column).toBeLessThanOrEqual((lines[place.line - 1] ?? '').length + 1);
        }
        const ids = runbook?.steps.map((step) => step.id) ?? [];
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { seed: 7, numRuns: 400 },
    );
  });

  it('no fence without attributes is ever a step', async () => {
    const language = fc.constantFrom('sh', 'bash', 'http', 'sql', 'redis', 'console', '');
    const info = fc.string({ maxLength: 12 }).filter((text) => !text.includes('{'));
    await fc.assert(
      fc.asyncProperty(language, info, fc.string({ maxLength: 40 }), async (lang, rest, code) => {
        const { runbook } = await parse(runbookText(`## Mitigate\n\n${FENCE}${lang} ${rest}\n${code}\n${FENCE}\n`));
        expect(runbook?.steps.filter((step) => step.kind === 'executable')).toEqual([]);
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('no line of a section is lost: it is a step, its description, its heading, or prose', async () => {
    const word = fc.stringMatching(/^[a-z]{4,10}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(word, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(4), { maxLength: 8 }),
        async (words, kinds) => {
          let number = 0;
          const parts = words.map((text, index) => {
            number += 1;
            switch (kinds[index] ?? 0) {
              case 1:
                return `### ${text}`;
              case 2:
                return `- [ ] ${text}`;
              case 3:
                return `${FENCE}http {#s${number} target=api}\nGET /${text}\n${FENCE}`;
              case 4:
                return `${FENCE}\n${text}\n${FENCE}`;
              default:
                return text;
            }
          });
          const { runbook } = await parse(runbookText(`## Recover\n\n${parts.join('\n\n')}\n`));
          const shown = JSON.stringify([runbook?.steps, runbook?.prose]);
          for (const text of words) expect(shown).toContain(text);
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });
});
