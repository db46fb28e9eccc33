import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import type { SandboxApi } from '../state/api.ts';
import { type Completion, completionsFor, encodeOutgoing } from '../text/outgoing.ts';
import { useDirectory } from '../text/people.tsx';
import { Icon } from './icon.tsx';

type Props = {
  readonly api: SandboxApi;
  readonly channel: string;
  readonly thread: string | null;
  readonly placeholder: string;
  readonly onRefusal: (error: unknown) => void;
};

/** Drafts outlive a change of the channel, as in Slack; a reload forgets them. */
const drafts = new Map<string, string>();

/** Where one types. Enter sends, Shift+Enter makes a new line, `/` completes commands, `@` and `#` people and channels. */
export function Composer({ api, channel, thread, placeholder, onRefusal }: Props) {
  const { data } = useDirectory();
  const draftKey = `${api.person}:${channel}:${thread ?? ''}`;
  const [text, setText] = useState(drafts.get(draftKey) ?? '');
  const [caret, setCaret] = useState(0);
  const [active, setActive] = useState(0);
  const [dismissed, setDismissed] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const caretAfter = useRef<number | null>(null);
  const id = useId();
  const completions = dismissed ? [] : completionsFor(text, caret, data);
  const chosen = completions[Math.min(active, completions.length - 1)];
  const usage = data.commands.find((command) => text.startsWith(`${command.command} `));

  // Before the next key arrives: a fast typist must not find the caret in the wrong place.
  useLayoutEffect(() => {
    const position = caretAfter.current;
    caretAfter.current = null;
    if (position !== null) area.current?.setSelectionRange(position, position);
  });
  useEffect(() => {
    if (text === '') drafts.delete(draftKey);
    else drafts.set(draftKey, text);
    const box = area.current;
    if (box === null) return;
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight, window.innerHeight * 0.4)}px`;
  }, [text, draftKey]);
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) area.current?.focus({ preventScroll: true });
  }, []);

  const change = (value: string, position: number) => {
    setText(value);
    setCaret(position);
    setActive(0);
    setDismissed(false);
  };
  const complete = (completion: Completion) => {
    const next = text.slice(0, completion.from) + completion.insert + text.slice(caret);
    const position = completion.from + completion.insert.length;
    change(next, position);
    caretAfter.current = position;
    area.current?.focus();
  };
  const send = async () => {
    const trimmed = text.trim();
    if (trimmed === '') return;
    change('', 0);
    try {
      await api.send({
        channel,
        text: encodeOutgoing(trimmed, data),
        ...(thread === null ? {} : { thread_ts: thread }),
      });
    } catch (error) {
      // What was typed must not be lost.
      setText((current) => (current === '' ? trimmed : current));
      onRefusal(error);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (chosen !== undefined && ['ArrowDown', 'ArrowUp'].includes(event.key)) {
      event.preventDefault();
      setActive((active + (event.key === 'ArrowDown' ? 1 : -1) + completions.length) % completions.length);
    } else if (chosen !== undefined && event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      setDismissed(true);
    } else if (
      chosen !== undefined &&
      (event.key === 'Tab' || (event.key === 'Enter' && chosen.insert.trim() !== text.trim()))
    ) {
      event.preventDefault();
      complete(chosen);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void send();
    }
  };
  return (
    <div className="composer">
      {completions.length === 0 ? null : (
        <CompletionList id={id} completions={completions} chosen={chosen} onPick={complete} />
      )}
      <div className="composer-box">
        <textarea
          ref={area}
          rows={1}
          value={text}
          placeholder={placeholder}
          aria-label={placeholder}
          role="combobox"
          aria-expanded={completions.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen.key}`}
          onChange={(event) => change(event.target.value, event.target.selectionStart)}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          onBlur={() => setDismissed(true)}
          onFocus={() => setDismissed(false)}
        />
        <div className="composer-foot">
          <button
            type="button"
            className="composer-tool"
            aria-label="Run a slash command"
            onClick={() => {
              change('/', 1);
              area.current?.focus();
            }}
          >
            <span aria-hidden="true">/</span>
          </button>
          <button
            type="button"
            className="composer-tool"
            aria-label="Mention somebody"
            onClick={() => {
              const next = text === '' || text.endsWith(' ') ? `${text}@` : `${text} @`;
              change(next, next.length);
              area.current?.focus();
            }}
          >
            <span aria-hidden="true">@</span>
          </button>
          <span className="composer-hint">
            {usage === undefined ? null : (
              <>
                <b>{usage.command}</b> {usage.usage_hint}
              </>
            )}
          </span>
          <button
            type="button"
            className="composer-send"
            aria-label="Send"
            disabled={text.trim() === ''}
            onClick={() => void send()}
          >
            <Icon name="send" />
          </button>
        </div>
      </div>
      <div className="composer-keys" aria-hidden="true">
        {text === '' ? null : (
          <>
            <b>Shift + Enter</b> to add a new line
          </>
        )}
      </div>
    </div>
  );
}

type ListProps = {
  readonly id: string;
  readonly completions: readonly Completion[];
  readonly chosen: Completion | undefined;
  readonly onPick: (completion: Completion) => void;
};

function CompletionList({ id, completions, chosen, onPick }: ListProps) {
  return (
    <div className="completions" role="listbox" id={`${id}-list`} aria-label="Suggestions">
      {completions.map((completion) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the composer keeps the focus and names the active option
        // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the composer
        <div
          key={completion.key}
          id={`${id}-${completion.key}`}
          role="option"
          aria-selected={completion === chosen}
          className="completion"
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(completion)}
        >
          <span className="completion-title">
            <b>{completion.title}</b> <span>{completion.hint}</span>
          </span>
          <span className="completion-detail">{completion.detail}</span>
        </div>
      ))}
    </div>
  );
}
