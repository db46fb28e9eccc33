import { UserError } from '../lib/errors.ts';
import { singleLine } from '../lib/text.ts';

/** What a person typed into a field: its name for messages, the most it may hold in UTF-16 units. */
export type Field = { readonly name: string; readonly max: number; readonly required: boolean };

/**
 * What holds letters or digits and yet says nothing: emoji as Slack writes them (`:fire:`), keycaps, the information sign,
 * and mentions of everybody.
 */
const WORDLESS = /:[a-z0-9_+'-]+:|[0-9#*]\ufe0f?\u20e3|\u2139|<![^>]*>/gu;

/** Control characters say nothing, and PostgreSQL stores no NUL; breaks and tabs stay. */
function storable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/gu, '');
}

/** A title is one line that says something: at least one letter or digit, so that emoji alone do not count. */
export function parseTitle(text: string, field: Field): string {
  const title = singleLine(storable(text));
  if (title === '')
    throw new UserError('title_missing', `Give the ${field.name} a few words that say what is wrong.`, {
      field: field.name,
    });
  if (!/[\p{L}\p{N}]/u.test(title.replace(WORDLESS, ''))) {
    throw new UserError('title_without_words', `The ${field.name} needs words, not only symbols: say what is wrong.`, {
      field: field.name,
    });
  }
  return withinLimit(title, field);
}

/** Prose of several lines; empty is refused only where the field is required. */
export function parseProse(text: string, field: Field): string {
  const prose = storable(text).trim();
  if (prose === '' && field.required)
    throw new UserError('text_missing', `Write a sentence for the ${field.name}.`, { field: field.name });
  return withinLimit(prose, field);
}

function withinLimit(text: string, field: Field): string {
  if (text.length <= field.max) return text;
  throw new UserError(
    'text_too_long',
    `The ${field.name} has ${text.length.toLocaleString('en')} characters; shorten it to ${field.max.toLocaleString('en')}.`,
    { field: field.name },
  );
}
