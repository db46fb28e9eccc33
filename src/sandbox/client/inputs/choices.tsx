import type { TextObject } from '@slack/types';
import { useId } from 'react';
import { Text } from '../text/text.tsx';
import type { ElementProps } from './element-props.ts';
import { useSurface } from './surface.tsx';
import { actionIdOf, asList, type Loose } from './values.ts';

type Option = { readonly text: TextObject; readonly value?: string; readonly description?: TextObject };

/** Radio buttons and checkboxes. */
export function Choices({ element, blockId, label, dispatch }: ElementProps) {
  const surface = useSurface();
  const name = useId();
  const isRadio = element.type === 'radio_buttons';
  const options = asList(element.options) as readonly Option[];
  const entry = surface.values[blockId]?.[actionIdOf(element)] as Loose | undefined;
  const chosen = isRadio ? [entry?.selected_option] : asList(entry?.selected_options);
  const values = new Set(chosen.map((option) => (option as Option | null | undefined)?.value));

  const toggle = async (option: Option) => {
    const kept = options.filter((other) => (other.value === option.value) !== values.has(other.value));
    const detail = isRadio ? { selected_option: option } : { selected_options: kept };
    if (dispatch && element.confirm !== undefined && !(await surface.act(blockId, element, detail))) return;
    surface.setEntry(blockId, element, { type: element.type, ...detail });
    if (dispatch && element.confirm === undefined) await surface.act(blockId, element, detail);
  };
  return (
    <fieldset className="choices" aria-label={label} aria-invalid={surface.errors[blockId] !== undefined}>
      {options.map((option) => (
        <label key={option.value} className="choice">
          <input
            type={isRadio ? 'radio' : 'checkbox'}
            name={name}
            checked={values.has(option.value)}
            onChange={() => void toggle(option)}
          />
          <span className="choice-text">
            <Text text={option.text} />
            {option.description === undefined ? null : (
              <span className="choice-description">
                <Text text={option.description} />
              </span>
            )}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
