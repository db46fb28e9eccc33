import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileExpression,
  type Expression,
  evaluate,
  isExpressionError,
  namesOf,
} from '../../src/domain/expression.ts';

function compiled(text: string): Expression {
  const result = compileExpression(text);
  if (isExpressionError(result)) throw new Error(`${text}: ${result.error}`);
  return result;
}

const value = (text: string, vars: Record<string, unknown> = {}) => evaluate(compiled(text), vars);

describe('numbers of JSON', () => {
  it.each([
    ['n % 2 == 0', { n: 4 }, true],
    ['n / 100 == 2', { n: 200 }, true],
    ['n + 1 == 5', { n: 4 }, true],
    ['n > 3.5', { n: 4 }, true],
    ['n == 4.0', { n: 4 }, true],
    ['x < 4', { x: 3.5 }, true],
    ['ms / 1000 < 2', { ms: 1500 }, true],
    ['ms / 1000 < 2', { ms: 1500.5 }, true],
    ['n * 1.5 == 6.0', { n: 4 }, true],
    ['1.5 - n < 0', { n: 4 }, true],
    ['rows[0].n >= 2', { rows: [{ n: 2 }] }, true],
    ["body.backlog < 100 && body.breaker == 'closed'", { body: { backlog: 12, breaker: 'closed' } }, true],
    ['value == null', { value: null }, true],
    ["value == 'open'", { value: null }, false],
    ["n == '1'", { n: 1 }, false],
  ])('%s with %j is %s', (text, vars, expected) => {
    expect(value(text, vars)).toEqual({ status: 'value', value: expected });
  });

  it('gives lists, maps and integers back as JSON', () => {
    expect(value('rows.filter(r, r.n > 1)', { rows: [{ n: 1 }, { n: 2 }] })).toEqual({
      status: 'value',
      value: [{ n: 2 }],
    });
    expect(value("{'a': [n]}", { n: 7 })).toEqual({ status: 'value', value: { a: [7] } });
    expect(value('size(rows) > 0 ? rows[0].pid : null', { rows: [] })).toEqual({ status: 'value', value: null });
  });
});

describe('errors are told, never taken for an answer', () => {
  it.each([
    ["steps.breaker.value == 'open'", { steps: {} }, '"steps.breaker" has no value: there is no "breaker"'],
    ['body.backlog < 100', { body: 'not JSON' }, '"body.backlog" has no value: there is no "backlog"'],
    ['body.backlog < 100', { body: { backlog: 'many' } }, '"body.backlog < 100" does not work with string and int'],
    ['n < 1', { n: null }, '"n < 1" does not work with null_type and int'],
    ['rows[0].pid == 1', { rows: [] }, '"rows" has no value: the list is too short'],
    ['nothing == 1', {}, '"nothing" is not known here'],
    ['toString', {}, '"toString" is not known here'],
    ['a.constructor', { a: {} }, '"a.constructor" has no value: there is no "constructor"'],
  ])('%s with %j', (text, vars, message) => {
    expect(value(text, vars)).toEqual({ status: 'error', message });
  });

  it('gives the column of what does not parse, and names unknown functions', () => {
    expect(compileExpression('a.b ==')).toEqual({
      error: 'the expression does not parse: found = but expecting end of input',
      column: 5,
    });
    expect(compileExpression('1 == foo(2)')).toEqual({ error: 'there is no function "foo"', column: 6 });
    expect(compileExpression('  ')).toEqual({ error: 'the expression is empty', column: 1 });
  });
});

describe('an expression cannot stop the bot', () => {
  it('matches in linear time where a backtracking engine would never end', () => {
    const started = performance.now();
    expect(value("s.matches('^(a|a)*(a|aa)+$')", { s: `${'a'.repeat(20_000)}!` })).toEqual({
      status: 'value',
      value: false,
    });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('refuses deep nesting, endless texts and loops within loops within loops', () => {
    expect(compileExpression(`${'('.repeat(900)}1${')'.repeat(900)}`)).toMatchObject({ column: 1 });
    expect(compileExpression(`'${'a'.repeat(3_000)}' == ''`)).toMatchObject({
      error: 'the expression is longer than 2000 characters',
    });
    expect(compileExpression('x.all(a, x.all(b, x.all(c, true)))')).toMatchObject({
      error: 'at most 2 of exists, all, map and filter may be nested',
    });
  });

  it('copes with long lists', () => {
    const rows = Array.from({ length: 20_000 }, (_, n) => ({ n }));
    expect(value('rows.exists(r, r.n == 19999)', { rows })).toEqual({ status: 'value', value: true });
    expect(value('rows.filter(r, r.n > 10).size()', { rows })).toEqual({ status: 'value', value: 19_989 });
    expect(value('rows.all(a, rows.all(b, a.n == b.n))', { rows })).toEqual({
      status: 'error',
      message: '"rows.all(a, rows.all(b, a.n == b.n))" would go through too much: a list here has 20000 items',
    });
  });

  it('never throws, whatever is written and whatever it sees', () => {
    const pieces = fc.constantFrom(
      'a',
      '.b',
      '[0]',
      ' == ',
      '1',
      "'x'",
      '(',
      ')',
      '&&',
      '||',
      '!',
      'size',
      '.exists(r, ',
      'has(',
      '?',
      ':',
      '-',
      '%',
      '0x',
      '\\',
      '"',
      '\u0000',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
        ),
        fc.jsonValue(),
        (text, a) => {
          const result = compileExpression(text);
          if (isExpressionError(result)) {
            expect(result.column).toBeGreaterThanOrEqual(1);
            expect(result.column).toBeLessThanOrEqual(text.length + 1);
          } else expect(['value', 'error']).toContain(evaluate(result, { a }).status);
        },
      ),
      { seed: 7, numRuns: 1_500 },
    );
  });
});

describe('names', () => {
  it('are the paths that an expression reads, without the variables of its macros', () => {
    const names = namesOf(
      compiled(
        "steps.a.value == 'x' && rows.exists(r, r.n > limit) && has(alert.labels.pod) && steps['b'].ok && type(n) == int",
      ),
    );
    expect([...names].map((path) => path.join('.')).sort()).toEqual([
      'alert.labels.pod',
      'limit',
      'n',
      'rows',
      'steps.a.value',
      'steps.b.ok',
    ]);
  });
});
