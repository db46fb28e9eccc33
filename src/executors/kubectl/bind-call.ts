import { stringify } from 'yaml';
import { checkBoundValues, type KubectlCall, OPEN_VALUE } from '../../analysis/kubectl-arguments.ts';
import type { Json } from '../../lib/canonical-json.ts';
import { UserError } from '../../lib/errors.ts';
import { type BoundValue, boundValue, plainText, shownValue, visibleJson } from '../bound-values.ts';
import type { BoundValues } from '../executor.ts';
import { bindDocuments } from './documents.ts';
import { fillOpen, type KubectlTemplate } from './parse-statement.ts';

/** A call with its values: as it is carried out, and as people see it (secrets as `<secret>`). */
export type BoundCall = {
  readonly call: KubectlCall;
  readonly documents: readonly Json[];
  /** The patch of `patch`, parsed. */
  readonly patch: Json | null;
  readonly display: string;
  readonly shown: Json;
  readonly bound: readonly BoundValue[];
};

type Rule = { readonly pattern: RegExp; readonly what: string };

const NAME: Rule = {
  pattern: /^(?!.*\.\.)[A-Za-z0-9](?:[-A-Za-z0-9._:]{0,251}[A-Za-z0-9])?$/u,
  what: 'the name of one object: letters, digits, - and .',
};
const LABEL: Rule = {
  pattern: /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/u,
  what: 'one value of a label: up to 63 letters, digits, -, _ and .',
};
const FIELD: Rule = {
  pattern: /^[A-Za-z0-9](?:[-A-Za-z0-9_.:]{0,251})$/u,
  what: 'one value of a field without `,` and `=`',
};
const IMAGE: Rule = { pattern: /^[A-Za-z0-9](?:[-A-Za-z0-9_.:/@]{0,510})$/u, what: 'an image, such as shop/web:1.2' };
const QUANTITY: Rule = { pattern: /^\d+(?:\.\d+)?[A-Za-z]{0,2}$/u, what: 'an amount, such as 500m or 1Gi' };
const ANYTHING: Rule = { pattern: /(?:)/u, what: '' };
const CHECKED: Rule = { pattern: /^[0-9A-Za-z:.+-]*$/u, what: 'a number, a time or a duration' };

/** Options whose value may come from a value; the others shape the output or the request and are written out. */
const OPTION_RULES: Readonly<Record<string, Rule>> = {
  namespace: NAME,
  container: NAME,
  containers: NAME,
  selector: LABEL,
  'pod-selector': LABEL,
  'field-selector': FIELD,
  limits: QUANTITY,
  requests: QUANTITY,
  from: NAME,
  for: NAME,
  ...Object.fromEntries(
    `tail since since-time limit-bytes replicas current-replicas revision to-revision timeout grace-period`
      .split(' ')
      .map((name) => [name, CHECKED]),
  ),
};

/** Puts the values into their places. Throws UserError `value_missing`, `value_refused` or `placeholder_unbindable`. */
export function bindCall(template: KubectlTemplate, values: BoundValues): BoundCall {
  const bound = template.openNames.map((name) => boundValue(values, name));
  checkPlaces(template, values);
  const real = (name: string) => plainText(boundValue(values, name).value);
  const visible = (name: string) => String(shownValue(boundValue(values, name).value));
  const call = filledCall(template, real);
  checkBoundValues(call);
  const typed = (name: string) => {
    const { value } = boundValue(values, name);
    return typeof value === 'object' ? plainText(value) : value;
  };
  const shownTyped = (name: string) => shownValue(boundValue(values, name).value) as string | number | boolean;
  const documentsWith = (valueFor: typeof typed) => bindDocuments(template.body, template, valueFor);
  const shownDocuments = documentsWith(shownTyped);
  const words = template.words.map((word) => fillOpen(word, template, visible));
  return {
    call,
    documents: documentsWith(typed),
    patch: bindPatch(template, typed),
    display: [words.map(quoteWord).join(' '), ...displayed(template, shownDocuments)].join('\n'),
    shown: { words, documents: shownDocuments },
    bound,
  };
}

/** Throws as `bindCall` does, without values: for lint. */
export function checkOpenPlaces(template: KubectlTemplate): void {
  const { call } = template;
  for (const { text, rule } of places(call))
    if (OPEN_VALUE.test(text) && rule === null) throw unbindable(text, template);
}

function bindPatch(template: KubectlTemplate, valueFor: (name: string) => string | number | boolean): Json | null {
  const text = template.call.options.get('patch')?.[0];
  if (text === undefined) return null;
  const [patch, ...others] = bindDocuments(text, template, valueFor);
  if (patch === undefined || others.length > 0 || typeof patch !== 'object')
    throw new UserError('statement_invalid', 'The patch is not one JSON or YAML object: correct it.');
  return patch;
}

/** The documents as they are applied, as YAML in which nothing is invisible. */
function displayed(template: KubectlTemplate, documents: readonly Json[]): string[] {
  if (template.body === '') return [];
  const text = documents.map((document) => stringify(document)).join('---\n');
  return [
    text.replace(
      /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  ];
}

function filledCall(template: KubectlTemplate, valueFor: (name: string) => string): KubectlCall {
  const fill = (text: string) => fillOpen(text, template, valueFor);
  const { call } = template;
  return {
    ...call,
    operands: call.operands.map(fill),
    options: new Map([...call.options].map(([name, texts]) => [name, name === 'patch' ? texts : texts.map(fill)])),
    rest: call.rest.map(fill),
  };
}

type Place = { readonly text: string; readonly rule: Rule | null };

function places(call: KubectlCall): Place[] {
  const operands = call.operands.map((text, at) => ({ text, rule: operandRule(call, text, at) }));
  const options = [...call.options].flatMap(([name, texts]) =>
    name === 'patch' ? [] : texts.map((text) => ({ text, rule: OPTION_RULES[name] ?? null })),
  );
  return [...operands, ...options, ...call.rest.map((text) => ({ text, rule: ANYTHING }))];
}

/** What a value may be at an operand's place; null where the text has to be written out: a type, a key, the name of a container. */
function operandRule(call: KubectlCall, text: string, at: number): Rule | null {
  const before = text.slice(0, Math.max(0, text.search(OPEN_VALUE)));
  if (call.verb === 'cp') return NAME;
  if (at > 0 && ['set env', 'annotate'].includes(call.verb) && before.includes('=')) return ANYTHING;
  if (at > 0 && call.verb === 'set image' && before.includes('=')) return IMAGE;
  if (at > 0 && call.verb === 'label' && before.includes('=')) return LABEL;
  if (at > 0 && ['set env', 'annotate', 'set image', 'label'].includes(call.verb)) return at === 1 ? NAME : null;
  if (call.command.first === 'type' && at === 0 && !before.includes('/')) return null;
  return NAME;
}

function checkPlaces(template: KubectlTemplate, values: BoundValues): void {
  for (const { text, rule } of places(template.call)) {
    if (!OPEN_VALUE.test(text)) continue;
    if (rule === null) throw unbindable(text, template);
    let first = true;
    for (const character of text) {
      if (OPEN_VALUE.test(character)) {
        const { name, value } = boundValue(
          values,
          fillOpen(character, template, (open) => open),
        );
        const plain = plainText(value);
        if (first && plain.startsWith('-')) {
          throw new UserError(
            'value_refused',
            `The value of ${name} begins with a dash, which a command could take for an option: change it.`,
          );
        }
        if (!rule.pattern.test(plain))
          throw new UserError('value_refused', `The value of ${name} must be ${rule.what}: change it.`);
      }
      first = false;
    }
  }
}

function unbindable(text: string, template: KubectlTemplate): UserError {
  const shown = fillOpen(text, template, (name) => `\${${name}}`);
  return new UserError(
    'placeholder_unbindable',
    `\`${shown}\` stands where kubectl reads a type, a key or a format, which cannot come from a value: write it out.`,
  );
}

/** A word as a person would type it, nothing in it invisible. */
export function quoteWord(word: string): string {
  if (/^[A-Za-z0-9_:.,*?[\]{}/@+=-]+$/u.test(word)) return word;
  const plain = visibleJson(word);
  return plain === `"${word}"` && !word.includes("'") ? `'${word}'` : plain;
}
