import { useEffect, useRef } from 'react';
import { after } from '../state/browser-clock.ts';
import type { ElementProps } from './element-props.ts';
import { useSurface } from './surface.tsx';
import { actionIdOf, asList, type Loose } from './values.ts';

const INPUT_TYPES: Readonly<Record<string, string>> = {
  plain_text_input: 'text',
  email_text_input: 'email',
  url_text_input: 'url',
};

/** Text of one or several lines, numbers, addresses. Dispatches on Enter or while typing, as the bot asks. */
export function TextField({ element, blockId, label, labelId, dispatch }: ElementProps) {
  const surface = useSurface();
  const cancel = useRef<() => void>(() => undefined);
  useEffect(() => () => cancel.current(), []);
  const entry = surface.values[blockId]?.[actionIdOf(element)] as Loose | undefined;
  const isRich = element.type === 'rich_text_input';
  const value = isRich ? plainOfRich(entry?.rich_text_value) : typeof entry?.value === 'string' ? entry.value : '';
  const triggers = asList((element.dispatch_action_config as Loose | undefined)?.trigger_actions_on);
  const onCharacter = dispatch && triggers.includes('on_character_entered');
  const onEnter = dispatch && (triggers.length === 0 || triggers.includes('on_enter_pressed'));

  const set = (text: string) => {
    const next = text === '' ? null : text;
    surface.setEntry(blockId, element, {
      type: element.type,
      ...(isRich ? { rich_text_value: richOf(text) } : { value: next }),
    });
    cancel.current();
    if (onCharacter) cancel.current = after(250, () => void surface.act(blockId, element, { value: text }));
  };
  const common = {
    id: labelId,
    'aria-label': label,
    'aria-invalid': surface.errors[blockId] !== undefined,
    'aria-describedby': `${labelId}-note`,
    className: surface.errors[blockId] === undefined ? 'field' : 'field field-invalid',
    placeholder: (element.placeholder as { text?: string } | undefined)?.text ?? '',
    value,
    autoFocus: element.focus_on_load === true,
    ...(typeof element.max_length === 'number' ? { maxLength: element.max_length } : {}),
  };
  const left = typeof element.max_length === 'number' ? element.max_length - value.length : null;
  const counter = left !== null && left <= 50 ? <span className="field-counter">{left}</span> : null;
  if (element.multiline === true || isRich) {
    return (
      <div className="field-wrap">
        <textarea {...common} rows={4} onChange={(event) => set(event.target.value)} />
        {counter}
      </div>
    );
  }
  const isNumber = element.type === 'number_input';
  return (
    <div className="field-wrap">
      <input
        {...common}
        type={INPUT_TYPES[element.type] ?? 'text'}
        inputMode={isNumber ? (element.is_decimal_allowed === true ? 'decimal' : 'numeric') : undefined}
        autoComplete="off"
        onChange={(event) => set(isNumber ? event.target.value.replace(/[^\d.,-]/g, '') : event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !onEnter) return;
          event.preventDefault();
          cancel.current();
          void surface.act(blockId, element, { value });
        }}
      />
      {counter}
    </div>
  );
}

const DATE_KINDS: Readonly<Record<string, { kind: string; field: string }>> = {
  datepicker: { kind: 'date', field: 'selected_date' },
  timepicker: { kind: 'time', field: 'selected_time' },
  datetimepicker: { kind: 'datetime-local', field: 'selected_date_time' },
};

/** Day, time, or both. */
export function DateField({ element, blockId, label, labelId, dispatch }: ElementProps) {
  const surface = useSurface();
  const { kind, field } = DATE_KINDS[element.type] ?? { kind: 'date', field: 'selected_date' };
  const entry = surface.values[blockId]?.[actionIdOf(element)] as Loose | undefined;
  const stored = entry?.[field];
  const value = typeof stored === 'number' ? localInput(stored) : typeof stored === 'string' ? stored : '';
  const change = (text: string) => {
    const parsed = text === '' ? null : kind === 'datetime-local' ? Math.floor(new Date(text).getTime() / 1_000) : text;
    surface.setEntry(blockId, element, { type: element.type, [field]: parsed });
    if (dispatch) void surface.act(blockId, element, { [field]: parsed });
  };
  return (
    <input
      id={labelId}
      type={kind}
      className="field field-date"
      aria-label={label}
      aria-invalid={surface.errors[blockId] !== undefined}
      value={value}
      onChange={(event) => change(event.target.value)}
    />
  );
}

/** The sandbox has no upload; the field says so instead of pretending. */
export function FileField({ labelId, label }: ElementProps) {
  return (
    <div className="field-note" id={labelId} role="note" aria-label={label}>
      Uploading files is not possible in the sandbox.
    </div>
  );
}

function localInput(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function richOf(text: string): unknown {
  if (text === '') return null;
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }] };
}

function plainOfRich(value: unknown): string {
  const sections = asList((value as Loose | null | undefined)?.elements) as readonly Loose[];
  return sections
    .flatMap((section) => asList(section.elements) as readonly Loose[])
    .map((part) => (typeof part.text === 'string' ? part.text : ''))
    .join('');
}
