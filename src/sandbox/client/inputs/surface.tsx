import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import type { ClientAction } from '../../client-protocol.ts';
import type { OptionAnswer, SandboxApi, Values } from '../state/api.ts';
import { useConfirm } from './confirm.tsx';
import { actionIdOf, collectValues, type Loose } from './values.ts';

/** Where elements stand: a message, a modal or the Home tab. */
export type Place =
  | { readonly kind: 'message'; readonly channel: string; readonly ts: string }
  | { readonly kind: 'view'; readonly id: string };

/** What an element needs from the place it stands in. */
export type Surface = {
  readonly values: Values;
  readonly errors: Readonly<Record<string, string>>;
  readonly setEntry: (blockId: string, element: Loose, entry: Readonly<Record<string, unknown>>) => void;
  /** Sends a click or a choice, after the element's own question if it has one. False when the person said no. */
  readonly act: (blockId: string, element: Loose, detail: Readonly<Record<string, unknown>>) => Promise<boolean>;
  readonly loadOptions: (blockId: string, element: Loose, query: string) => Promise<OptionAnswer>;
};

const SurfaceContext = createContext<Surface | null>(null);

/** The surface around an element. Throws outside of one: that is a fault of the page. */
export function useSurface(): Surface {
  const surface = useContext(SurfaceContext);
  if (surface === null) throw new Error('An element was rendered outside of a message or view.');
  return surface;
}

type SurfaceProps = {
  readonly api: SandboxApi;
  readonly place: Place;
  readonly blocks: readonly Loose[];
  readonly errors?: Readonly<Record<string, string>>;
  readonly onRefusal: (error: unknown) => void;
  readonly onValues?: (values: Values) => void;
  readonly children: ReactNode;
};

/**
 * Holds what people typed and chose in one message or view. When a view is updated, a value stays as long as its block_id
 * and action_id stay: Slack does the same.
 */
export function SurfaceProvider({
  api,
  place,
  blocks,
  errors = NO_ERRORS,
  onRefusal,
  onValues,
  children,
}: SurfaceProps) {
  const confirm = useConfirm();
  const [chosen, setChosen] = useState<Values>({});
  const latest = useRef({ chosen, blocks, place, onRefusal, onValues });
  latest.current = { ...latest.current, blocks, place, onRefusal, onValues };

  const setEntry = useCallback<Surface['setEntry']>((blockId, element, entry) => {
    const before = latest.current.chosen;
    const next = { ...before, [blockId]: { ...before[blockId], [actionIdOf(element)]: entry } };
    latest.current.chosen = next;
    setChosen(next);
    latest.current.onValues?.(collectValues(latest.current.blocks, next));
  }, []);

  const act = useCallback<Surface['act']>(
    async (blockId, element, detail) => {
      const question = element.confirm;
      if (typeof question === 'object' && question !== null && !(await confirm(question))) return false;
      const { place: where, blocks: current, chosen: values } = latest.current;
      const action: ClientAction['action'] = {
        type: element.type,
        action_id: actionIdOf(element),
        block_id: blockId,
        ...detail,
      };
      try {
        await api.act({ ...address(where), action, values: collectValues(current, values) });
      } catch (error) {
        latest.current.onRefusal(error);
      }
      return true;
    },
    [api, confirm],
  );

  const loadOptions = useCallback<Surface['loadOptions']>(
    (blockId, element, query) =>
      api.options({
        ...address(latest.current.place),
        block_id: blockId,
        action_id: actionIdOf(element),
        value: query,
      }),
    [api],
  );

  const values = useMemo(() => collectValues(blocks, chosen), [blocks, chosen]);
  const surface = useMemo(
    () => ({ values, errors, setEntry, act, loadOptions }),
    [values, errors, setEntry, act, loadOptions],
  );
  return <SurfaceContext value={surface}>{children}</SurfaceContext>;
}

const NO_ERRORS: Readonly<Record<string, string>> = {};

function address(place: Place): { message: { channel: string; ts: string } } | { view_id: string } {
  return place.kind === 'view' ? { view_id: place.id } : { message: { channel: place.channel, ts: place.ts } };
}
