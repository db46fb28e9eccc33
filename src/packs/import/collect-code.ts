import type { CodeBlock } from './block.ts';
import type { CodePart } from './code-part.ts';
import type { Collector, Place } from './piece.ts';
import { splitCode } from './split-code.ts';

/** Adds the commands of a code block with their comments; what is no command stays as it was. */
export function collectCode(code: CodeBlock, title: string, place: Place, { pieces }: Collector): void {
  const parts = joinRemarks(splitCode(code));
  if (!parts.some((part) => part.kind === 'command' || part.kind === 'manual' || part.kind === 'not-understood')) {
    pieces.push({ ...place, kind: 'prose', block: code, from: code.from, to: code.to });
    return;
  }
  let comments: CodePart[] = [];
  let named = '';
  for (const part of parts) {
    const { from, to, text } = part;
    if (part.kind === 'comment') {
      // A comment after a blank line begins anew: what stood before belongs to no command.
      if ((comments.at(-1)?.to ?? part.from) < part.from - 1) {
        pieces.push(...comments.map((comment) => remark(comment, place)));
        comments = [];
      }
      comments.push(part);
      continue;
    }
    if (part.kind === 'command') {
      named = comments.length > 0 ? titleOf(comments) : named;
      const words =
        comments.length > 0 || part.note !== '' ? [...comments.slice(1).map((each) => each.text), part.note] : [];
      const own = comments.length > 0 ? named : part.note || named || title;
      pieces.push({
        ...place,
        kind: 'command',
        language: part.language,
        fenceLanguage: code.language,
        text,
        title: own || title,
        description: words.filter((word) => word !== '' && word !== own),
        from,
        to,
      });
      comments = [];
      continue;
    }
    pieces.push(...comments.map((comment) => remark(comment, place)));
    comments = [];
    if (part.kind === 'manual') pieces.push({ ...place, kind: 'manual', text: `\`${text}\``, from, to });
    else if (part.kind === 'not-understood')
      pieces.push({ ...place, kind: 'unknown', text, reason: part.note, from, to });
    else pieces.push(remark(part, place));
  }
  pieces.push(...comments.map((comment) => remark(comment, place)));
}

function titleOf(comments: readonly CodePart[]): string {
  return (comments[0]?.text ?? '')
    .replace(/^\d+[.)]\s*/u, '')
    .replace(/[:.\s]+$/u, '')
    .slice(0, 100);
}

/** Lines below each other that are no commands are one text. */
function joinRemarks(parts: readonly CodePart[]): CodePart[] {
  const joined: CodePart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last?.kind === 'documentation' && part.kind === 'documentation' && last.to === part.from - 1)
      joined[joined.length - 1] = { ...last, to: part.to, text: `${last.text}\n${part.text}` };
    else joined.push(part);
  }
  return joined;
}

/** Printed lines keep their shape as code; a comment becomes a sentence. */
function remark(part: CodePart, place: Place) {
  const { from, to, text } = part;
  const prose = { kind: 'prose', lines: [text], indent: 0, quoted: false, from, to } as const;
  const code: CodeBlock = {
    kind: 'code',
    language: 'text',
    body: text.split('\n'),
    bodyFrom: from,
    closed: true,
    indent: 0,
    from,
    to,
  };
  return { ...place, kind: 'prose', block: part.kind === 'comment' ? prose : code, from, to } as const;
}
