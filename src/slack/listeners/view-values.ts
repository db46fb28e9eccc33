import type { ViewOutput } from '@slack/bolt';
import type { z } from 'zod';
import { InternalError } from '../../lib/errors.ts';

/** What somebody typed or chose in a form, by block id; empty text where nothing was. */
export type ViewValues = (block: string) => string;

/** Reads the one input of each block, whatever its action id is. */
export function valuesOf(view: Pick<ViewOutput, 'state'>): ViewValues {
  return (block) => {
    const input = Object.values(view.state.values[block] ?? {})[0];
    if (!input) return '';
    if (input.selected_options) return input.selected_options.map((option) => option.value).join(',');
    return input.value ?? input.selected_option?.value ?? '';
  };
}

/** Block ids of the form that hold something. */
export function blocksOf(view: Pick<ViewOutput, 'state'>): string[] {
  return Object.keys(view.state.values);
}

/** What the form is about: ids that were put there when it was opened. Throws an InternalError when they are not there. */
export function metadataOf<T>(view: Pick<ViewOutput, 'private_metadata'>, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(view.private_metadata));
  if (parsed.success) return parsed.data;
  throw new InternalError('view.metadata', 'A form came back without what it is about.', { cause: parsed.error });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InternalError('view.metadata', 'A form came back with broken metadata.', { cause: error });
  }
}
