import { stringify } from 'yaml';
import { UserError } from '../../lib/errors.ts';
import type { KubeObject } from '../kube/kube-object.ts';
import { parsePath, parseTemplate, printValue } from './json-path.ts';
import { alignColumns } from './print-table.ts';
import { sortedKeys } from './sorted-keys.ts';

/** Prints an object (or a List of several) in one of the formats that show objects. */
export type ObjectPrinter = (object: KubeObject) => string;

/** The printer for `-o`; null for tables (`wide` or nothing) and `name`. Throws UserError `statement_invalid`. */
export function objectPrinter(output: string | undefined, noHeaders: boolean): ObjectPrinter | null {
  if (output === undefined || output === 'wide' || output === 'name') return null;
  if (output === 'json') return (object) => JSON.stringify(sortedKeys(object), null, 4);
  if (output === 'yaml') return yamlText;
  const equals = output.indexOf('=');
  const [format, argument] = equals < 0 ? [output, ''] : [output.slice(0, equals), output.slice(equals + 1)];
  if (format === 'jsonpath' && argument !== '') return parseTemplate(unquoted(argument));
  if (format === 'custom-columns' && argument !== '') return customColumns(argument, noHeaders);
  throw new UserError(
    'statement_invalid',
    `-o ${output.slice(0, 40)} is not known here: use wide, json, yaml, name, jsonpath=… or custom-columns=….`,
  );
}

/** YAML as kubectl writes it: keys in order, lists at the margin, nothing folded. */
export function yamlText(object: unknown): string {
  return stringify(object, {
    version: '1.1',
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  }).trimEnd();
}

function unquoted(text: string): string {
  return /^'.*'$/su.test(text) ? text.slice(1, -1) : text;
}

function customColumns(spec: string, noHeaders: boolean): ObjectPrinter {
  const columns = spec.split(',').map((part) => {
    const colon = part.indexOf(':');
    if (colon <= 0 || colon === part.length - 1)
      throw new UserError('statement_invalid', `The column \`${part}\` is not written NAME:.path: correct it.`);
    return { title: part.slice(0, colon), read: parsePath(part.slice(colon + 1)) };
  });
  return (object) => {
    const items = Array.isArray(object.items) ? (object.items as unknown[]) : [object];
    const rows = items.map((item) =>
      columns.map(({ read }) => {
        const found = read(item).map(printColumn);
        return found.length === 0 ? '<none>' : found.join(',');
      }),
    );
    return alignColumns(noHeaders ? rows : [columns.map(({ title }) => title), ...rows]).join('\n');
  };
}

/** Lists and maps as Go prints them: `[a b]`, `map[k:v]`. */
function printColumn(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(printColumn).join(' ')}]`;
  if (typeof value !== 'object') return printValue(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, inner]) => `${key}:${printColumn(inner)}`).join(' ')}]`;
}
