import { UserError } from '../../lib/errors.ts';
import { placeholderNames, placeOf, splitPlaceholders } from '../placeholders.ts';

/** SQL with `$1`, `$2` … in the place of `${name}`; the same name gets the same number. */
export type SqlTemplate = { readonly text: string; readonly names: readonly string[] };

type Token = { readonly start: number; readonly end: number; readonly tokenName: string };

/**
 * Turns placeholders into bind parameters, and proves with PostgreSQL's own scanner that each became one: inside quotes, in a
 * comment, or grown together with its neighbours it would not. Throws UserError `placeholder_unbindable` with place and cure.
 */
export async function bindSql(source: string): Promise<SqlTemplate> {
  const pieces = splitPlaceholders(source);
  const names = placeholderNames(pieces);
  let text = '';
  const places: { name: string; start: number; end: number; offset: number }[] = [];
  for (const piece of pieces) {
    const start = Buffer.byteLength(text);
    text += piece.kind === 'text' ? piece.text : `$${names.indexOf(piece.name) + 1}`;
    if (piece.kind === 'value')
      places.push({ name: piece.name, start, end: Buffer.byteLength(text), offset: piece.start });
  }
  const parameters = (await scanTokens(text)).filter((token) => token.tokenName === 'PARAM');
  for (const place of places) {
    if (!parameters.some((token) => token.start === place.start && token.end === place.end))
      throw unbindable(source, place);
  }
  if (parameters.length > places.length) {
    throw new UserError(
      'statement_invalid',
      'The statement contains a parameter like `$1`: write `${name}` instead, so that it gets a value.',
    );
  }
  return { text, names };
}

// Kept, because a loader with hooks resolves every dynamic import anew, which takes longer than the work itself.
let parser: Promise<typeof import('libpg-query')> | null = null;

async function scanTokens(text: string): Promise<readonly Token[]> {
  parser ??= import('libpg-query');
  const { scan } = await parser;
  try {
    return (await scan(text)).tokens;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError('statement_invalid', `PostgreSQL cannot read this statement (${reason}): correct it.`);
  }
}

function unbindable(source: string, place: { name: string; offset: number }): UserError {
  return new UserError(
    'placeholder_unbindable',
    `\`\${${place.name}}\` (${placeOf(source, place.offset)}) stands inside quotes or a comment, or touches its neighbour, where no value can be bound: let it stand alone, for example \`name = \${${place.name}}\` or \`'prefix' || \${${place.name}}\`.`,
  );
}
