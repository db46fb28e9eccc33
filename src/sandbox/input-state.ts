import type { Json } from '../lib/canonical-json.ts';
import { asObjects, asString, isObject, type JsonObject } from './json.ts';

/** For each element that has a state: the field of its value in `state.values`, and the field of its initial value. */
const STATE_FIELDS: Readonly<Record<string, readonly [field: string, initial: string, empty: Json]>> = {
  plain_text_input: ['value', 'initial_value', null],
  number_input: ['value', 'initial_value', null],
  email_text_input: ['value', 'initial_value', null],
  url_text_input: ['value', 'initial_value', null],
  rich_text_input: ['rich_text_value', 'initial_value', null],
  static_select: ['selected_option', 'initial_option', null],
  external_select: ['selected_option', 'initial_option', null],
  radio_buttons: ['selected_option', 'initial_option', null],
  users_select: ['selected_user', 'initial_user', null],
  conversations_select: ['selected_conversation', 'initial_conversation', null],
  channels_select: ['selected_channel', 'initial_channel', null],
  multi_static_select: ['selected_options', 'initial_options', []],
  multi_external_select: ['selected_options', 'initial_options', []],
  checkboxes: ['selected_options', 'initial_options', []],
  multi_users_select: ['selected_users', 'initial_users', []],
  multi_conversations_select: ['selected_conversations', 'initial_conversations', []],
  multi_channels_select: ['selected_channels', 'initial_channels', []],
  datepicker: ['selected_date', 'initial_date', null],
  timepicker: ['selected_time', 'initial_time', null],
  datetimepicker: ['selected_date_time', 'initial_date_time', null],
  file_input: ['files', 'initial_files', []],
};

/** The field of an element's value, such as `selected_option`; undefined for elements without a state. */
export function stateField(type: string): string | undefined {
  return STATE_FIELDS[type]?.[0];
}

/** All interactive elements of blocks, with the block that they are in. */
export function elementsOf(blocks: readonly unknown[]): { readonly block: JsonObject; readonly element: JsonObject }[] {
  return blocks.filter(isObject).flatMap((block) => {
    const single = [block.accessory, block.element].filter(isObject);
    const inner = asObjects(block.child_blocks).length > 0 ? elementsOf(asObjects(block.child_blocks)) : [];
    const own = [...asObjects(block.elements), ...single].filter(
      (element) => asString(element.action_id) !== undefined,
    );
    return [...own.map((element) => ({ block, element })), ...inner];
  });
}

/** `state.values` of a surface: for each element the value entered before (`known`), or the initial value, or empty. */
export function stateValues(blocks: readonly unknown[], known: JsonObject): JsonObject {
  const values: Record<string, Record<string, Json>> = {};
  for (const { block, element } of elementsOf(blocks)) {
    const type = asString(element.type) ?? '';
    const fields = STATE_FIELDS[type];
    if (!fields) continue;
    const [field, initial, empty] = fields;
    const blockId = asString(block.block_id) ?? '';
    const actionId = asString(element.action_id) ?? '';
    const before = isObject(known[blockId]) ? known[blockId][actionId] : undefined;
    const kept = isObject(before) && before.type === type ? before : { type, [field]: element[initial] ?? empty };
    const ofBlock = values[blockId] ?? {};
    ofBlock[actionId] = kept;
    values[blockId] = ofBlock;
  }
  return values;
}
