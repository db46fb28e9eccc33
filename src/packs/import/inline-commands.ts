import { readPrompt } from './prompts.ts';
import { isSurelyCommand } from './recognise.ts';

/** Commands that stand as code within a sentence, in its order: `` run `kubectl get pods -n shop` ``. */
export function commandSpans(text: string): string[] {
  return [...text.matchAll(/(`{1,2})(?!`)(.+?)\1(?!`)/gu)]
    .map((match) => (readPrompt(match[2] ?? '')?.text ?? match[2] ?? '').trim())
    .filter((span) => /\s/u.test(span) && (isRequest(span) || isSurelyCommand(span)));
}

/** `GET /health`: an HTTP request as people write it. */
export function isRequest(text: string): boolean {
  return /^(?:GET|HEAD|POST|PUT|PATCH|DELETE) (?:\/|https?:\/\/)\S*$/u.test(text);
}

/** The commands of a line that is nothing else: code alone, or a command that nobody marked as one. */
export function isWholeCommand(line: string): string[] {
  const spans = commandSpans(line);
  if (
    spans.length > 0 &&
    line.replaceAll(/`[^`]*`/gu, '').replaceAll(/[\s.,;:*-]|\b(?:or|and|oppure|e|o)\b/gu, '') === ''
  )
    return spans;
  const prompt = readPrompt(line);
  if (prompt !== null && prompt.language === 'sh' && isSurelyCommand(prompt.text)) return [prompt.text];
  return !line.includes('`') && !/[.!?:;,]$/u.test(line) && isSurelyCommand(line) ? [line] : [];
}
