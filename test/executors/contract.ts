import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { Effect } from '../../src/domain/effect.ts';
import type { TargetDefinition } from '../../src/domain/system.ts';
import type { Executor, StatementSource } from '../../src/executors/executor.ts';
import { redact } from '../../src/executors/output-safety.ts';
import { canonicalHash, canonicalJson } from '../../src/lib/canonical-json.ts';
import { Secret } from '../../src/lib/secret.ts';
import { attempt, execute, runContext } from './harness.ts';

/** What the suite has to know of one executor to hold it to the contract of all. */
export type ContractSubject = {
  readonly executor: Executor;
  /** Both credentials hold a secret: `env:READ_SECRET` and `env:WRITE_SECRET`, unless `credentials` says that there are none. */
  readonly target: TargetDefinition;
  readonly credentials?: 'none';
  /** What a credential names besides those two, by reference. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Nothing that this executor takes changes anything: `change` is then an attempt, refused whatever the step may do. */
  readonly onlyReads?: true;
  /** The least that `echo`, `slow` and `large` may do. */
  readonly effect: Effect;
  /** Gives the value of `${value}` back. */
  readonly echo: { readonly text: string; read(value: Readonly<Record<string, unknown>>): unknown };
  /** Values that the executor refuses on principle, because no encoding makes them one thing. */
  refuses?(value: string): boolean;
  /** How many values are tried, where each takes long. */
  readonly runs?: number;
  /** Runs for a minute unless it is stopped. */
  readonly slow: string;
  /** What `slow` started goes on although nobody waits for it: when it had been sent, a cancel leaves it unknown. */
  readonly goesOn?: true;
  /** Makes `slow` slow, for a target that has no slow statement of its own; gives back how to end that. */
  makeSlow?(): Promise<() => Promise<void>>;
  /** Prints far more than 4 KiB, `FIRST` at the beginning and `LAST` at the end. */
  readonly large: string;
  /** A statement that changes the target. */
  readonly change: string;
  /** Everything that `change` would change. */
  state(): Promise<unknown>;
  /** The same target where nobody answers, or where its place is gone. */
  readonly unreachable: TargetDefinition;
  readonly badTargets: readonly TargetDefinition[];
  /** Ways to write another statement for another target, value or text; each must hash differently. */
  readonly variants: readonly Partial<StatementSource>[];
};

/** How the subject is started and stopped; null when this machine cannot (said loudly by who returns it). */
export type ContractSetup = () => Promise<{ subject: ContractSubject; stop(): Promise<void> } | null>;

const SECRETS: Readonly<Record<string, string>> = {
  'env:READ_SECRET': 'read-secret-4711',
  'env:WRITE_SECRET': 'write-secret-4712',
};

/** Strings that end quotes, statements, lines, arguments and encodings in every language that is spoken here. */
const HOSTILE = [
  `'; DROP TABLE prey; --`,
  `" OR 1=1 --`,
  '$(touch /tmp/warroom-pasted)',
  '`touch /tmp/warroom-pasted`',
  '; touch /tmp/warroom-pasted',
  '$1',
  '${value}',
  '${other}',
  '%27%3B',
  '%0d%0aX-Injected: 1',
  '../../etc/passwd',
  '&value=other',
  '?a=b#c',
  'a b\tc',
  'a\nb',
  'line\r\nDEL prey',
  '\\',
  "\\'",
  '\\x41',
  '{{7*7}}',
  '*',
  '~root',
  'é漢😀',
  '',
  ' ',
];

/** Runs the contract of all executors against one of them. */
export function describeExecutor(name: string, setup: ContractSetup): void {
  describe(`the contract of executors: ${name}`, () => {
    let subject: ContractSubject;
    let stop: (() => Promise<void>) | undefined;
    let present = false;

    beforeAll(async () => {
      const started = await setup();
      if (started === null) return;
      ({ subject, stop } = started);
      present = true;
    });
    afterAll(async () => {
      await stop?.();
    });

    const test = (title: string, body: (context: TestContext) => Promise<void>) =>
      it(title, async (context) => {
        if (!present) context.skip('the service is not on this machine');
        await body(context);
      });
    const source = (text: string, parts: Partial<StatementSource> = {}): StatementSource => ({
      text,
      values: {},
      target: subject.target,
      allowed: subject.effect,
      ...parts,
    });
    const resolver = (asked: string[] = []) => ({
      secrets: (reference: string) => {
        asked.push(reference);
        return Promise.resolve(new Secret(SECRETS[reference] ?? subject.secrets?.[reference] ?? 'unknown'));
      },
    });

    test('a statement that changes something is refused where a step may only read, and nothing changes', async () => {
      const before = await subject.state();
      const outcome = await attempt(subject.executor, source(subject.change, { allowed: 'read' }));
      expect(outcome).toBe(subject.onlyReads ? 'statement_invalid' : 'not_read_only');
      expect(await subject.state()).toEqual(before);
    });

    test('the same statement works where a step may change, so the refusal above was no accident', async () => {
      const before = await subject.state();
      if (subject.onlyReads) {
        expect(await attempt(subject.executor, source(subject.change, { allowed: 'destructive' }))).toBe(
          'statement_invalid',
        );
        expect(await subject.state()).toEqual(before);
        const values = { value: 'x' };
        const read = await execute(subject.executor, source(subject.echo.text, { values }), resolver());
        expect(read).toMatchObject({ status: 'ok', error: null });
        return;
      }
      const result = await execute(subject.executor, source(subject.change, { allowed: 'destructive' }), resolver());
      expect(result).toMatchObject({ status: 'ok', error: null });
      expect(await subject.state()).not.toEqual(before);
    });

    test('a change is refused on a target without a write credential', async () => {
      const target = { ...subject.target, write: null };
      if (subject.onlyReads) {
        const parts = { target, values: { value: 'x' }, allowed: 'destructive' } as const;
        expect(await attempt(subject.executor, source(subject.echo.text, parts), resolver())).toBe('ok');
        return;
      }
      expect(await attempt(subject.executor, source(subject.change, { target, allowed: 'destructive' }))).toBe(
        'target_read_only',
      );
    });

    test('only the credential in use is loaded', async () => {
      const asked: string[] = [];
      await execute(subject.executor, source(subject.echo.text, { values: { value: 'x' } }), resolver(asked));
      const used = subject.effect === 'read' ? 'env:READ_SECRET' : 'env:WRITE_SECRET';
      const others = Object.keys(subject.secrets ?? {});
      const named = asked.filter((reference) => !others.includes(reference));
      expect(named).toEqual(subject.credentials === 'none' ? [] : [used]);
    });

    test('what takes too long ends as a timeout, soon after its time', async () => {
      const end = await subject.makeSlow?.();
      const started = performance.now();
      const result = await execute(subject.executor, source(subject.slow), { ...resolver(), timeoutMs: 400 });
      const took = performance.now() - started;
      await end?.();
      expect(result.status).toBe('timeout');
      expect(result.error).toMatch(/\.$/u);
      expect(took).toBeLessThan(4_000);
    });

    test('what is cancelled ends as cancelled, at once', async () => {
      const end = await subject.makeSlow?.();
      const cancel = new AbortController();
      const statement = await subject.executor.prepare(source(subject.slow));
      const started = performance.now();
      const running = statement.run(runContext({ ...resolver(), signal: cancel.signal, timeoutMs: 60_000 }));
      setTimeout(() => cancel.abort(), 300);
      const result = await running;
      const took = performance.now() - started;
      await end?.();
      expect(subject.goesOn ? ['cancelled', 'unknown'] : ['cancelled']).toContain(result.status);
      expect(took).toBeLessThan(4_000);
    });

    test('what was cancelled before it began is never sent', async () => {
      const before = await subject.state();
      const text = subject.onlyReads ? subject.echo.text : subject.change;
      const statement = await subject.executor.prepare(
        source(text, { values: { value: 'x' }, allowed: 'destructive' }),
      );
      const result = await statement.run(runContext({ ...resolver(), signal: AbortSignal.abort() }));
      expect(result.status).toBe('cancelled');
      expect(await subject.state()).toEqual(before);
    });

    test('long output keeps its head and its tail and says how much is missing', async () => {
      const result = await execute(subject.executor, source(subject.large), { ...resolver(), maxOutputBytes: 4_096 });
      expect(result.status).toBe('ok');
      expect(result.output).toContain('FIRST');
      expect(result.output).toContain('LAST');
      expect(result.output).toContain(`${result.omittedBytes} bytes left out`);
      expect(Buffer.byteLength(result.output)).toBeLessThan(4_096 + 64);
    });

    test('a secret that the target prints comes back masked, in output, value and progress', async () => {
      const chunks: string[] = [];
      const secret = SECRETS[subject.effect === 'read' ? 'env:READ_SECRET' : 'env:WRITE_SECRET'] ?? '';
      // without a credential the only secret that a target can know is one that it was given as a value
      const value = subject.credentials === 'none' ? new Secret(secret) : `before ${secret} after`;
      const result = await execute(subject.executor, source(subject.echo.text, { values: { value } }), {
        ...resolver(),
        onOutput: (chunk) => chunks.push(chunk),
      });
      const everything = JSON.stringify(result) + chunks.join('');
      expect(result.status).toBe('ok');
      expect(everything).not.toContain(secret);
      expect(everything).toContain('<secret>');
    });

    test('a secret value is bound, and neither display, canonical form nor result shows it', async () => {
      const values = { value: new Secret('bound-secret-99') };
      const statement = await subject.executor.prepare(source(subject.echo.text, { values }));
      const result = await statement.run(runContext(resolver()));
      expect(result.status).toBe('ok');
      const shown = [statement.display, canonicalJson(statement.canonical), JSON.stringify(result)].join('\n');
      expect(shown).not.toContain('bound-secret-99');
      expect(shown).not.toContain(Buffer.from('bound-secret-99').toString('base64'));
      expect(shown).toContain('secret');
    });

    test('terminal escapes and bidirectional controls do not come through', async () => {
      const value = 'a\u001b[31mred\u001b[0m\u202eb';
      const text = source(subject.echo.text, { values: { value } });
      if (subject.refuses?.(value)) return expect(await attempt(subject.executor, text)).toBe('value_refused');
      const result = await execute(subject.executor, text, resolver());
      if (result.status === 'ok') expect(result.output).not.toMatch(/[\u001b\u202e]/u);
    });

    test('a value is never pasted into text: whatever it holds comes back as it is, and nothing else happens', async () => {
      const before = await subject.state();
      const hostile = fc.oneof(
        fc.constantFrom(...HOSTILE),
        fc.string({ maxLength: 40 }),
        fc.string({ unit: 'grapheme', maxLength: 20 }),
        fc.tuple(fc.constantFrom(...HOSTILE), fc.constantFrom(...HOSTILE)).map((pair) => pair.join('')),
      );
      await fc.assert(
        fc.asyncProperty(hostile, async (value) => {
          const text = source(subject.echo.text, { values: { value } });
          if (subject.refuses?.(value) === true || value.includes('\0')) {
            expect(await attempt(subject.executor, text, resolver())).toBe('value_refused');
            return;
          }
          const result = await execute(subject.executor, text, resolver());
          expect(result.status).toBe('ok');
          expect(subject.echo.read(result.value)).toEqual(redact(value, []));
        }),
        { seed: 20_240_521, numRuns: subject.runs ?? 60 },
      );
      expect(await subject.state()).toEqual(before);
    });

    test('a missing value is refused by name', async () => {
      expect(await attempt(subject.executor, source(subject.echo.text))).toBe('value_missing');
      expect(
        await attempt(
          subject.executor,
          source(subject.echo.text, { values: Object.create({ value: 'inherited' }) as Record<string, string> }),
        ),
      ).toBe('value_missing');
    });

    test('placeholders are named once each, for lint', async () => {
      expect(await subject.executor.placeholders(subject.echo.text)).toEqual(['value']);
    });

    test('a target where nobody answers fails with one sentence that says what to do', async () => {
      const result = await execute(
        subject.executor,
        source(subject.echo.text, { target: subject.unreachable, values: { value: 'x' } }),
        resolver(),
      );
      expect(result.status).toBe('failed');
      expect(result.error).toMatch(/^[^\n]+: [^\n]+\.$/u);
      expect(result.error).toContain(subject.target.name);
    });

    test('a usable target has no problems; a wrong one is told in sentences and never contacted', async () => {
      expect(subject.executor.checkTarget(subject.target)).toEqual([]);
      for (const target of subject.badTargets) {
        const problems = subject.executor.checkTarget(target);
        expect(problems.length, JSON.stringify(target)).toBeGreaterThan(0);
        for (const problem of problems) expect(problem).toMatch(/\.$/u);
        expect(
          await attempt(subject.executor, source(subject.echo.text, { target, values: { value: 'x' } }), resolver()),
        ).toMatch(/refused|target_/u);
      }
    });

    test('prepare asks for no secret and reaches nobody', async () => {
      const parts = { target: subject.unreachable, values: { value: 'x' } };
      const statement = await subject.executor.prepare(source(subject.echo.text, parts));
      expect(statement.display).toContain('x');
    });

    test('the canonical form is the same for the same statement, and another one for anything that matters', async () => {
      const base = source(subject.echo.text, { values: { value: 'x' } });
      const hash = async (parts: Partial<StatementSource>) =>
        canonicalHash((await subject.executor.prepare({ ...base, ...parts })).canonical);
      const variants: Partial<StatementSource>[] = [
        {},
        { values: { value: 'y' } },
        { values: { value: subject.refuses?.('x ') ? 'x2' : 'x ' } },
        { target: { ...subject.target, name: 'other' } },
        ...(subject.credentials === 'none' ? [] : [{ target: { ...subject.target, read: {}, write: {} } }]),
        { text: subject.slow },
        ...subject.variants,
      ];
      const hashes = await Promise.all(variants.map(hash));
      expect(new Set(hashes).size).toBe(variants.length);
      expect(await hash({})).toBe(hashes[0]);
    });

    test('a text with an invisible character is refused, so that people see what they approve', async () => {
      expect(await attempt(subject.executor, source(`${subject.echo.text}\u202e`, { values: { value: 'x' } }))).toBe(
        'statement_invalid',
      );
    });
  });
}
