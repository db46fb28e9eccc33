import type { Json } from '../lib/canonical-json.ts';
import { elementsOf, stateField } from './input-state.ts';
import { asList, asObjects, asString, isObject, type JsonObject } from './json.ts';
import { Refusal } from './refusal.ts';

/** An element of a surface by its two ids. Errors: action_gone. */
export function getElement(
  blocks: readonly unknown[],
  blockId: string,
  actionId: string,
): { block: JsonObject; element: JsonObject } {
  const found = elementsOf(blocks).find(
    ({ block, element }) => block.block_id === blockId && element.action_id === actionId,
  );
  if (!found) throw new Refusal('action_gone');
  return found;
}

function optionsOf(element: JsonObject): readonly JsonObject[] {
  return [
    ...asObjects(element.options),
    ...asObjects(element.option_groups).flatMap((group) => asObjects(group.options)),
  ];
}

/** The element's own option that the person chose. Errors: invalid_choice. */
function ownOption(element: JsonObject, chosen: unknown, offered: readonly JsonObject[]): JsonObject {
  const value = isObject(chosen) ? chosen.value : undefined;
  const option = [...optionsOf(element), ...offered].find((entry) => entry.value === value);
  if (!option) throw new Refusal('invalid_choice');
  return option;
}

const PATTERNS: Readonly<Record<string, RegExp>> = {
  selected_date: /^\d{4}-\d{2}-\d{2}$/u,
  selected_time: /^([01]\d|2[0-3]):[0-5]\d$/u,
};

/** The `actions[]` entry of a click, made from the element itself: a person cannot send a value that is not there. */
export function actionOf(
  found: { readonly block: JsonObject; readonly element: JsonObject },
  sent: JsonObject,
  context: { readonly ts: string; readonly offered: readonly JsonObject[] },
): JsonObject {
  const { block, element } = found;
  const type = asString(element.type) ?? '';
  if (sent.type !== undefined && sent.type !== type) throw new Refusal('action_gone');
  const base = { type, action_id: element.action_id ?? '', block_id: block.block_id ?? '', action_ts: context.ts };
  const placeholder = element.placeholder === undefined ? {} : { placeholder: element.placeholder };
  if (type === 'button' || type === 'icon_button') {
    if (sent.value !== undefined && sent.value !== element.value) throw new Refusal('invalid_choice');
    const style = element.style === undefined ? {} : { style: element.style };
    return {
      ...base,
      text: element.text ?? null,
      ...(element.value === undefined ? {} : { value: element.value }),
      ...style,
    };
  }
  if (type === 'overflow') return { ...base, selected_option: ownOption(element, sent.selected_option, []) };
  const field = stateField(type);
  if (!field) throw new Refusal('action_gone');
  return {
    ...base,
    ...placeholder,
    [field]: checkedValue(element, field, { value: sent[field], offered: context.offered }),
  };
}

/** The value of a stateful element, taken from what is possible there. Errors: invalid_choice. */
export function checkedValue(
  element: JsonObject,
  field: string,
  input: { readonly value: unknown; readonly offered: readonly JsonObject[] },
): Json {
  const { value, offered } = input;
  if (value === undefined || value === null) return field.endsWith('s') && field !== 'files' ? [] : null;
  if (field === 'selected_option') return ownOption(element, value, offered);
  if (field === 'selected_options') return asList(value).map((item) => ownOption(element, item, offered));
  const pattern = PATTERNS[field];
  if (pattern && !pattern.test(String(value))) throw new Refusal('invalid_choice');
  if (field === 'selected_date_time') return Number(value);
  if (Array.isArray(value)) return asList(value);
  return isObject(value) ? value : String(value);
}
