import type { ParamValue } from '../domain/runbook.ts';
import { UserError } from '../lib/errors.ts';
import { Secret } from '../lib/secret.ts';
import type { BoundValues } from './executor.ts';

/** One value at its place in a statement. */
export type BoundValue = { readonly name: string; readonly value: ParamValue | Secret };

/** C0 and C1 controls but tab and line breaks, bidirectional controls and zero-width characters: what a reader cannot see. */
const INVISIBLE =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;

/** Longest value that is bound anywhere, in UTF-16 units. */
const MAX_VALUE_LENGTH = 16_384;

/** The value of that name. Throws UserError `value_missing`, or `value_refused` for NUL characters and endless values. */
export function boundValue(values: BoundValues, name: string): BoundValue {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined)
    throw new UserError('value_missing', `\`\${${name}}\` has no value: give one and try again.`);
  const text = plainText(value);
  if (text.length > MAX_VALUE_LENGTH) {
    throw new UserError(
      'value_refused',
      `The value of ${name} is longer than ${MAX_VALUE_LENGTH} characters: shorten it.`,
    );
  }
  if (text.includes('\0'))
    throw new UserError('value_refused', `The value of ${name} contains a NUL character: remove it.`);
  return { name, value };
}

/** The value as the target receives it. For a secret this is the secret itself: use at the moment of sending, never store. */
export function plainText(value: ParamValue | Secret): string {
  return value instanceof Secret ? value.reveal() : String(value);
}

/** The value as people and the approval's hash see it: typed, secrets as `<secret>`. */
export function shownValue(value: ParamValue | Secret): ParamValue {
  return value instanceof Secret ? '<secret>' : value;
}

/** JSON text in which nothing is invisible: controls and bidirectional characters become `\uXXXX`. For cards on which people decide. */
export function visibleJson(value: ParamValue | Secret): string {
  const global = new RegExp(INVISIBLE.source, 'gu');
  return JSON.stringify(shownValue(value)).replace(
    global,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Throws UserError `statement_invalid` when the text holds characters that a reviewer could not see. */
export function refuseInvisible(text: string): void {
  const found = INVISIBLE.exec(text);
  if (!found) return;
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  throw new UserError(
    'statement_invalid',
    `The statement contains the invisible character U+${code}: remove it, so that people see what runs.`,
  );
}

/** The secrets among the values: what has to be masked in the output. */
export function secretsAmong(values: readonly BoundValue[]): Secret[] {
  return values.flatMap(({ value }) => (value instanceof Secret ? [value] : []));
}
