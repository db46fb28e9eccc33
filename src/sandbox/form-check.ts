import type { Json } from '../lib/canonical-json.ts';
import { checkedValue } from './element-actions.ts';
import { elementsOf, stateField } from './input-state.ts';
import { asList, asString, isObject, type JsonObject } from './json.ts';
import { Refusal } from './refusal.ts';

/**
 * The state of a surface from what the person entered: every element there, no other, each value possible.
 * Errors: invalid_choice, action_gone for an entry whose element is not there.
 */
export function enteredState(
  blocks: readonly unknown[],
  known: JsonObject,
  entered: JsonObject,
  offered: readonly JsonObject[],
): JsonObject {
  const values: Record<string, Record<string, Json>> = {};
  const elements = elementsOf(blocks);
  for (const [blockId, ofBlock] of Object.entries(entered)) {
    for (const actionId of Object.keys(isObject(ofBlock) ? ofBlock : {})) {
      if (!elements.some(({ block, element }) => block.block_id === blockId && element.action_id === actionId))
        throw new Refusal('action_gone');
    }
  }
  for (const { block, element } of elements) {
    const type = asString(element.type) ?? '';
    const field = stateField(type);
    if (!field) continue;
    const [blockId, actionId] = [asString(block.block_id) ?? '', asString(element.action_id) ?? ''];
    const given = at(entered, blockId, actionId);
    const before = at(known, blockId, actionId);
    const value = isObject(given)
      ? checkedValue(element, field, { value: given[field], offered: [...offered, ...knownOptions(before)] })
      : before?.[field];
    const ofBlock = values[blockId] ?? {};
    // An empty text field is null in Slack's state.
    ofBlock[actionId] = { type, [field]: value === undefined || value === '' ? null : value };
    values[blockId] = ofBlock;
  }
  return values;
}

function at(values: JsonObject, blockId: string, actionId: string): JsonObject | undefined {
  const ofBlock = values[blockId];
  const value = isObject(ofBlock) ? ofBlock[actionId] : undefined;
  return isObject(value) ? value : undefined;
}

function knownOptions(before: JsonObject | undefined): JsonObject[] {
  return [before?.selected_option, ...asList(before?.selected_options)].filter(isObject);
}

/** What Slack's own client refuses before it sends a submission: `block_id` to the sentence under the field. */
export function formErrors(blocks: readonly unknown[], values: JsonObject): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { block, element } of elementsOf(blocks)) {
    const field = stateField(asString(element.type) ?? '');
    if (block.type !== 'input' || !field) continue;
    const blockId = asString(block.block_id) ?? '';
    const value = at(values, blockId, asString(element.action_id) ?? '')?.[field];
    const sentence = isEmpty(value)
      ? block.optional === true
        ? null
        : 'Please complete this required field.'
      : valueError(element, value);
    if (sentence) errors[blockId] = sentence;
  }
  return errors;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (Array.isArray(value) && value.length === 0) ||
    (typeof value === 'string' && value.trim() === '')
  );
}

function valueError(element: JsonObject, value: unknown): string | null {
  const [min, max] = [Number(element.min_length ?? 0), Number(element.max_length ?? 3_000)];
  switch (element.type) {
    case 'plain_text_input': {
      const { length } = String(value);
      if (length < min) return `This must be at least ${min} characters.`;
      return length > max ? `This must be at most ${max} characters.` : null;
    }
    case 'number_input':
      return numberError(element, String(value));
    case 'email_text_input':
      return /^[^@\s]+@[^@\s]+\.[^@\s]+$/u.test(String(value)) ? null : 'Please enter a valid email address.';
    case 'url_text_input':
      return URL.canParse(String(value)) ? null : 'Please enter a valid URL.';
    default:
      return asList(value).length > Number(element.max_selected_items ?? Number.POSITIVE_INFINITY)
        ? 'Too many items are selected.'
        : null;
  }
}

function numberError(element: JsonObject, value: string): string | null {
  const pattern = element.is_decimal_allowed === true ? /^-?\d+(\.\d+)?$/u : /^-?\d+$/u;
  if (!pattern.test(value)) return 'Please enter a valid number.';
  if (element.min_value !== undefined && Number(value) < Number(element.min_value))
    return `This must be at least ${String(element.min_value)}.`;
  return element.max_value !== undefined && Number(value) > Number(element.max_value)
    ? `This must be at most ${String(element.max_value)}.`
    : null;
}
