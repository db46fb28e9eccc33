import { MASK } from './output-safety.ts';

/** Part of a pattern: a name that says that its value is secret. */
export const SECRET_NAME =
  '[\\w.-]{0,80}(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|private[-_]?key|credential|auth)[\\w.-]{0,80}';
/** The same for settings, where `secretName` and `tokenExpiry` are no secrets: names that end so. */
const SECRET_SETTING =
  '[\\w.-]{0,80}(?:pass(?:word|wd|phrase)?|secret|token|(?:api|private|access|secret)[-_]?key|credential)s?';
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

const NAMED_LINE = new RegExp(
  `^(?<before>[ \\t]{0,80}(?:-[ \\t]{1,8})?["']?${SECRET_SETTING}["']?[ \\t]{0,8}[:=][ \\t]{0,8})(?<value>[^ \\t\\n].*)$`,
  'gimu',
);
const NAMED_FIELD = new RegExp(
  `(?<before>"${SECRET_SETTING}"[ \\t\\n]{0,80}:[ \\t\\n]{0,80})"(?:[^"\\\\]|\\\\.)*"`,
  'giu',
);

/** The text of a configuration file (properties, YAML, JSON, ini) without the values whose names say that they are secret. */
export function maskSettings(text: string): string {
  return text
    .replace(NAMED_FIELD, `$<before>"${MASK}"`)
    .replace(NAMED_LINE, (line, before: string, value: string) =>
      value.includes(MASK) || /^[[{|>]/u.test(value) ? line : `${before}${MASK}`,
    );
}
