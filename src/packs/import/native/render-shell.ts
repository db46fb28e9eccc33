import { type MarkedText, splitMarks } from './marks.ts';
import type { NativeStep } from './native-step.ts';
import { type QuoteState, quoteStates } from './quote-states.ts';

/** A marked shell text as an `sh` step: every placeholder is a quoted variable, whatever quotes it stands in. */
export function renderShell({ text, placeholders, notes }: MarkedText): NativeStep {
  const states = quoteStates(text);
  let [at, script] = [0, ''];
  const params = new Map<string, NativeStep['params'][number]>();
  for (const piece of splitMarks(text, placeholders)) {
    if (typeof piece === 'string') {
      script += piece;
      at += piece.length;
      continue;
    }
    const { name } = piece.param;
    params.set(name, piece.param);
    script += reference(name, states[at] ?? 'plain');
    at += 'WRMARK000Z'.length;
  }
  return {
    language: 'sh',
    text: script.trimEnd(),
    targetKind: 'sh',
    targetOptions: {},
    params: [...params.values()],
    notes,
  };
}

function reference(name: string, state: QuoteState): string {
  switch (state) {
    case 'double':
    case 'heredoc':
      return `\${${name}}`;
    case 'single':
      return `'"\${${name}}"'`;
    case 'ansi':
      return `'"\${${name}}"$'`;
    default:
      return `"$${name}"`;
  }
}
