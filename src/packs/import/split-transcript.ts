import { REDIS_DESTRUCTIVE, REDIS_READS, REDIS_REFUSED } from '../../analysis/redis-commands.ts';
import type { CodePart } from './code-part.ts';
import { type Prompted, readPrompt } from './prompts.ts';
import { cutComment, readCommand } from './read-command.ts';
import { isSurelyCommand } from './recognise.ts';

/**
 * Cuts what was copied from a terminal: lines behind a prompt are commands, all others are what they printed. Null when
 * there is no prompt. `terminal`: the fence says that it is one, so a prompt that nobody knows is told.
 */
export function splitTranscript(body: readonly string[], bodyFrom: number, terminal: boolean): CodePart[] | null {
  const root = hasRootPrompt(body);
  const named = body.map((line) => readPrompt(line) ?? (root ? rootPrompt(line) : null));
  const prompts = named.every((prompt) => prompt === null) ? barePrompts(body, terminal) : named;
  if (prompts === null) return null;
  const parts: CodePart[] = [];
  for (let at = 0; at < body.length; ) {
    const prompt = prompts[at];
    const line = body[at] ?? '';
    if (prompt === null || prompt === undefined) {
      if (line.trim() !== '') parts.push(printed(line, bodyFrom + at));
      at += 1;
      continue;
    }
    // Continued lines may carry the shell's second prompt.
    const rest = [prompt.text, ...body.slice(at + 1, at + 401).map((each) => each.replace(/^\s*>\s?/u, ''))];
    const end =
      prompt.language === 'sh' ? readCommand(rest, 0) : { end: sqlEnd(rest, prompt.language), complete: true };
    const size = Math.min(end.end, nextPrompt(prompts, at + 1) - at);
    const text = rest.slice(0, size).join('\n');
    const { text: bare, comment } = size === 1 ? cutComment(text) : { text, comment: '' };
    const base = { from: bodyFrom + at, to: bodyFrom + at + size - 1, text: bare.trim() };
    if (prompt.language === 'other')
      parts.push({
        ...base,
        kind: 'not-understood',
        language: 'sh',
        note: 'the prompt belongs to no shell that Warroom runs',
      });
    else if (base.text.startsWith('#'))
      parts.push({ ...base, text: base.text.replace(/^#+\s*/u, ''), kind: 'comment', language: 'sh', note: '' });
    else parts.push({ ...base, kind: 'command', language: prompt.language, note: comment });
    at += size;
  }
  return parts;
}

const BARE = /^\s*>\s+(?=\S)/u;

/** `> slowlog get 10`: a prompt without a name, when the text begins with it. What reads it shows in the commands behind it. */
function barePrompts(body: readonly string[], terminal: boolean): (Prompted | null)[] | null {
  const first = body.findIndex((line) => line.trim() !== '');
  if (first === -1 || !BARE.test(body[first] ?? '')) return null;
  const texts = body.map((line) => (BARE.test(line) ? line.replace(BARE, '') : null));
  const commands = texts.filter((text) => text !== null);
  const language = commands.some((text) => isSurelyCommand(text)) ? 'sh' : commands.some(isRedis) ? 'redis' : 'other';
  if (language === 'other' && !terminal) return null;
  return texts.map((text) => (text === null ? null : { text, language, root: false }));
}

function isRedis(text: string): boolean {
  const [command = '', subcommand = ''] = text.toLowerCase().split(/\s+/u);
  return [command, `${command}|${subcommand}`].some(
    (name) => REDIS_READS.has(name) || REDIS_DESTRUCTIVE.has(name) || REDIS_REFUSED.has(name),
  );
}

function printed(line: string, at: number): CodePart {
  const comment = /^\s*#+\s+/u.test(line);
  return {
    kind: comment ? 'comment' : 'documentation',
    from: at,
    to: at,
    text: comment ? line.replace(/^\s*#+\s*/u, '') : line,
    language: 'sh',
    note: '',
  };
}

function rootPrompt(line: string) {
  const text = /^# (?=\S)(.*)$/u.exec(line)?.[1] ?? '';
  return isSurelyCommand(text) ? { text, language: 'sh' as const, root: true } : null;
}

/** `# ` is a prompt when commands stand behind it and what they printed stands between them, but no command without it. */
function hasRootPrompt(body: readonly string[]): boolean {
  const prompted = body.filter((line) => rootPrompt(line) !== null).length;
  const others = body.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return prompted > 0 && others.length > 0 && !others.some((line) => isSurelyCommand(line));
}

function nextPrompt(prompts: readonly unknown[], from: number): number {
  let at = from;
  while (at < prompts.length && prompts[at] === null) at += 1;
  return at;
}

function sqlEnd(lines: readonly string[], language: string): number {
  if (language !== 'sql') return 1;
  const end = lines.slice(0, 40).findIndex((line) => /;\s*$/u.test(line));
  return end === -1 ? 1 : end + 1;
}
