import { UserError } from '../../lib/errors.ts';
import { boundValue } from '../bound-values.ts';
import type { BoundValues } from '../executor.ts';
import type { Piece } from '../placeholders.ts';
import type { TextOf } from './request-template.ts';

/**
 * Path and query with values encoded: a value before the `?` stays inside its segment, one after it inside its parameter. Throws UserError
 * `statement_invalid` when the path leaves the target, `value_refused` when a value would.
 */
export function bindPath(pieces: readonly Piece[], values: BoundValues, textOf: TextOf): string {
  let path = '';
  let inQuery = false;
  for (const piece of pieces) {
    if (piece.kind === 'text') {
      path += literal(piece.text);
      inQuery ||= piece.text.includes('?');
    } else {
      const bound = boundValue(values, piece.name);
      const text = String(textOf(bound));
      if (!inQuery) refuseOutsideSegment(piece.name, text);
      path += encode(piece.name, text);
    }
  }
  requireInsideTarget(path);
  return path;
}

/** What an author wrote is left as it is, provided that no server can read anything else into it. */
function literal(text: string): string {
  const strange = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]{}|"<>^]/u.exec(text);
  if (strange) {
    const shown = strange[0] === ' ' ? 'a space' : `\`${strange[0]}\``;
    throw new UserError(
      'statement_invalid',
      `The path contains ${shown}: encode it with %, and leave backslashes and fragments out.`,
    );
  }
  return text.replace(/[[\]{}|"<>^]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function refuseOutsideSegment(name: string, text: string): void {
  if (text === '' || text === '.' || text.includes('..') || /[/\\\u0000-\u001f\u007f]/u.test(text)) {
    throw new UserError(
      'value_refused',
      `The value of ${name} must be one part of a path: not empty, no slash, no backslash, no \`..\`.`,
    );
  }
}

function encode(name: string, text: string): string {
  if (/\p{Cs}/u.test(text))
    throw new UserError('value_refused', `The value of ${name} is no valid text: remove its broken characters.`);
  return encodeURIComponent(text).replace(
    /[!'()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Relative to the target's address only, also after a server has decoded it once more. */
function requireInsideTarget(path: string): void {
  if (!path.startsWith('/') || path.startsWith('//')) {
    throw new UserError(
      'statement_invalid',
      'The address must be a path that begins with one slash, such as /health: the host belongs to the target.',
    );
  }
  const [before = ''] = path.split('?');
  let decoded = before;
  for (let round = 0; round < 3; round += 1) {
    if (/(?:^|[/\\])\.{1,2}(?:[/\\;]|$)/u.test(decoded) || /\\|^\/\/|[\u0000-\u001f]/u.test(decoded)) {
      throw new UserError(
        'statement_invalid',
        'The path climbs out of where it stands (`..`, a backslash or their encoded forms): write the direct path.',
      );
    }
    try {
      decoded = decodeURIComponent(decoded);
    } catch {
      if (round === 0) throw new UserError('statement_invalid', 'The path holds a % that encodes nothing: write %25.');
      return;
    }
  }
}
