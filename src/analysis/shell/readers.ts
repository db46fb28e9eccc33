import { httpEffect } from '../http-effect.ts';
import type { Reader } from '../programs/program.ts';
import { redisEffect } from '../redis-effect.ts';
import { sqlScriptEffect } from '../sql-effect.ts';
import { combineEffects, READS, type StatementEffect } from '../statement-effect.ts';
import type { Arguments } from './arguments.ts';
import { checkTestWords } from './conditions.ts';
import { awkReads, sedReads } from './little-languages.ts';
import type { Stdin } from './scope.ts';
import { isOwnVariable } from './variables.ts';
import { NotUnderstood, type Word } from './word.ts';

type Call = { readonly name: string; readonly words: readonly Word[]; readonly stdin: Stdin };
type Look = (sorted: Arguments, call: Call) => StatementEffect | Promise<StatementEffect>;

const LOOKS: Readonly<Record<Reader, Look>> = {
  redis: readRedis,
  psql: readPsql,
  sed: readSed,
  awk: readAwk,
  curl: readCurl,
  wget: readWget,
  kubernetes: readKubernetes,
  test: (_, call) => {
    checkTestWords(call.words, false);
    return READS;
  },
  'closed-input': (sorted, call) => {
    if (call.stdin === 'closed' || sorted.options.has('-z')) return READS;
    throw new NotUnderstood(`${call.name} sends what it reads to another machine`);
  },
  variables: (sorted, call) => {
    for (const word of [...sorted.operands, ...sorted.rest])
      if (!isOwnVariable(word.text ?? ''))
        throw new NotUnderstood(`${call.name} ${word.source} sets a variable that steers commands`);
    return READS;
  },
};

/** Looks into the arguments of a program whose options alone do not tell what it does. Throws `NotUnderstood`. */
export async function readFurther(reader: Reader, call: Call, sorted: Arguments): Promise<StatementEffect> {
  return await LOOKS[reader](sorted, call);
}

function literals(words: readonly (Word | null)[], what: string): string[] {
  return words.map((word) => {
    if (word?.text == null)
      throw new NotUnderstood(`${what} ${word?.source.slice(0, 40) ?? ''} is only known when it runs`);
    return word.text;
  });
}

const REDIS_ALONE = [
  '--bigkeys',
  '--memkeys',
  '--hotkeys',
  '--scan',
  '--stat',
  '--latency',
  '--latency-history',
  '--version',
  '-v',
];

/** The command and the subcommand must be written out; other arguments are one argument each, whatever their value. */
function readRedis(sorted: Arguments, call: Call): StatementEffect {
  const [command, ...rest] = [...sorted.operands, ...sorted.rest];
  if (command === undefined) {
    if (REDIS_ALONE.some((option) => sorted.options.has(option))) return READS;
    throw new NotUnderstood(`${call.name} alone runs what it reads`);
  }
  const [name = ''] = literals([command], call.name);
  if (name.includes(' ')) throw new NotUnderstood(`${call.name} with ${name} is not one command`);
  return redisEffect([
    name,
    ...rest.map(
      (word, at) =>
        word.text ??
        (at === 0 &&
        !/^(?:get|ttl|type|exists|hget|hlen|llen|scard|zcard|strlen|lrange|mget|pttl|xlen|zscore|sismember|hexists)$/iu.test(
          name,
        )
          ? '?'
          : '1'),
    ),
  ]);
}

/** Commands of psql itself that show something. A backquote in them would run a program. */
const BACKSLASH = /^\\(?:l|d[a-zA-Z]{0,3}|conninfo|timing|x|z|encoding|echo)\+?(?:\s+[\w.*"-]+)?\s*$/u;

async function readPsql(sorted: Arguments, call: Call): Promise<StatementEffect> {
  const commands = literals(
    [...(sorted.options.get('-c') ?? []), ...(sorted.options.get('--command') ?? [])],
    `${call.name} -c`,
  );
  if (['-l', '--list', '-V', '--version'].some((option) => sorted.options.has(option))) return READS;
  if (commands.length === 0) throw new NotUnderstood(`${call.name} without -c runs what it reads`);
  const found = commands.map(async (text) => {
    if (BACKSLASH.test(text)) return READS;
    if (text.includes('\\')) throw new NotUnderstood(`${call.name} with a backslash command is not on the list`);
    return await sqlScriptEffect(text);
  });
  return combineEffects(await Promise.all(found));
}

function readSed(sorted: Arguments): StatementEffect {
  const given = [...(sorted.options.get('-e') ?? []), ...(sorted.options.get('--expression') ?? [])];
  const scripts = literals(given.length > 0 ? given : sorted.operands.slice(0, 1), 'sed');
  if (scripts.length === 0 || !scripts.every(sedReads))
    throw new NotUnderstood('sed may write or run something with this script');
  return READS;
}

function readAwk(sorted: Arguments): StatementEffect {
  const [program = ''] = literals(sorted.operands.slice(0, 1), 'awk');
  if (!awkReads(program)) throw new NotUnderstood('awk may write or run something with this program');
  return READS;
}

const NOWHERE = /^(?:-|\/dev\/null|\/dev\/stdout|\/dev\/stderr)$/u;
const BODIES = '-d --data --data-raw --data-urlencode --data-binary --json -F --form -T --upload-file'.split(' ');

/** Sends by HTTP alone, writes nowhere, and is judged by its method. */
function readCurl(sorted: Arguments, call: Call): StatementEffect {
  const { options } = sorted;
  const all = (...names: string[]): (Word | null)[] => names.flatMap((name) => options.get(name) ?? []);
  if (options.has('--version') || options.has('-V')) return READS;
  for (const name of literals(all('-o', '--output', '-D', '--dump-header'), 'curl -o'))
    if (!NOWHERE.test(name)) return { effect: 'change', reasons: [`curl writes the file ${name.slice(0, 40)}.`] };
  for (const format of literals(all('-w', '--write-out'), 'curl -w'))
    if (/%output|^@/u.test(format)) throw new NotUnderstood('curl -w may write a file');
  for (const header of all('-H', '--header'))
    if (/x-http-method|x-method-override|^@/iu.test(header?.text ?? header?.source ?? '') || header?.prefix === '')
      throw new NotUnderstood('a header of curl may change what the method means');
  for (const url of [...sorted.operands, ...all('--url')]) checkUrl(url, call.name);
  const [method = null] = literals(all('-X', '--request'), 'curl -X').slice(-1);
  const hasBody = BODIES.some((name) => options.has(name));
  if (['-T', '--upload-file', '-F', '--form', '--json'].some((name) => options.has(name)))
    return httpEffect(method === 'DELETE' ? method : 'POST');
  if (method !== null) return httpEffect(method);
  if (hasBody && !options.has('-G') && !options.has('--get')) return httpEffect('POST');
  return READS;
}

/** Other protocols can carry commands (`gopher`, `dict`, `telnet`); without one, curl guesses from the beginning of the name. */
function checkUrl(word: Word | null, name: string): void {
  const start = word?.text ?? word?.prefix ?? '';
  const scheme = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\//iu.exec(start)?.groups?.scheme?.toLowerCase();
  const guessed = scheme === undefined && /^(?:ftp|dict|ldap|imap|smtp|pop3|gopher|telnet)\b/iu.test(start);
  const braces = /^[[{]/u.test(start);
  if (guessed || braces || start.startsWith('//') || (scheme !== undefined && scheme !== 'http' && scheme !== 'https'))
    throw new NotUnderstood(`${name} ${start.slice(0, 30)} is not sent by HTTP`);
}

function readWget(sorted: Arguments, call: Call): StatementEffect {
  const outputs = literals(
    [...(sorted.options.get('-O') ?? []), ...(sorted.options.get('--output-document') ?? [])],
    'wget -O',
  );
  for (const url of sorted.operands) checkUrl(url, call.name);
  if (sorted.options.has('--spider') || sorted.options.has('--version')) return READS;
  if (outputs.length > 0 && outputs.every((name) => NOWHERE.test(name))) return READS;
  return { effect: 'change', reasons: ['wget writes a file.'] };
}

const SECRET = /^secrets?(?:\.|$)/iu;
const VERBS =
  /^(?:delete|apply|create|edit|patch|scale|replace|drain|cordon|uncordon|taint|label|annotate|exec|run|set|expose|autoscale|cp|attach|debug|proxy|port-forward|rollout)$/u;

/** What is asked for must be written out (`pods`, `deploy/api`, `pods,services`), and be no Secret. */
function readKubernetes(sorted: Arguments, call: Call): StatementEffect {
  const [first] = sorted.operands;
  const known = first?.text ?? first?.prefix ?? '';
  if (first === undefined || (first.text === null && !/^[a-z][\w.-]*\//iu.test(known)))
    throw new NotUnderstood(`what ${call.name} asks for is only known when it runs`);
  const kinds = [first, ...sorted.operands.slice(1)].flatMap((word, at) => {
    const text = word.text ?? word.prefix;
    return at === 0 || text.includes('/') ? text.split(',').map((item) => item.split('/')[0] ?? '') : [];
  });
  if (kinds.some((kind) => SECRET.test(kind))) throw new NotUnderstood(`${call.name} would show a Secret`);
  if (kinds.some((kind) => VERBS.test(kind) || kind === ''))
    throw new NotUnderstood(`${call.name} ${known} is unclear`);
  return READS;
}
