import { useEffect, useRef, useState } from 'react';
import type { OptionAnswer, OptionShape } from '../state/api.ts';
import { after } from '../state/browser-clock.ts';
import { useDirectory } from '../text/people.tsx';
import { type Choice, Combobox } from './combobox.tsx';
import type { ElementProps } from './element-props.ts';
import { useSurface } from './surface.tsx';
import { actionIdOf, asList, type Loose } from './values.ts';

/** The field of `state.values` that each menu fills. */
const FIELDS: Readonly<Record<string, string>> = {
  static_select: 'selected_option',
  external_select: 'selected_option',
  users_select: 'selected_user',
  channels_select: 'selected_channel',
  conversations_select: 'selected_conversation',
  multi_static_select: 'selected_options',
  multi_external_select: 'selected_options',
  multi_users_select: 'selected_users',
  multi_channels_select: 'selected_channels',
  multi_conversations_select: 'selected_conversations',
};

/** All ten menus of Block Kit: one or several of options, the app's own answers, people, channels. */
export function Select(props: ElementProps) {
  const { element } = props;
  if (element.type.endsWith('external_select')) return <ExternalSelect {...props} />;
  return <LocalSelect {...props} />;
}

function LocalSelect(props: ElementProps) {
  const { data } = useDirectory();
  const { element } = props;
  const choices = element.type.includes('static')
    ? choicesOf(element as OptionAnswer)
    : element.type.includes('users')
      ? data.people
          .filter((person) => !person.is_bot)
          .map((person) => simple(person.id, person.real_name, `${person.title} · @${person.name}`))
      : data.channels
          .filter((channel) => channel.kind !== 'im' && !channel.is_archived)
          .map((channel) => simple(channel.id, `#${channel.name}`, null));
  return <Menu {...props} choices={choices} status={null} />;
}

function ExternalSelect(props: ElementProps) {
  const { element, blockId } = props;
  const surface = useSurface();
  const least = typeof element.min_query_length === 'number' ? element.min_query_length : 3;
  const [choices, setChoices] = useState<readonly Choice[]>([]);
  const [status, setStatus] = useState<string | null>(null);
  const cancel = useRef<() => void>(() => undefined);
  const asked = useRef(0);
  useEffect(() => () => cancel.current(), []);

  const ask = (query: string) => {
    cancel.current();
    asked.current += 1;
    const question = asked.current;
    if (query.length < least) {
      setChoices([]);
      setStatus(least === 1 ? 'Type to search' : `Type at least ${least} characters`);
      return;
    }
    setStatus('Searching…');
    cancel.current = after(query === '' ? 0 : 150, () => {
      surface.loadOptions(blockId, element, query).then(
        (answer) => {
          if (question !== asked.current) return;
          const found = choicesOf(answer);
          setChoices(found);
          setStatus(found.length === 0 ? 'No matches' : null);
        },
        () => {
          if (question === asked.current) setStatus('The app did not answer. Type again to retry.');
        },
      );
    });
  };
  return <Menu {...props} choices={choices} status={status} onQuery={ask} />;
}

type MenuProps = ElementProps & {
  readonly choices: readonly Choice[];
  readonly status: string | null;
  readonly onQuery?: (query: string) => void;
};

function Menu({ element, blockId, label, input, dispatch, choices, status, onQuery }: MenuProps) {
  const surface = useSurface();
  const field = FIELDS[element.type] ?? 'selected_option';
  const multiple = element.type.startsWith('multi_');
  const entry = surface.values[blockId]?.[actionIdOf(element)] as Loose | undefined;
  const value = entry?.[field];
  const selected = (multiple ? asList(value) : value == null ? [] : [value]).map((item) => choiceOf(item, choices));
  const max = typeof element.max_selected_items === 'number' ? element.max_selected_items : 100;

  const change = async (next: readonly Choice[]) => {
    const picked = multiple ? next.map((choice) => choice.data) : (next[0]?.data ?? null);
    const detail = { [field]: picked };
    // Outside of an input block the choice is an action: it shows only when the person confirmed it.
    if (dispatch && input) {
      surface.setEntry(blockId, element, { type: element.type, ...detail });
      await surface.act(blockId, element, detail);
    } else if (!dispatch || (await surface.act(blockId, element, detail))) {
      surface.setEntry(blockId, element, { type: element.type, ...detail });
    }
  };
  return (
    <Combobox
      label={label}
      placeholder={placeholderOf(element)}
      choices={choices}
      selected={selected}
      multiple={multiple}
      max={max}
      {...(onQuery === undefined ? {} : { onQuery })}
      status={status}
      clearable={input}
      autoFocus={element.focus_on_load === true}
      compact={!input}
      invalid={surface.errors[blockId] !== undefined}
      onChange={(next) => void change(next)}
    />
  );
}

function placeholderOf(element: Loose): string {
  const placeholder = element.placeholder as { text?: string } | undefined;
  return placeholder?.text ?? (element.type.startsWith('multi_') ? 'Select options' : 'Select an option');
}

function choicesOf(answer: OptionAnswer): readonly Choice[] {
  const groups = asList(answer.option_groups) as NonNullable<OptionAnswer['option_groups']>;
  const loose = (asList(answer.options) as readonly OptionShape[]).map((option) => optionChoice(option, null));
  return [
    ...loose,
    ...groups.flatMap((group) => group.options.map((option) => optionChoice(option, group.label.text))),
  ];
}

function optionChoice(option: OptionShape, group: string | null): Choice {
  const id = option.value ?? option.text.text;
  return { id, label: option.text.text, description: option.description?.text ?? null, group, data: option };
}

function simple(id: string, label: string, description: string | null): Choice {
  return { id, label, description, group: null, data: id };
}

function choiceOf(item: unknown, choices: readonly Choice[]): Choice {
  if (typeof item === 'string') return choices.find((choice) => choice.id === item) ?? simple(item, item, null);
  return optionChoice(item as OptionShape, null);
}
