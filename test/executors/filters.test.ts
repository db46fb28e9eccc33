import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindWords, parseCommandLine } from '../../src/executors/command-line.ts';
import { carryOut } from '../../src/executors/filters/chain.ts';
import { UserError } from '../../src/lib/errors.ts';
import { filter, longestPause, readChain } from './filter-support.ts';

const apply = async (chain: string, text: string, values: Record<string, string> = {}): Promise<string> =>
  (await filter(chain, text, values)).text;
const codeOf = (chain: string, values: Record<string, string> = {}): string => {
  try {
    readChain(chain, values);
    return 'ok';
  } catch (error) {
    if (error instanceof UserError) return error.code;
    throw error;
  }
};

const LOG = [
  '10.0.0.1 GET /api 200 12',
  'ERROR timeout of 10.0.0.2',
  '10.0.0.1 GET /api 500 3',
  'Error (code 7)',
  '',
  '10.0.0.3 POST /pay+now 200 7',
  '10.0.0.1 GET /health 200 1',
  'exception in main',
].join('\n');

/** Each of these is also given to the machine's own programs: the two must say the same. */
const CHAINS = [
  "grep -iE 'error|exception|timeout' | tail -n 30",
  'grep -i error | head -n 1',
  'grep "200"',
  `grep -oE '^[0-9a-fA-F.:]+' | sort | uniq -c | sort -rn | head -n 20`,
  'grep -v 200',
  'grep -c GET',
  'grep -n POST',
  'grep -F pay+now',
  'grep pay+now',
  `grep 'code \\(7\\|8\\)'`,
  'grep "(code 7)"',
  'grep -w GET',
  'grep -A1 -i error',
  'grep -m 2 200',
  'grep -e POST -e Error',
  'grep -x "exception in main"',
  'head -3',
  'head -n -6',
  'tail -2',
  'tail -n +7',
  'wc -l',
  'wc -w',
  'wc -c',
  'sort -r',
  'sort -u',
  'sort -k 5n',
  'sort -t. -k4,4n',
  'uniq -d',
  "cut -d ' ' -f 1,4-",
  'cut -c 1-5',
  'tr a-z A-Z',
  "tr -d '0-9'",
  "tr -s ' '",
  'cat',
];

describe('filters behind a command', () => {
  it.each(CHAINS)('%s says what the program of that name says', async (chain) => {
    let text = `${LOG}\n`;
    for (const words of parseCommandLine(`x | ${chain}`, 'docker').filters) {
      const [program = '', ...args] = bindWords(words, {}).sent;
      const ran = spawnSync(program, args, {
        input: text,
        encoding: 'utf8',
        env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' },
      });
      text = ran.stdout;
    }
    expect(await apply(chain, LOG)).toBe(text.replace(/\n$/u, ''));
  });

  it('takes an empty output, and finding nothing is no error', async () => {
    expect(await apply('grep x | wc -l', '')).toBe('0');
    expect(await apply('grep nothing', LOG)).toBe('');
  });

  it.each([
    'tee /tmp/x',
    'sh',
    'xargs rm',
    'awk 1',
    'sed -i s/a/b/',
    'sort -o /etc/passwd',
    'sort --compress-program=sh',
    'grep -f /etc/passwd x',
    'grep -r x /etc',
    'grep x /etc/passwd',
    'head /etc/passwd',
    'tail -f',
    'tail -n',
    'cat /etc/passwd',
    'wc --files0-from=/etc/passwd',
    'uniq in out',
    'cut -f 1 /etc/passwd',
    'head -n x',
    'grep "("  -E',
    'toString',
    'constructor x',
  ])('%s is refused: no file is read or written, no program started', (chain) =>
    expect(codeOf(chain)).toBe('statement_invalid'),
  );

  it('binds values as arguments', async () => {
    expect(await apply('grep -F ${v}', LOG, { v: 'pay+now' })).toContain('POST');
    expect(codeOf('grep ${v}', { v: '-f' })).toBe('value_refused');
    expect(codeOf('${v} x', { v: 'grep' })).toBe('placeholder_unbindable');
  });

  it('takes linear time for a pattern that a backtracking engine chokes on', async () => {
    const started = performance.now();
    await apply(`grep -E '(a+)+$'`, `${'a'.repeat(20_000)}!`);
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  it('refuses a pattern that takes long only to be read', () => {
    expect(codeOf(`grep -E '${'(?:b{0,999})'.repeat(50)}'`)).toBe('statement_invalid');
    expect(codeOf(`grep -E '${'a'.repeat(6_000)}'`)).toBe('statement_invalid');
    expect(codeOf(`grep -E '([0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'`)).toBe('ok');
  });

  it('leaves the process free while a filter works for a long time', async () => {
    let seed = 7;
    const letters = Array.from({ length: 100_000 }, () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed < 1_073_741_824 ? 'a' : 'b';
    });
    const [slow, text] = ['a[ab]{300}[cde]', letters.join('')];
    await apply('cat', ''); // the thread is there
    expect(await longestPause(() => apply(`grep -Ec '${slow}'`, text))).toBeLessThan(300);
    // Without the thread nothing else can happen until the work has ended.
    expect(
      await longestPause(() => carryOut({ chain: [['grep', '-Ec', slow]], text }, () => undefined)),
    ).toBeGreaterThan(300);
  });

  it('sorts like the program, whatever the lines are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom(...'ab 1-9.\t') }), { maxLength: 8 }),
        async (lines) => {
          const input = lines.map((line) => `${line}\n`).join('');
          const expected = execFileSync('sort', ['-n'], {
            input,
            encoding: 'utf8',
            env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
          });
          // Whether the last line of an output ends is no matter of its order.
          expect((await apply('sort -n', input)).replace(/\n$/u, '')).toBe(expected.replace(/\n$/u, ''));
        },
      ),
      { numRuns: 25 },
    );
  });
});
