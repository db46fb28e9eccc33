import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../bin/warroom.mjs', import.meta.url));

type Answer = { code: number | null; stdout: string; stderr: string };

/** Runs the real program. */
function warroom(args: readonly string[], input: string | null = null): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: 'pipe' });
    const answer: Answer = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      answer.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      answer.stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...answer, code }));
    child.stdin.end(input ?? '');
  });
}

const lines = (text: string): unknown[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const effects = (text: string): unknown[] => lines(text).map((line) => (line as { effect?: string }).effect);

describe('warroom classify', () => {
  it('answers each line with one line, in the same order', async () => {
    const input = [
      { lang: 'sh', text: 'kubectl get pods' },
      { lang: 'sql', text: 'SELECT 1' },
      { lang: 'sql', text: 'SELECT 1; DROP TABLE a' },
      { lang: 'redis', text: 'GET a' },
      { lang: 'redis', text: 'GET a\nFLUSHALL' },
      { lang: 'kubectl', text: 'get pods -n ${namespace}' },
      { lang: 'kubectl', text: 'kubectl get pods' },
      { lang: 'kubectl', text: 'get pods | xargs kubectl delete pod' },
      { lang: 'kubectl', text: 'get ${kind}' },
      { lang: 'docker', text: 'compose ps' },
      { lang: 'docker', text: 'compose exec web ls' },
      { lang: 'docker', text: 'logs web\nrm web' },
      { lang: 'http', text: 'GET /health' },
      { lang: 'http', text: 'DELETE /orders/1' },
      { lang: 'promql', text: 'sum by (job) (rate(http_requests_total{code=~"5.."}[5m])) / 2 > 0.1' },
      { lang: 'promql', text: 'rm -rf /' },
      { lang: 'promql', text: 'kubectl delete pod' },
      { lang: 'sh', text: 'echo "\u2028"' },
    ];
    const { code, stdout } = await warroom(
      ['classify', '--jsonl'],
      input.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    expect(effects(stdout)).toEqual([
      'read',
      'read',
      'destructive',
      'read',
      'destructive',
      'read',
      'read',
      'destructive',
      'change',
      'read',
      'change',
      'destructive',
      'read',
      'destructive',
      'read',
      'change',
      'change',
      'change',
    ]);
    expect(code).toBe(0);
  });

  it('answers a wrong line with its error, goes on, and ends with code 1', async () => {
    const { code, stdout } = await warroom(
      ['classify', '--jsonl'],
      'not json\n{"lang":"cobol","text":"x"}\n{"lang":"sh"}\n{"lang":"sh","text":"ls"}',
    );
    expect(lines(stdout)).toEqual([
      { error: expect.stringMatching(/^Line 1 is not JSON: write /u) },
      { error: expect.stringMatching(/^Line 2: lang: /u) },
      { error: expect.stringMatching(/^Line 3: text: /u) },
      { effect: 'read', reasons: [] },
    ]);
    expect(code).toBe(1);
  });

  it('classifies one command that is given as an argument', async () => {
    const shell = await warroom(['classify', 'rm -rf /srv']);
    expect(effects(shell.stdout)).toEqual(['destructive']);
    const sql = await warroom(['classify', '--lang=sql', 'SELECT 1']);
    expect([sql.code, effects(sql.stdout)]).toEqual([0, ['read']]);
  });

  it('ends with code 2 when it is called wrongly, and says what to do', async () => {
    const answers = await Promise.all([
      warroom(['classify', 'ls', '-l']),
      warroom(['classify', '--frobnicate']),
      warroom(['classify', '--lang=cobol', 'ls']),
      warroom(['frobnicate']),
    ]);
    expect(answers.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    expect(answers[0]?.stderr).toBe('Give one command: put it in quotes, so that your shell hands it over as it is.\n');
    expect(answers[3]?.stderr).toBe('There is no `warroom frobnicate`: `warroom help` lists what there is.\n');
  });

  it('explains itself', async () => {
    expect((await warroom(['help'])).stdout).toContain('warroom classify');
    expect((await warroom(['help', 'classify'])).stdout).toContain('--jsonl');
  });
});
