import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommandLine, quoteWord } from '../../src/executors/command-line.ts';
import { checkFilterChain } from '../../src/executors/filters/filters.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { UserError } from '../../src/lib/errors.ts';
import { filter, longestPause, readChain } from './filter-support.ts';

const HAS_JQ = spawnSync('jq', ['--version']).status === 0;
if (!HAS_JQ && process.env.CI === 'true') throw new Error('jq is not on this machine: apt-get install jq');
if (!HAS_JQ) console.warn('jq is not on this machine: the comparison with it is skipped');

/** The machine's own jq, with the same arguments. */
function realJq(args: readonly string[], input: string): { text: string; ok: boolean } {
  const ran = spawnSync('jq', ['-M', ...args], { input, encoding: 'utf8', env: { PATH: process.env.PATH ?? '' } });
  return { text: ran.stdout.replace(/\n$/u, ''), ok: ran.status === 0 };
}

async function lintError(chain: string): Promise<UserError | null> {
  try {
    await checkFilterChain(parseCommandLine(`x | ${chain}`, 'docker').filters);
    return null;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

const PODS = JSON.stringify({
  items: [
    { metadata: { name: 'api-1', labels: { app: 'api' } }, status: { phase: 'Running', restarts: 3 }, spec: null },
    { metadata: { name: 'api-2', labels: { app: 'api' } }, status: { phase: 'Pending', restarts: 0 }, spec: [1, 2.5] },
    { metadata: { name: 'wörker', labels: {} }, status: { phase: 'Failed', restarts: 12 }, spec: '  spaces  ' },
  ],
  total: 3,
});

/** What runbooks ask; each is also given to the machine's own jq. */
const CALLS: readonly (readonly string[])[] = [
  ['.'],
  [],
  ['-c', '.items[]'],
  ['-r', '.items[].metadata.name'],
  ['-j', '.items[].metadata.name'],
  ['-S', '.items[0]'],
  ['-cS', '.'],
  ['-r', '.items[] | select(.status.phase != "Running") | "\\(.metadata.name)\\t\\(.status.restarts)"'],
  ['.items | length'],
  ['-r', '.items[] | [.metadata.name, .status.phase] | @tsv'],
  ['-r', '.items[] | [.metadata.name, .status.restarts] | @csv'],
  ['-c', '[.items[] | {name: .metadata.name, phase: .status.phase}] | sort_by(.phase)'],
  ['-c', '.items | group_by(.status.phase) | map({phase: .[0].status.phase, n: length})'],
  ['-c', '.items | map(.status.restarts) | [min, max, add]'],
  ['-s', '-c', '.'],
  ['-n', '1, 2'],
  ['-n', '-c', '[inputs.total]'],
  ['--arg', 'name', 'api-2', '-r', '.items[] | select(.metadata.name == $name) | .status.phase'],
  ['--argjson', 'most', '2', '-r', '.items[] | select(.status.restarts > $most) | .metadata.name'],
  ['-r', '.items[2].spec'],
  ['-e', '.total == 3'],
  ['-c', '.items[] | .metadata.labels | to_entries'],
  ['-r', '.items[].metadata.name | test("^api")'],
  ['-r', '.items[].metadata.name | ascii_upcase | gsub("-"; "_")'],
  ['-c', 'del(.items[].spec) | .items |= map(.status.restarts //= 0) | .items[0]'],
  ['-c', '[paths(type == "number")]'],
  ['-c', '[limit(3; .items[] | .. | numbers)]'],
  ['-r', '.missing // "none"'],
  ['-c', 'reduce .items[] as $i (0; . + $i.status.restarts)'],
  ['-c', '[.items[] | if .status.restarts > 2 then "many" elif .status.restarts == 0 then "none" else "few" end]'],
  ['-R', '-r', 'fromjson | .total'],
  ['-a', '-r', '.items[2].metadata.name'],
];

describe('jq behind a command', () => {
  it.skipIf(!HAS_JQ).each(CALLS.map((args) => [args.join(' '), args] as const))(
    '%s says what the program jq says',
    async (_title, args) => {
      const chain = `jq ${args.map(quoteWord).join(' ')}`;
      expect(await filter(chain, PODS)).toMatchObject({ status: 'ok', text: realJq(args, PODS).text });
    },
  );

  it.skipIf(!HAS_JQ)(
    'says what the program jq says, whatever the JSON and the program are',
    { timeout: 120_000 },
    async () => {
      const key = fc.constantFrom('a', 'b', 'c d', 'é', '$id', '"');
      const json = fc.letrec((tie) => ({
        value: fc.oneof(
          { maxDepth: 3 },
          fc.constant(null),
          fc.boolean(),
          fc.integer({ min: -1_000_000, max: 1_000_000 }),
          fc.string({ unit: fc.constantFrom(...' ab\n\t"\\é東🚚$(){}'), maxLength: 6 }),
          fc.array(tie('value'), { maxLength: 3 }),
          fc.dictionary(key, tie('value'), { maxKeys: 3 }),
        ),
      })).value;
      const path = fc.constantFrom('.', '.a', '.a?', '.["c d"]?', '.[]?', '.[0]?', '.[-1:]?', '..', '.a?.b?');
      const step = fc.constantFrom(
        'length?',
        'keys?',
        'type',
        'tostring',
        'tojson',
        'map(.)?',
        'select(. != null)',
        '[.[]?] | sort',
        'to_entries?',
        'ascii_downcase?',
        '@base64?',
        '@json',
        'add?',
        'any?',
        'not',
        '{x: .}',
        '[.]',
        '. // "none"',
        'if . then 1 else 0 end',
      );
      const program = fc
        .tuple(path, fc.array(step, { maxLength: 3 }))
        .map(([first, steps]) => [`(${first})`, ...steps].join(' | '));
      const flags = fc.subarray(['-r', '-c', '-S', '-s', '-e']);
      await fc.assert(
        fc.asyncProperty(json, program, flags, async (value, text, options) => {
          const input = JSON.stringify(value);
          const expected = realJq([...options, text], input);
          const found = await filter(`jq ${[...options, text].map(quoteWord).join(' ')}`, input);
          expect({ text: found.text, ok: found.status === 'ok' }).toEqual(expected);
        }),
        { numRuns: 120 },
      );
    },
  );

  it('stands among the other filters', async () => {
    expect((await filter(`jq -r '.items[].status.phase' | sort | uniq -c | head -n 1`, PODS)).text).toBe(
      '      1 Failed',
    );
    expect((await filter(`head -n 1 | jq -c '.a'`, '{"a":[1]}\nnot json')).text).toBe('[1]');
  });

  it('keeps the spaces of a text as they are', async () => {
    expect((await filter(`jq -r '.items[2].spec'`, PODS)).text).toBe('  spaces  ');
    expect((await filter(`jq -j .`, '"\\n x \\n"')).text).toBe('\n x ');
  });

  it('takes values only through --arg, where they are data whatever they hold', async () => {
    const hostile = `x") | env, input, ("`;
    const chain = `jq -r --arg who \${who} '[$who, .total] | @json'`;
    expect((await filter(chain, PODS, { who: hostile })).text).toBe(JSON.stringify([hostile, 3]));
    expect(readChain(chain, { who: hostile }).shown[0]).toContain(hostile);
    for (const wrong of [
      'jq -r \'.items[] | select(.name == "${who}")\'',
      'jq -r .${who}',
      'jq --argjson n ${who} .',
      'jq --arg ${who} x .',
      'jq ${who}',
    ]) {
      const error = await lintError(wrong);
      expect(error?.code, wrong).toBe('placeholder_unbindable');
      expect(error?.message).toContain('--arg who ${who}');
    }
    expect(await lintError(`jq --arg who \${who} '.[$who]'`)).toBeNull();
  });

  it.each([
    [`jq '.a | '`, /cannot be read/u],
    [`jq '.a | nosuch(1)'`, /nosuch\/1 is not defined/u],
    ['jq $undeclared', /no shell here|undeclared/u],
    [`jq '$undeclared'`, /undeclared is not defined/u],
    [`jq 'import "a" as a; .'`, /module not found/u],
    [`jq 'include "a"; .'`, /module not found/u],
    ['jq -f /etc/passwd', /write the program into the step/u],
    ['jq --from-file x .', /write the program into the step/u],
    ['jq -L /tmp .', /no file is read here/u],
    ['jq --slurpfile x /etc/passwd .', /--arg NAME VALUE/u],
    ['jq --rawfile x /etc/passwd .', /--arg NAME VALUE/u],
    ['jq --args . a', /--arg NAME VALUE/u],
    ['jq -C .', /leave it out/u],
    ['jq --tab .', /leave it out/u],
    ['jq --stream .', /-r, -c, -e/u],
    ['jq -rx .', /-r, -c, -e/u],
    ['jq . /etc/passwd', /reads what comes through the pipe/u],
    ['jq --arg x', /takes a name and a value/u],
    ['jq --argjson x {a .', /is no JSON/u],
  ])('%s is an error of lint that says what to do', async (chain, message) => {
    const error = await lintError(chain);
    expect(error?.code).toBe('statement_invalid');
    expect(error?.message).toMatch(message);
    expect(error?.message).toMatch(/: [^:]+\.$/u);
  });

  it('runs nothing while it is only checked', async () => {
    for (const endless of ['[range(1e18)]', 'def f: f; f', 'repeat(1)', 'input', 'halt_error'])
      expect(await lintError(`jq -n '${endless}'`), endless).toBeNull();
  });

  it('sees no environment, no file and no module of this machine', async () => {
    process.env.WARROOM_JQ_TEST = 'hunter2';
    const found = await Promise.all(
      ['env', '$ENV', 'get_search_list', 'input_filename'].map((program) => filter(`jq -c '${program}'`, '{}')),
    );
    const all = found.map(({ text }) => text).join('\n');
    expect(all).not.toContain('hunter2');
    expect(all).not.toContain(process.env.HOME ?? 'no home');
    expect(await filter(`jq '"a" | modulemeta'`, '{}')).toMatchObject({ status: 'failed' });
  });

  it.each([
    ['[range(1e18)] | length', /memory/u],
    ['"x" * 1e9 | length', /memory/u],
    ['def f(x): f(x + 1) + 1; f(1)', /memory/u],
    ['"0123456789" * 1000 | repeat(.)', /more than 16 MiB/u],
    ['"a" * 40 | test("(a+)+(a+)+(a+)+$b")', /no end after|retry-limit|match-stack|gave|memory/u],
  ])('%s ends, and the next filter works', { timeout: 30_000 }, async (program, reason) => {
    const found = await filter(`jq '${program}'`, '1');
    expect(found.status).toBe('failed');
    expect(found.error).toMatch(reason);
    expect((await filter('jq .', '[1]')).status).toBe('ok');
  });

  it.each(['def f: f; f', 'last(range(1e18))', 'range(1e18)'])(
    '%s is ended when its time is over, and the next filter works',
    async (program) => {
      const found = await filter(`jq '${program}'`, '1', {}, { limitMs: 300 });
      expect(found).toMatchObject({ status: 'failed', error: expect.stringContaining('no end after 0.3 s') });
      expect((await filter('jq .', '[1]')).status).toBe('ok');
    },
  );

  it('ends a program after 5 seconds of the clock that steps are measured by', async () => {
    let asked = 0;
    const clock = {
      ...systemClock,
      sleep: async (ms: number) => {
        asked = ms;
      },
    };
    const found = await readChain(`jq 'def f: f; f'`).apply('1', {
      limits: { signal: new AbortController().signal, reason: () => null },
      clock,
      changing: false,
    });
    expect(asked).toBe(5_000);
    expect(found).toMatchObject({ status: 'failed', error: expect.stringContaining('no end after 5 s') });
  });

  it('leaves the process free while a program runs without an end, and stops with the step', async () => {
    await filter('jq .', '1'); // the thread is there
    const stop = new AbortController();
    const pause = await longestPause(async () => {
      const running = filter(`jq 'def f: f; f'`, '1', {}, { signal: stop.signal });
      await new Promise((resolve) => setTimeout(resolve, 500));
      stop.abort();
      expect(await running).toMatchObject({ status: 'cancelled' });
    });
    expect(pause).toBeLessThan(300);
  });

  it('says why the output could not be filtered, and keeps what came until then', async () => {
    expect(await filter('jq .a', '<html>')).toEqual({
      status: 'failed',
      text: '',
      error:
        'The output could not be filtered (what came is not JSON, parse error: Invalid numeric literal at EOF at line 1, column 6): correct the filter, or take it away.',
      warnings: [],
    });
    expect(await filter(`jq '.[] | .a'`, '[{"a":1},2]')).toMatchObject({
      status: 'failed',
      text: '1',
      error: expect.stringContaining('Cannot index number with'),
    });
    expect(await filter('jq -e .ok', '{"ok":false}')).toMatchObject({ status: 'failed', text: 'false' });
    expect(await filter('jq -e .ok | cat', '{"ok":false}')).toMatchObject({ status: 'ok', text: 'false' });
  });

  it('cannot make a change look as if it had not happened', async () => {
    const found = await filter('jq .a', 'deleted 3', {}, { changing: true });
    expect(found).toMatchObject({ status: 'ok', text: 'deleted 3', error: null });
    expect(found.warnings).toEqual([expect.stringContaining('The command was carried out')]);
  });
});
