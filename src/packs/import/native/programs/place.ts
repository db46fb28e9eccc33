import { type Placeholder, splitMarks } from '../marks.ts';

/** A part of an address: written out, or a setting of the installation. */
export type AddressPart = { readonly text: string; readonly setting: string | null };

/**
 * A host, port or base address out of a command: a variable (`$REDIS_HOST`) is a setting of that name with what `${NAME:-…}` gives as its
 * default. Null for what a person fills in anew each time (`<pod-ip>`) and for mixtures: a target is one fixed place.
 */
export function readPlace(text: string, placeholders: readonly Placeholder[]): AddressPart | null {
  const [first, ...others] = splitMarks(text, placeholders);
  if (first === undefined) return { text: '', setting: null };
  if (typeof first === 'string') return others.length === 0 ? { text: first, setting: null } : null;
  if (others.length > 0 || first.form !== 'variable') return null;
  const name = /[A-Za-z_]\w*/u.exec(first.source)?.[0].toUpperCase() ?? '';
  return {
    text: first.param.default === undefined ? '' : String(first.param.default),
    setting: /^[A-Z]/u.test(name) ? name : null,
  };
}
