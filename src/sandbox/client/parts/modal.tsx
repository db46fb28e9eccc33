import { useEffect, useRef, useState } from 'react';
import type { ClientView } from '../../client-protocol.ts';
import { Blocks } from '../blocks/block.tsx';
import { SurfaceProvider } from '../inputs/surface.tsx';
import { collectValues, type Loose, missingInputs } from '../inputs/values.ts';
import type { SandboxApi, Values } from '../state/api.ts';
import { PlainText } from '../text/text.tsx';
import { Icon, Mark } from './icon.tsx';

type Props = {
  readonly views: readonly ClientView[];
  readonly api: SandboxApi;
  readonly onRefusal: (error: unknown) => void;
};

/** The stack of modals; the upper one is in use, those below keep what was typed into them. */
export function ModalStack({ views, api, onRefusal }: Props) {
  const closeAll = async () => {
    for (const view of views.toReversed()) await api.close(view.id).catch(onRefusal);
  };
  return views.map((view, index) => (
    <Modal
      key={view.id}
      view={view}
      api={api}
      onRefusal={onRefusal}
      depth={index}
      top={index === views.length - 1}
      onCloseAll={closeAll}
    />
  ));
}

type ModalProps = Omit<Props, 'views'> & {
  readonly view: ClientView;
  readonly depth: number;
  readonly top: boolean;
  readonly onCloseAll: () => Promise<void>;
};

function Modal({ view, api, onRefusal, depth, top, onCloseAll }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const blocks = view.blocks as unknown as readonly Loose[];
  const values = useRef<Values | null>(null);
  const [errors, setErrors] = useState<Readonly<Record<string, string>>>({});
  const [busy, setBusy] = useState(false);
  const title = view.type === 'modal' ? view.title.text : '';
  const submitText = view.type === 'modal' ? view.submit?.text : undefined;
  const closeText = view.type === 'modal' ? (view.close?.text ?? 'Cancel') : 'Close';

  useEffect(() => {
    const box = dialog.current;
    const before = document.activeElement;
    box?.showModal();
    // The first thing to fill in, not the cross in the corner, is where one starts.
    const first = box?.querySelector<HTMLElement>('.modal-body input, .modal-body textarea');
    const wanted = document.activeElement;
    // The element with focus_on_load has it already, unless it is the cross that showModal chose.
    if (wanted?.closest('.modal-body') == null) first?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);

  const close = () => void api.close(view.id).catch(onRefusal);
  const submit = async () => {
    if (busy) return;
    const current = values.current ?? collectValues(blocks, {});
    const missing = missingInputs(blocks, current);
    if (missing.length > 0) {
      setErrors(Object.fromEntries(missing.map((id) => [id, 'Please complete this required field.'])));
      focusFirstError(dialog.current, missing[0]);
      return;
    }
    setBusy(true);
    try {
      const answer = await api.submit(view.id, current);
      setErrors(answer.errors ?? {});
      focusFirstError(dialog.current, Object.keys(answer.errors ?? {})[0]);
    } catch (error) {
      onRefusal(error);
    }
    setBusy(false);
  };
  return (
    <dialog
      ref={dialog}
      className="modal"
      aria-labelledby={`${view.id}-title`}
      data-top={top}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        event.preventDefault();
        close();
      }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <header className="modal-head">
          {depth > 0 ? (
            <button type="button" className="button-bare" aria-label="Back" onClick={close}>
              <Icon name="back" />
            </button>
          ) : (
            <span className="modal-mark">
              <Mark />
            </span>
          )}
          <h2 id={`${view.id}-title`}>
            <PlainText text={title} />
          </h2>
          <button type="button" className="button-bare" aria-label="Close" onClick={() => void onCloseAll()}>
            <Icon name="close" />
          </button>
        </header>
        <div className="modal-body">
          <SurfaceProvider
            api={api}
            place={{ kind: 'view', id: view.id }}
            blocks={blocks}
            errors={errors}
            onRefusal={onRefusal}
            onValues={(next) => {
              values.current = next;
            }}
          >
            <Blocks blocks={blocks} />
          </SurfaceProvider>
        </div>
        <footer className="modal-foot">
          <button type="button" className="button" onClick={close}>
            <PlainText text={closeText} />
          </button>
          {submitText === undefined ? null : (
            <button type="submit" className="button button-solid" aria-busy={busy} disabled={busy}>
              <PlainText text={submitText} />
            </button>
          )}
        </footer>
      </form>
    </dialog>
  );
}

function focusFirstError(dialog: HTMLElement | null, blockId: string | undefined): void {
  if (blockId === undefined || dialog === null) return;
  const block = [...dialog.querySelectorAll<HTMLElement>('[data-block-id]')].find(
    (other) => other.dataset.blockId === blockId,
  );
  block?.scrollIntoView({ block: 'nearest' });
  block?.querySelector<HTMLElement>('input, textarea, button')?.focus({ preventScroll: true });
}
