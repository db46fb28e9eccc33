import type { Json } from '../../lib/canonical-json.ts';
import { MASK } from '../output-safety.ts';

/** Variables whose values are never a secret and often the answer. */
const OPEN =
  /^(?:PATH|HOME|HOSTNAME|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|SHELL|USER|PWD|PORT|NODE_ENV|APP_ENV|ENVIRONMENT|DEBIAN_FRONTEND|PYTHONUNBUFFERED|(?:[A-Z0-9_]+_)?(?:VERSION|MAJOR|LOG_LEVEL))$/u;
const SECRET_NAME =
  '[\\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|private[-_]?key|credential|auth)[\\w.-]*';
/** `--password=x`, `--token x`, `PGPASSWORD=x` and passwords in addresses, wherever a command line shows them. */
const IN_COMMANDS: readonly RegExp[] = [
  new RegExp(`(?<before>(?:^|[\\s"'])-{0,2}${SECRET_NAME}[=:])(?<value>"[^"]*"|'[^']*'|[^\\s"']+)`, 'giu'),
  new RegExp(`(?<before>(?:^|\\s)--?${SECRET_NAME}\\s+)(?<value>[^\\s-]\\S*)`, 'giu'),
  /(?<before>:\/\/[^/\s:@]*:)(?<value>[^@\s/]+)(?=@)/gu,
];

/** A command line without what looks like a secret in it. */
export function maskCommand(text: string): string {
  return IN_COMMANDS.reduce((masked, pattern) => masked.replace(pattern, `$<before>${MASK}`), text);
}

/** The same for a list of arguments, where the option and its value are two. */
export function maskArguments(args: readonly string[]): string[] {
  const secretOption = new RegExp(`^--?${SECRET_NAME}$`, 'iu');
  return args.map((arg, index) =>
    secretOption.test(args[index - 1] ?? '') && !arg.startsWith('-') ? MASK : maskCommand(arg),
  );
}

/**
 * What `inspect` says, with the values of environment variables masked (but for names that are never a secret) and secrets in commands,
 * labels and options of log drivers. An engine shows them to everybody who may inspect; a chat has more readers.
 */
export function maskInspection(value: Json, key = ''): Json {
  if (Array.isArray(value)) {
    const texts = value.every((item): item is string => typeof item === 'string');
    if (texts && key === 'Env') return value.map(maskVariable);
    if (texts) return maskArguments(value);
    return value.map((item: Json) => maskInspection(item));
  }
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        typeof item === 'string' && new RegExp(`^${SECRET_NAME}$`, 'iu').test(name) && item !== ''
          ? MASK
          : maskInspection(item, name),
      ]),
    );
  }
  return typeof value === 'string' ? maskCommand(value) : value;
}

function maskVariable(variable: string): string {
  const at = variable.indexOf('=');
  const name = at < 0 ? variable : variable.slice(0, at);
  return at < 0 || OPEN.test(name) || at === variable.length - 1 ? variable : `${name}=${MASK}`;
}
