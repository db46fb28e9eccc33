import type { CodePart } from './code-part.ts';
import { readPrompt } from './prompts.ts';
import { cutComment, readCommand } from './read-command.ts';
import { isSurelyCommand } from './recognise.ts';

/**
 * Cuts what was copied from a terminal: lines behind a prompt are commands, all others are what they printed. Null when
 * there is no prompt.
 */
export function splitTranscript(body: readonly string[], bodyFrom: number): CodePart[] | null {
  const root = hasRootPrompt(body);
  const prompts = body.map((line) => readPrompt(line) ?? (root ? rootPrompt(line) : null));
  if (prompts.every((prompt) => prompt === null)) return null;
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
