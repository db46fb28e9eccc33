import { useEffect } from 'react';
import { after } from '../state/browser-clock.ts';
import type { Notice } from '../state/workspace.ts';
import { Icon } from './icon.tsx';

const TOAST_MS = 9_000;

/** What failed, said to this person alone: it goes by itself, or with a click. */
export function Toasts({ notices, onDismiss }: { notices: readonly Notice[]; onDismiss: (id: number) => void }) {
  return (
    <div className="toasts" role="status" aria-live="assertive">
      {notices.map((notice) => (
        <Toast key={notice.id} notice={notice} onDismiss={onDismiss} />
      ))}
    </div>
  );
}

function Toast({ notice, onDismiss }: { notice: Notice; onDismiss: (id: number) => void }) {
  useEffect(() => after(TOAST_MS, () => onDismiss(notice.id)), [notice.id, onDismiss]);
  return (
    <div className="toast">
      <Icon name="warning" />
      <span>
        <small>Only visible to you</small>
        {notice.text}
        {notice.error === '' ? null : <code>{notice.error}</code>}
      </span>
      <button type="button" className="button-bare" aria-label="Dismiss" onClick={() => onDismiss(notice.id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
