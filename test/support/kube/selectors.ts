import { StatusError, type Stored } from './store.ts';

/** `a=b,c!=d,e in (f,g),h,!i`. */
export function matchesLabels(object: Stored, selector: string | null): boolean {
  const labels: Record<string, string> = object.metadata.labels ?? {};
  return split(selector).every((part) => {
    const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/u.exec(part);
    if (set) {
      const has =
        set[3]
          ?.split(',')
          .map((value) => value.trim())
          .includes(labels[set[1] ?? ''] ?? '') ?? false;
      return (set[2] === 'in') === has;
    }
    const equal = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/u.exec(part);
    if (equal) return (equal[2] === '!=') !== (labels[equal[1] ?? ''] === equal[3]);
    if (/^![\w./-]+$/u.test(part)) return labels[part.slice(1)] === undefined;
    if (/^[\w./-]+$/u.test(part)) return labels[part] !== undefined;
    throw new StatusError(400, 'BadRequest', `unable to parse requirement: ${part}`);
  });
}

/** `metadata.name=x,status.phase!=y`. */
export function matchesFields(object: Stored, selector: string | null): boolean {
  return split(selector).every((part) => {
    const match = /^([\w.]+)(==|=|!=)(.*)$/u.exec(part);
    if (!match) throw new StatusError(400, 'BadRequest', `invalid field selector: ${part}`);
    const found = (match[1] ?? '')
      .split('.')
      .reduce<unknown>((inner, key) => (inner as Stored | undefined)?.[key], object);
    return (match[2] === '!=') !== (String(found ?? '') === match[3]);
  });
}

function split(selector: string | null): string[] {
  return (selector ?? '')
    .split(/,(?![^(]*\))/u)
    .map((part) => part.trim())
    .filter(Boolean);
}
