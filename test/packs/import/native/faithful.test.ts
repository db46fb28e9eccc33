import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyStatement } from '../../../../src/executors/classify-statement.ts';
import { parseCommandLine } from '../../../../src/executors/command-line.ts';
import { checkFilterChain } from '../../../../src/executors/filters/filters.ts';
import { bindRequest, parseRequest, requestPlaceholders } from '../../../../src/executors/http/parse-request.ts';
import { parseStatement } from '../../../../src/executors/kubectl/parse-statement.ts';
import { readProbe } from '../../../../src/executors/probe/parse-probe.ts';
import { bindCommand, parseCommand } from '../../../../src/executors/redis/parse-command.ts';
import { shellReferences } from '../../../../src/executors/sh/shell-references.ts';
import { analyseTemplate } from '../../../../src/executors/sql/prepare-sql.ts';
import type { NativeStep } from '../../../../src/packs/import/native/native-step.ts';
import { toNativeStep } from '../../../../src/packs/import/native/to-native.ts';
import { systemSchema } from '../../../../src/packs/system-schema.ts';
import { readCases } from './table.ts';

const CASES = ['clients.txt', 'http.txt', 'containers.txt', 'others.txt'].flatMap(readCases);

async function native(command: string): Promise<NativeStep> {
  const step = await toNativeStep(command, { system: 'shop', title: '', fenceLanguage: 'bash' });
  if (step === null) throw new Error(`nothing came of ${command}`);
  return step;
}

/** The text as the executor itself reads it; throws where it would not take it. Answers with the names of its placeholders. */
async function read({ language, text }: NativeStep): Promise<readonly string[]> {
  switch (language) {
    case 'http':
      await checkFilterChain(parseRequest(text).filters);
      return requestPlaceholders(parseRequest(text));
    case 'redis':
      await checkFilterChain(parseCommand(text).filters);
      return parseCommand(text).names;
    case 'sql':
      return (await analyseTemplate(text)).template.names;
    case 'kubectl':
      await checkFilterChain(parseStatement(text).filters);
      return parseStatement(text).names;
    case 'docker':
      await checkFilterChain(parseCommandLine(text, 'docker').filters);
      return parseCommandLine(text, 'docker').names;
    case 'probe':
      readProbe(text.split(' '), () => null);
      return [];
    default:
      return [];
  }
}

/** A word as a shell takes it, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const visible = fc
  .string({ unit: fc.constantFrom(...'abz09 _-.:/"\'\\$`{}()[]<>|&;*?!#%@=+~,éß東🚚'), minLength: 0, maxLength: 20 })
  .filter((text) => !/<[A-Za-z][\w-]*(?:[ ./:|,]+[\w-]+)*>|\$\{?[A-Za-z_]|\{[A-Za-z_]|WRMARK/u.test(text));

describe('a native step', () => {
  it('is taken by the reader of its executor, with every parameter where a value can be bound', async () => {
    const wrong: string[] = [];
    for (const { command, language } of CASES) {
      if (language === 'sh') continue;
      const step = await native(command);
      try {
        const names = await read(step);
        const declared = step.params.map(({ name }) => name);
        if ([...new Set(names)].sort().join() !== [...declared].sort().join())
          wrong.push(`${step.text}: ${names.join()} but ${declared.join()}`);
      } catch (error) {
        wrong.push(`${step.text}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is never a read where the command that it replaces, without its container, is not', async () => {
    const wrong: string[] = [];
    for (const { command } of CASES) {
      const step = await native(command);
      if (step.language === 'sh' || step.language === 'probe') continue;
      const bare = command
        .replace(/^.*?\bexec\b.*?\s(?=(?:psql|redis-cli)\s)/su, '')
        .replaceAll(/<([\w-]+)>|[[{]([A-Za-z_]+)[\]}]/gu, 'value');
      const [source, own] = await Promise.all([
        classifyStatement('sh', bare),
        classifyStatement(step.language, step.text.split('\n---')[0] ?? ''),
      ]);
      if (source.effect !== 'read' && own.effect === 'read' && !HARMLESS.test(command))
        wrong.push(`${command} → ${step.text}`);
    }
    expect(wrong).toEqual([]);
  });

  it('names a target that system.yml can hold', async () => {
    const severities = [{ level: 'A', rank: 1, definition: 'all', war_room: 'none' }];
    for (const { command } of CASES) {
      const { language, targetKind, targetOptions } = await native(command);
      const targets = { [targetKind]: { executor: language, options: targetOptions } };
      expect(systemSchema.safeParse({ name: 'Shop', severities, targets }).success, command).toBe(true);
    }
  });

  it('keeps the arguments of redis-cli as they are, whatever stands in them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(visible, { minLength: 1, maxLength: 4 }), async (values) => {
        const step = await native(`redis-cli set ${values.map(quoted).join(' ')}`);
        if (step.language === 'sh') return;
        const { args } = parseCommand(step.text);
        expect(bindCommand(args, {}).sent).toEqual(['set', ...values]);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the arguments of a command in a container as they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(visible, { minLength: 1, maxLength: 4 }), async (values) => {
        const step = await native(`kubectl exec web-0 -- echo ${values.map(quoted).join(' ')}`);
        if (step.language === 'sh') return;
        expect(parseStatement(step.text).call.rest).toEqual(['echo', ...values]);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps a text in SQL and a body of HTTP as they are', async () => {
    await fc.assert(
      fc.asyncProperty(visible, async (value) => {
        const sql = `select '${value.replaceAll("'", "''")}'`;
        const step = await native(`psql -c ${quoted(sql)}`);
        if (step.language === 'sql') expect((await analyseTemplate(step.text)).template.text).toBe(sql);
        const body = JSON.stringify({ value });
        const request = await native(
          `curl -H 'Content-Type: application/json' -d ${quoted(body)} http://shop:8000/jobs`,
        );
        if (request.language === 'http') expect(bindRequest(parseRequest(request.text), {}).sent.body).toBe(body);
      }),
      { numRuns: 200 },
    );
  });

  it('is the shell’s for anything that holds a substitution, a second command or a file', async () => {
    const extra = fc.constantFrom(
      '$(id)',
      '`id`',
      '; id',
      '&& id',
      '|| id',
      '> out',
      '>> out',
      '| sh',
      '< in',
      '& id',
      '\nid',
      '<(id)',
    );
    const known = CASES.filter(
      ({ language, params, command }) =>
        !['sh', 'probe'].includes(language) && params.length === 0 && !/[\n#]/u.test(command),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...known), extra, async ({ command }, more) => {
        expect((await native(`${command} ${more}`)).language).toBe('sh');
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, and a shell step reads its parameters in quotes', async () => {
    const words = fc.constantFrom(
      'kubectl',
      'get',
      'logs',
      'psql',
      '-c',
      'curl',
      '"',
      "'",
      '<pod>',
      '$NAME',
      '${X}',
      '`',
      '$(',
      ')',
      '<<EOF',
      'EOF',
      '\n',
      '|',
      '\\',
      '{id}',
      'xxx',
      '[POD]',
      '#',
      'redis-cli',
      'docker',
      '-it',
      '--',
      'your-x',
      '{{',
      '}}',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(words, { maxLength: 12 }), async (parts) => {
        await toNativeStep(parts.join(' '), { system: 'shop', title: '', fenceLanguage: '' });
      }),
      { numRuns: 300 },
    );
    for (const { command, language, params } of CASES) {
      if (language !== 'sh' || params.length === 0 || /\b(?:psql|ssh|xargs)\b/u.test(command)) continue;
      const step = await native(command);
      expect([...shellReferences(step.text)].sort(), command).toEqual(
        params.map((param) => param.split(':')[0] ?? '').sort(),
      );
    }
  });
});

/** Sources that the shell analysis takes for a change because of what the step leaves out or does not need. */
const HARMLESS =
  /^(?:GET|sudo|watch|timeout|kubectl --context|k |PGPASSWORD|docker stats)|-w\b|-f\b|ON_ERROR_STOP|DATABASE_URL|<<EOF/u;
