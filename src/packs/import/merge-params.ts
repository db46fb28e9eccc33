import type { ImportedParam } from './native/native-step.ts';
import type { ResolvedPiece } from './resolve-steps.ts';

/** The `params` of a front matter: what several steps share is declared once, and loosely where they disagree. */
export function mergeParams(pieces: readonly ResolvedPiece[]): Record<string, Omit<ImportedParam, 'name'>> {
  const merged = new Map<string, ImportedParam>();
  for (const piece of pieces) {
    if (piece.kind !== 'command') continue;
    for (const param of piece.native.params) {
      const other = merged.get(param.name);
      merged.set(param.name, other === undefined ? param : join(other, param));
    }
  }
  return Object.fromEntries([...merged.values()].map(({ name, ...rest }) => [name, rest]));
}

function join(a: ImportedParam, b: ImportedParam): ImportedParam {
  const description = a.description ?? b.description;
  const base = { name: a.name, ...(description === undefined ? {} : { description }) };
  if (a.type === 'secret' || b.type === 'secret') return { ...base, type: 'secret' };
  if (a.type !== b.type)
    return {
      ...base,
      type: 'string',
      ...(typeof a.default === 'string' && a.default === b.default ? { default: a.default } : {}),
    };
  const pattern = a.pattern === b.pattern ? a.pattern : undefined;
  const value = a.default === b.default ? a.default : undefined;
  return {
    ...base,
    type: a.type,
    ...(value === undefined ? {} : { default: value }),
    ...(pattern === undefined ? {} : { pattern }),
  };
}
