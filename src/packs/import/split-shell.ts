import type { CodePart } from './code-part.ts';
import { cutComment, readCommand } from './read-command.ts';
import { isSurelyCommand, programOf } from './recognise.ts';

/**
 * Cuts a script without prompts into commands. `strict`: nobody said that the block is a script, so only what surely is a
 * command counts and the rest is documentation.
 */
export function splitShell(body: readonly string[], bodyFrom: number, strict: boolean): CodePart[] {
  if (strict && !body.some((line) => isSurelyCommand(line))) return documentation(body, bodyFrom);
  const script = oneScript(body, bodyFrom);
  if (script !== null) return script;
  const parts: CodePart[] = [];
  for (let at = 0; at < body.length; ) {
    const line = body[at] ?? '';
    if (line.trim() === '') {
      at += 1;
      continue;
    }
    const { part, end } = readPart(body, at, bodyFrom, strict);
    parts.push(part);
    at = end;
  }
  return parts;
}

function readPart(
  body: readonly string[],
  at: number,
  bodyFrom: number,
  strict: boolean,
): { part: CodePart; end: number } {
  const line = body[at] ?? '';
  const one = (kind: CodePart['kind'], text: string, note = ''): { part: CodePart; end: number } => ({
    part: { kind, from: bodyFrom + at, to: bodyFrom + at, text, language: 'sh', note },
    end: at + 1,
  });
  if (/^\s*#/u.test(line)) {
    const words = line.replace(/^\s*#+!?\s*/u, '');
    const commented = isSurelyCommand(words);
    return one(commented || line.includes('#!') ? 'documentation' : 'comment', commented ? line.trim() : words);
  }
  const { end, complete } = readCommand(body, at);
  // A text in quotes may look like JSON or like a program of its own: it belongs to the command that opened it.
  const wraps = !strict && complete && end > at + 1 && OPENS_QUOTE.test(line);
  const reason = wraps ? null : whyNoCommand(line, strict);
  if (reason === 'documentation') return one('documentation', line);
  if (reason === 'manual') return one('manual', line.trim());
  if (reason !== null) return one('not-understood', line, reason);
  const lines = body.slice(at, end);
  if (!complete && end === at + 1 && !isSurelyCommand(line))
    return one('not-understood', line, 'a quote or bracket is never closed');
  const last = lines.length - 1;
  const cut = /<<-?\s*["']?[A-Za-z_]/u.test(lines.join('\n'))
    ? { text: lines[last] ?? '', comment: '' }
    : cutComment(lines[last] ?? '');
  const text = [...lines.slice(0, last), cut.text].join('\n').trim();
  const part: CodePart = {
    kind: 'command',
    from: bodyFrom + at,
    to: bodyFrom + end - 1,
    text,
    language: 'sh',
    note: cut.comment,
  };
  return { part: trimEnd(part), end };
}

/** `tool run "async page => {`: a word in small letters, and behind it a quote that this line does not close. */
const OPENS_QUOTE = /^\s*[a-z][\w./-]*\s(?:[^"'`]|"[^"]*"|'[^']*')*(?:"[^"]*|'[^']*)$/u;

/** What a line is that does not read as a command: a kind, or the reason why nobody knows. Null for a command. */
function whyNoCommand(line: string, strict: boolean): string | null {
  const text = line.trim();
  if (/^(?:\.{3}|…|\[\.{3}\]|<snip>|--+|=+|\*+)$/u.test(text)) return 'documentation';
  if (/^\/[a-z][\w-]*(?:\s|$)/u.test(text) && !/^\/(?:bin|usr|etc|opt|sbin|var|tmp|home)\b/u.test(text))
    return 'manual';
  // A line of a crontab, a key of YAML, a request: not something that a shell takes.
  if (/^(?:[\d*/,-]+\s+){4,5}\S/u.test(text) || /^@(?:daily|hourly|weekly|reboot)\s/u.test(text))
    return 'documentation';
  if (/^[\w.-]+:(?:\s|$)/u.test(text) && programOf(text) === null) return 'documentation';
  if (/^(?:GET|POST|PUT|PATCH|DELETE|HEAD) (?:\/|https?:)/u.test(text)) return 'documentation';
  if (/^https?:\/\/\S+$/u.test(text)) return 'documentation';
  if (isSurelyCommand(text)) return null;
  if (isPrinted(text)) return 'documentation';
  // Beside known commands, an unknown program with an option is one too.
  if (strict) return /^[a-z][\w./-]*\s(?:.*\s)?-{1,2}[A-Za-z]/u.test(text) ? null : 'documentation';
  if (/^[^\w$"'./~[({!<>\\:-]/u.test(text) || /^(?:[-+>)}\]]|<(?!<|\()|~(?![/\w+-]))/u.test(text))
    return 'it does not begin like a command';
  return null;
}

/** Tables, log lines, JSON and sentences that stand below a command: what it printed, or a remark. */
function isPrinted(text: string): boolean {
  if (programOf(text) !== null && !/^[A-Z]/u.test(text)) return false;
  return (
    /\S\s{2,}\S.*\s{2,}\S/u.test(text) ||
    /^[A-Za-z_]\w*=\S*\s+\d/u.test(text) ||
    /^[A-Z][A-Z0-9_()%-]*(?:\s+[A-Z(][A-Z0-9_()%/-]*)+$/u.test(text) ||
    /^\d{4}-\d\d-\d\d|^\[?\d{1,2}:\d{2}|^(?:I|W|E|F)\d{4}\s|^(?:INFO|WARN|WARNING|ERROR|DEBUG|FATAL|Error|Warning)\b/u.test(
      text,
    ) ||
    (/^["{}[\]]|[{[,]$/u.test(text) && !/\$\{|\|\s*\{$/u.test(text)) ||
    (/^[A-Z][a-z]+\s/u.test(text) && !/^[A-Z][a-z]+-[A-Z]/u.test(text) && text.split(/\s+/u).length > 2) ||
    /^\d+(?:\.\d+)?%?$|^total \d+|^[d-][rwx-]{9}/u.test(text)
  );
}

/** A script that keeps state in variables, functions or options is one step: its lines mean nothing alone. */
function oneScript(body: readonly string[], bodyFrom: number): CodePart[] | null {
  if (!/^#!/u.test(body[0] ?? '')) return null;
  const state = body.some((line) =>
    /^(?:set -|trap |exit\b|\w+\(\)|function |(?:export\s+|local\s+)?[A-Za-z_]\w*=|if |for |while |cd )/u.test(line),
  );
  if (!state) return null;
  let last = body.length;
  while (last > 1 && body[last - 1]?.trim() === '') last -= 1;
  return [
    {
      kind: 'command',
      from: bodyFrom,
      to: bodyFrom + last - 1,
      text: body.slice(0, last).join('\n'),
      language: 'sh',
      note: '',
    },
  ];
}

function documentation(body: readonly string[], bodyFrom: number): CodePart[] {
  return body.length === 0
    ? []
    : [
        {
          kind: 'documentation',
          from: bodyFrom,
          to: bodyFrom + body.length - 1,
          text: body.join('\n'),
          language: 'sh',
          note: '',
        },
      ];
}

/** A command that took all that was left must not own the blank lines at its end. */
function trimEnd(part: CodePart): CodePart {
  const lines = part.text.split('\n').length;
  return { ...part, to: Math.min(part.to, part.from + lines - 1) };
}
