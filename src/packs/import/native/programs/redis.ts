import { fillMarks, keepBraces, type Placeholder, splitMarks } from '../marks.ts';
import { lastValue, readItems } from '../options.ts';
import { type Invocation, type Translation, targetKind } from '../translation.ts';
import { readPlace } from './place.ts';

const OPTIONS = `-h: -p: -n: -u: -a: --user: --pass: --no-auth-warning --raw --no-raw --csv --json --tls --sni: --cacert: -e -2 -3 --quoted-input? -t: -s:`;
/** Commands that never answer, or that only mean something to the session that redis-cli keeps open. */
const ENDLESS =
  /^(?:monitor|subscribe|psubscribe|ssubscribe|sync|psync|auth|hello|select|multi|exec|watch|unwatch|discard|quit|client|reset)$/iu;

/** `redis-cli [where] COMMAND …`; its own loops (`--scan`, `--bigkeys`, `-r`) and its prompt stay with it. */
export function translateRedis(call: Invocation, inside: string | null = null): Translation | null {
  const read = readItems(call.args, { options: OPTIONS, stopAtOperand: true });
  if (read === null || call.input !== null) return null;
  const { items } = read;
  const command = items.find((item) => item.kind === 'operand')?.value;
  if (command === undefined || !/^[A-Za-z][\w.-]*$/u.test(command) || /WRMARK/u.test(command) || ENDLESS.test(command))
    return null;
  if (['--sni', '--cacert', '--quoted-input', '-s'].some((name) => lastValue(items, name) !== undefined)) return null;
  const text = writeRedis([command, ...(read.after ?? [])], call.placeholders);
  const target = place(items, call, inside);
  if (text === null || target === null) return null;
  const secret = lastValue(items, '-a', '--pass') !== undefined || call.environment.has('REDISCLI_AUTH');
  const notes = secret ? ['The password of the command belongs into the credential of the target.'] : [];
  return { language: 'redis', text, ...target, notes };
}

type Items = Parameters<typeof lastValue>[0];

function place(
  items: Items,
  { placeholders }: Invocation,
  inside: string | null,
): Pick<Translation, 'targetKind' | 'targetOptions'> | null {
  const url = lastValue(items, '-u');
  if (url !== undefined) return fromUrl(url ?? '', placeholders);
  const host = readPlace(lastValue(items, '-h') ?? inside ?? '', placeholders);
  const port = readPlace(lastValue(items, '-p') ?? '', placeholders);
  const db = lastValue(items, '-n') ?? '0';
  if (host === null || port === null || !/^\d{1,2}$/u.test(db)) return null;
  const scheme = lastValue(items, '--tls') === undefined ? 'redis' : 'rediss';
  const address = `${scheme}://${host.text || '127.0.0.1'}:${port.text || '6379'}/${db}`;
  const setting = host.setting ?? port.setting;
  const words = [
    host.setting ?? host.text,
    port.text === '6379' ? '' : (port.setting ?? port.text),
    db === '0' ? '' : `db${db}`,
  ];
  return {
    targetKind: targetKind('redis', ...words.filter((word) => word !== '')),
    targetOptions:
      host.text === '' && setting === null && inside === null && db === '0' && port.text === ''
        ? {}
        : { url: setting === null ? address : { setting: `${setting}_URL`, default: address } },
  };
}

function fromUrl(
  url: string,
  placeholders: readonly Placeholder[],
): Pick<Translation, 'targetKind' | 'targetOptions'> | null {
  const whole = readPlace(url, placeholders);
  if (whole?.setting != null)
    return {
      targetKind: targetKind('redis', whole.setting),
      targetOptions: { url: { setting: whole.setting, default: 'redis://127.0.0.1:6379/0' } },
    };
  const match = /^(rediss?):\/\/(?:[^@/]*@)?([^:/@]+)(?::(\d+))?(?:\/(\d{1,2}))?$/u.exec(url);
  if (!match || splitMarks(url, placeholders).length > 1) return null;
  const [, scheme, host = '', port = '6379', db = '0'] = match;
  return {
    targetKind: targetKind('redis', host, port === '6379' ? '' : port, db === '0' ? '' : `db${db}`),
    targetOptions: { url: `${scheme}://${host}:${port}/${db}` },
  };
}

/** One command as redis-cli reads it back; null when an argument holds a line break that no line can carry. */
export function writeRedis(args: readonly string[], placeholders: readonly Placeholder[]): string {
  return args.map((argument) => writeArgument(argument, placeholders)).join(' ');
}

function writeArgument(argument: string, placeholders: readonly Placeholder[]): string {
  const literals = splitMarks(argument, placeholders).filter((piece) => typeof piece === 'string');
  // A lone `|` would begin a filter.
  if (
    argument !== '' &&
    argument !== '|' &&
    literals.every((text) => /^[A-Za-z0-9_:.,*?[\]{}/@+=<>()|%-]+$/u.test(text))
  )
    return fillMarks(argument, placeholders);
  return `"${fillMarks(argument, placeholders, escaped)}"`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

function escaped(text: string): string {
  const safe = text.replaceAll(
    /["\\\u0000-\u001f\u007f]/gu,
    (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return keepBraces(safe);
}
