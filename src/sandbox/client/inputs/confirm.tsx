import type { TextObject } from '@slack/types';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react';
import { PlainText, Text } from '../text/text.tsx';

type Question = {
  readonly title?: { readonly text: string };
  readonly text?: TextObject;
  readonly confirm?: { readonly text: string };
  readonly deny?: { readonly text: string };
  readonly style?: string;
};
type Ask = (question: object) => Promise<boolean>;
type Open = { readonly question: Question; readonly answer: (yes: boolean) => void };

const ConfirmContext = createContext<Ask>(async () => true);

/** Asks the question of a `confirm` object; true when the person agreed. */
export function useConfirm(): Ask {
  return useContext(ConfirmContext);
}

/** Shows the questions that elements ask before they act. */
export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<Open | null>(null);
  const ask = useCallback<Ask>(
    (question) => new Promise((resolve) => setOpen({ question: question as Question, answer: resolve })),
    [],
  );
  const close = (yes: boolean) => {
    open?.answer(yes);
    setOpen(null);
  };
  return (
    <ConfirmContext value={ask}>
      {children}
      {open === null ? null : <ConfirmDialog question={open.question} onAnswer={close} />}
    </ConfirmContext>
  );
}

function ConfirmDialog({ question, onAnswer }: { question: Question; onAnswer: (yes: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  const title = question.title?.text ?? 'Are you sure?';
  return (
    <dialog
      ref={dialog}
      className="modal modal-small"
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onAnswer(false);
      }}
    >
      <header className="modal-head">
        <h2>
          <PlainText text={title} />
        </h2>
      </header>
      <div className="modal-body">
        <Text text={question.text} />
      </div>
      <footer className="modal-foot">
        <button type="button" className="button" onClick={() => onAnswer(false)}>
          <PlainText text={question.deny?.text ?? 'Cancel'} />
        </button>
        <button
          type="button"
          className={question.style === 'danger' ? 'button button-solid-danger' : 'button button-solid'}
          onClick={() => onAnswer(true)}
        >
          <PlainText text={question.confirm?.text ?? 'Yes'} />
        </button>
      </footer>
    </dialog>
  );
}
