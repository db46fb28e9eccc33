import type { Values } from '../state/api.ts';

/** Any block or element, read defensively: a bot may send what this page has never seen. */
export type Loose = Readonly<Record<string, unknown>> & { readonly type: string };
type Entry = Readonly<Record<string, unknown>>;

/**
 * What an element says in `state.values` before anybody touched it, or null when it holds no value (a button).
 * Source: docs.slack.dev/reference/interaction-payloads/view-interactions-payload.
 */
export function initialEntry(element: Loose): Entry | null {
  const { type } = element;
  switch (type) {
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return { type, value: element.initial_value ?? null };
    case 'rich_text_input':
      return { type, rich_text_value: element.initial_value ?? null };
    case 'static_select':
    case 'external_select':
    case 'radio_buttons':
      return { type, selected_option: element.initial_option ?? null };
    case 'multi_static_select':
    case 'multi_external_select':
    case 'checkboxes':
      return { type, selected_options: element.initial_options ?? [] };
    case 'users_select':
      return { type, selected_user: element.initial_user ?? null };
    case 'channels_select':
      return { type, selected_channel: element.initial_channel ?? null };
    case 'conversations_select':
      return { type, selected_conversation: element.initial_conversation ?? null };
    case 'multi_users_select':
      return { type, selected_users: element.initial_users ?? [] };
    case 'multi_channels_select':
      return { type, selected_channels: element.initial_channels ?? [] };
    case 'multi_conversations_select':
      return { type, selected_conversations: element.initial_conversations ?? [] };
    case 'datepicker':
      return { type, selected_date: element.initial_date ?? null };
    case 'timepicker':
      return { type, selected_time: element.initial_time ?? null };
    case 'datetimepicker':
      return { type, selected_date_time: element.initial_date_time ?? null };
    case 'file_input':
      return { type, files: [] };
    default:
      return null;
  }
}

/** The interactive elements of a block, those of a container's and a card's inside included, with their block's id. */
export function elementsOf(block: Loose, blockId: string): readonly { blockId: string; element: Loose }[] {
  const own = [block.element, block.accessory, ...asList(block.elements), ...asList(block.actions)];
  const children = asList(block.child_blocks).flatMap((child, index) =>
    isLoose(child) ? elementsOf(child, blockIdOf(child, index)) : [],
  );
  return [...own.filter(isLoose).map((element) => ({ blockId, element })), ...children];
}

/** The block's id; a server that follows Slack gives one to every block, the position is the fallback. */
export function blockIdOf(block: Loose, index: number): string {
  const id = block.block_id;
  return typeof id === 'string' && id !== '' ? id : `block-${index}`;
}

/** `state.values` of a surface: what people chose, else the initial value, for the elements that are there now. */
export function collectValues(blocks: readonly Loose[], chosen: Values): Values {
  const values: Record<string, Record<string, unknown>> = {};
  const elements = blocks.flatMap((block, index) => elementsOf(block, blockIdOf(block, index)));
  for (const { blockId, element } of elements) {
    const actionId = actionIdOf(element);
    const initial = initialEntry(element);
    if (initial === null) continue;
    const picked = chosen[blockId]?.[actionId];
    values[blockId] = { ...values[blockId], [actionId]: picked ?? initial };
  }
  return values;
}

/** The element's action id; Slack makes one up when the bot sent none. */
export function actionIdOf(element: Loose): string {
  return typeof element.action_id === 'string' ? element.action_id : element.type;
}

/** Input blocks that must be filled and are not: their block ids. */
export function missingInputs(blocks: readonly Loose[], values: Values): readonly string[] {
  return blocks.flatMap((block, index) => {
    const element = block.element;
    if (block.type !== 'input' || block.optional === true || !isLoose(element)) return [];
    const id = blockIdOf(block, index);
    return isEmptyEntry(values[id]?.[actionIdOf(element)]) ? [id] : [];
  });
}

function isEmptyEntry(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null) return true;
  const { type: _type, ...rest } = entry as Entry;
  const value = Object.values(rest)[0];
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Whether something has a `type`, as every block and element does. */
export function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** A list, or an empty one for anything else. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
