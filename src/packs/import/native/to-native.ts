import { readPipeline, type WrittenCommand } from '../../../analysis/shell/read-pipeline.ts';
import { markPlaceholders } from './find-placeholders.ts';
import { type MarkedText, originalText, type Placeholder, paramsIn } from './marks.ts';
import type { NativeContext, NativeStep } from './native-step.ts';
import { decideFilters } from './post-filter.ts';
import { looksLikePromql } from './programs/promql.ts';
import { writeRedis } from './programs/redis.ts';
import { PROGRAMS } from './programs/table.ts';
import { renderShell } from './render-shell.ts';
import { translateText } from './translate-text.ts';
import type { Invocation, Translation } from './translation.ts';
import { unwrap } from './unwrap.ts';
import { writeCommand } from './write-command.ts';

/**
 * One command of a runbook in the language that says exactly the same, else as `sh`. Never throws on what stands in it. Null for a text in
 * a fence of another language (`sql`, `promql`, `redis`, `http`) that this language's reader does not take: it can be run nowhere.
 */
export async function toNativeStep(command: string, context: NativeContext): Promise<NativeStep | null> {
  const text = command.replaceAll(/\r\n?/gu, '\n').trim();
  const direct = await translateText(text, context.fenceLanguage);
  if (direct !== null) return direct === 'unreadable' ? null : direct;
  const marked = markPlaceholders(text, 'sh');
  const commands = await readPipeline(marked.text);
  const translated = commands === null ? null : await translatePipeline(commands, marked.placeholders);
  if (translated !== null) return stepOf(translated, marked);
  if (/^(?:|text|txt|plain|yaml|yml)$/u.test(context.fenceLanguage) && looksLikePromql(text)) {
    const promql = await translateText(text, 'promql');
    if (promql !== null && promql !== 'unreadable') return promql;
  }
  return renderShell(marked);
}

function stepOf({ printsOtherwise: _, ...translation }: Translation, { placeholders, notes }: MarkedText): NativeStep {
  const used = new Set([...translation.text.matchAll(/(?<!\\)\$\{([a-z][a-z0-9_]*)\}/gu)].map((match) => match[1]));
  const marks = placeholders.map((_, at) => `WRMARK${String(at).padStart(3, '0')}Z`).join(' ');
  const params = paramsIn(marks, placeholders).filter(({ name }) => used.has(name));
  return { ...translation, params, notes: [...translation.notes, ...notes] };
}

async function translatePipeline(
  commands: readonly WrittenCommand[],
  placeholders: readonly Placeholder[],
): Promise<Translation | null> {
  const [head, ...filters] = withoutFeeder(commands);
  const call = head === undefined ? null : invocation(head, placeholders);
  if (call === null) return null;
  const { inner, notes, place } = await unwrap(call);
  const translate = inner === null ? undefined : PROGRAMS.get(inner.name);
  const found = inner === null || translate === undefined ? null : await translate(inner, place);
  if (found === null) return null;
  const decision = decideFilters(
    { language: found.language, exact: found.printsOtherwise !== true },
    shownByProbe(found, filters),
  );
  if (decision.kind === 'refuse') return null;
  const write = found.language === 'redis' ? writeRedis : writeCommand;
  const rest = decision.kind === 'keep' ? decision.filters.map((words) => write(words, placeholders)) : [];
  if (rest.includes(null)) return null;
  const more = decision.kind === 'drop' ? decision.notes : searchedLog(found);
  const shownNotes = [...found.notes, ...notes, ...more];
  return {
    ...found,
    text: found.text.replace(/^.*/u, (command) => [command, ...rest].join(' | ')),
    notes: shownNotes.map((note) => originalText(note, placeholders)),
  };
}

/** A log is read from its end, so that a filter behind it does not see all of it. */
function searchedLog({ language, text }: Translation): readonly string[] {
  const bounded =
    /\s(?:--tail|--since|--since-time)[=\s]/u.test(text) || (language === 'docker' && /\s-n\s/u.test(text));
  if (bounded || !/^(?:kubectl|docker(?: compose)?) logs\s/u.test(text)) return [];
  const lines = language === 'kubectl' ? '10,000' : '1,000';
  return [`Only the newest ${lines} lines are searched: say how many with --tail or --since.`];
}

/** `echo | openssl s_client …` only ends the session that it opens. */
function withoutFeeder(commands: readonly WrittenCommand[]): readonly WrittenCommand[] {
  const [first, second, ...more] = commands;
  if (first === undefined || second?.words[0]?.text !== 'openssl') return commands;
  const words = first.words.map(({ text }) => text).join(' ');
  return /^(?:true|:|echo(?: -n)?(?: (?:Q|QUIT)?)?)$/u.test(words) && first.redirects.length === 0
    ? [second, ...more]
    : commands;
}

/** `openssl x509 -noout -dates` only prints a part of what the probe tells. */
function shownByProbe({ language, text }: Translation, filters: readonly WrittenCommand[]): readonly WrittenCommand[] {
  if (language !== 'probe' || !text.startsWith('tls ')) return filters;
  return filters.filter(({ words, redirects }) => {
    const [program, ...args] = words.map((word) => word.text ?? '');
    const prints = args.every((arg) =>
      /^(?:x509|-noout|-dates|-enddate|-startdate|-subject|-issuer|-text|-fingerprint|-serial)$/u.test(arg),
    );
    return !(
      program === 'openssl' &&
      args[0] === 'x509' &&
      prints &&
      args.includes('-noout') &&
      redirects.every(isQuiet)
    );
  });
}

/** A command as literal words; null when something in it is only known when it runs, or when it reads or writes files. */
function invocation(command: WrittenCommand, placeholders: readonly Placeholder[]): Invocation | null {
  const bodies = command.redirects.filter(({ body }) => body !== null);
  const others = command.redirects.filter(({ body, sign }) => body === null && !(sign === '<<' || sign === '<<<'));
  if (bodies.length > 1 || !others.every(isQuiet) || others.length + bodies.length < command.redirects.length)
    return null;
  const texts = command.words.map(({ text }) => text);
  const [name, ...args] = texts.filter((text) => text !== null);
  const environment = new Map(command.environment.map(({ name: key, value }) => [key, value.text ?? '']));
  if (name === undefined || args.length + 1 < texts.length || /WRMARK/u.test(name)) return null;
  if (command.environment.some(({ value }) => value.text === null)) return null;
  return {
    name: name.replace(/^\/(?:usr\/)?(?:local\/)?s?bin\//u, ''),
    args,
    patterns: command.words.some(({ pattern }) => pattern),
    environment,
    input: bodies[0]?.body ?? null,
    placeholders,
    user: null,
  };
}

/** A redirection that loses nothing: errors among the output, errors to nowhere, nothing to read. */
function isQuiet({ sign, target }: WrittenCommand['redirects'][number]): boolean {
  if (sign === '2>&' && target?.text === '1') return true;
  return /^(?:<|2>|2>>)$/u.test(sign) && target?.text === '/dev/null';
}
