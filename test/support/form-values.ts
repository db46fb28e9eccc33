type Obj = { readonly [key: string]: unknown };
export type Element = Obj & { readonly type: string; readonly action_id: string };

function isObj(value: unknown): value is Obj {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly Obj[] {
  return Array.isArray(value) ? value.filter(isObj) : [];
}

function textOf(value: unknown): string {
  return isObj(value) && typeof value.text === 'string' ? value.text : '';
}

/** The element that a person means: by block_id, action_id, label of an input, text or value of a button. Throws what there is. */
export function elementsByLabel(blocks: readonly unknown[], name: string): { block: string; element: Element } {
  const all = blocks
    .filter(isObj)
    .flatMap((block) =>
      [...list(block.elements), ...[block.accessory, block.element].filter(isObj)]
        .filter((element): element is Element => typeof element.action_id === 'string')
        .map((element) => ({ block: String(block.block_id), label: textOf(block.label), element })),
    );
  const names = (row: (typeof all)[number]) => [
    row.element.action_id,
    textOf(row.element.text),
    row.label,
    row.block,
    ...(typeof row.element.value === 'string' ? [row.element.value] : []),
  ];
  const found =
    all.find((row) => names(row).includes(name)) ?? all.find((row) => row.element.action_id.startsWith(`${name}:`));
  if (!found)
    throw new Error(
      `There is no "${name}" here; there is: ${all.map((row) => names(row).filter(Boolean).join(' / ')).join('; ')}`,
    );
  return found;
}

/** What a person enters, in the form of `state.values`. */
export function valueFor(element: Element, value: string | readonly string[]): Obj & { type: string } {
  const { type } = element;
  const options = [...list(element.options), ...list(element.option_groups).flatMap((group) => list(group.options))];
  const option = (wanted: string) => {
    const found =
      options.find((entry) => entry.value === wanted) ?? options.find((entry) => textOf(entry.text) === wanted);
    if (!found && options.length > 0)
      throw new Error(`"${wanted}" is no option; options: ${options.map((entry) => String(entry.value)).join(', ')}`);
    return found ?? { text: { type: 'plain_text', text: wanted }, value: wanted };
  };
  const one = typeof value === 'string' ? value : (value[0] ?? '');
  const many = typeof value === 'string' ? [value] : value;
  const fields: Readonly<Record<string, Obj>> = {
    users_select: { selected_user: one },
    conversations_select: { selected_conversation: one },
    channels_select: { selected_channel: one },
    multi_users_select: { selected_users: many },
    multi_conversations_select: { selected_conversations: many },
    multi_channels_select: { selected_channels: many },
    datepicker: { selected_date: one },
    timepicker: { selected_time: one },
    datetimepicker: { selected_date_time: Number(one) },
  };
  if (['static_select', 'radio_buttons', 'overflow', 'external_select'].includes(type))
    return { type, selected_option: option(one) };
  if (['checkboxes', 'multi_static_select', 'multi_external_select'].includes(type))
    return { type, selected_options: many.map(option) };
  return { type, ...(fields[type] ?? { value: one }) };
}
