import { isScalar, parseAllDocuments, type Scalar, type ScalarTag, visit } from 'yaml';
import { OPEN_VALUE } from '../../analysis/kubectl-arguments.ts';
import type { Json } from '../../lib/canonical-json.ts';
import { UserError } from '../../lib/errors.ts';
import type { KubectlTemplate } from './parse-statement.ts';
import { fillOpen, openName } from './parse-statement.ts';

type ValueFor = (name: string) => string | number | boolean;

/** `0644` is octal, as it is for kubectl (YAML 1.1). */
const OCTAL: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0[0-7]+$/u,
  resolve: (text) => Number.parseInt(text, 8),
};
const MAX_DOCUMENTS = 50;

/**
 * The documents of a YAML or JSON text with its values: `replicas: ${n}` becomes a typed value, one inside of quotes or among other
 * text a text, never syntax. Throws UserError `statement_invalid` or `placeholder_unbindable`.
 */
export function bindDocuments(text: string, template: KubectlTemplate, valueFor: ValueFor): Json[] {
  const documents = parseAllDocuments(text, { customTags: (tags) => [OCTAL, ...tags], merge: true });
  const list = Array.isArray(documents) ? documents : [];
  if (list.length > MAX_DOCUMENTS)
    throw new UserError('statement_invalid', `There are more than ${MAX_DOCUMENTS} documents: make several steps.`);
  return list.flatMap((document): Json[] => {
    const [fault] = document.errors;
    if (fault)
      throw new UserError(
        'statement_invalid',
        `The documents are not YAML (${(fault.message.split('\n')[0] ?? '').replace(/[.:\s]+$/u, '')}): correct them.`,
      );
    visit(document, {
      Scalar(key, node) {
        if (typeof node.value !== 'string' || !OPEN_VALUE.test(node.value)) return;
        if (key === 'key')
          throw new UserError('placeholder_unbindable', 'A key of a document cannot come from a value: write it out.');
        node.value = boundScalar(node, template, valueFor);
      },
    });
    const value = toJson(document.toJS({ maxAliasCount: 100 }));
    return value === null ? [] : [value];
  });
}

function boundScalar(node: Scalar, template: KubectlTemplate, valueFor: ValueFor): unknown {
  const text = String(node.value);
  const alone = [...text].length === 1;
  if (isScalar(node) && node.type === 'PLAIN' && alone) return valueFor(openName(text, template));
  return fillOpen(text, template, (name) => String(valueFor(name)));
}

function toJson(value: unknown): Json {
  try {
    return JSON.parse(JSON.stringify(value ?? null)) as Json;
  } catch {
    throw new UserError('statement_invalid', 'The documents cannot be written as JSON: leave aliases and tags out.');
  }
}
