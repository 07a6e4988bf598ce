import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import type { ServerError } from '../server/serverError.ts';

interface Question {
  title: string;
  children: ReactNode;
  /** On the button, e.g. `Forget`. */
  action: string;
  /** Has to be typed first, for what cannot be undone. */
  word?: string;
  /** Rejects with a ServerError, which is shown. */
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something is removed. While it is under way, neither a second click nor a held key does it again. */
export function ConfirmDialog({ title, children, action, word, onConfirm, onClose }: Question) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<ServerError>();
  const id = useId();

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  async function confirm(): Promise<void> {
    if (isBusy || (word !== undefined && typed !== word)) return;
    setIsBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (thrown) {
      setError(thrown as ServerError); // see `onConfirm`
      setIsBusy(false);
    }
  }

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={id} onClose={onClose}>
      <h2 id={id}>{title}</h2>
      {children}
      {word !== undefined && (
        <label className="field">
          <span>
            Type <kbd>{word}</kbd> to go on
          </span>
          <input
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.repeat) void confirm();
            }}
            autoComplete="off"
            spellCheck={false}
          />
        </label>
      )}
      {error && (
        <p className="text-fail" role="alert">
          {error.message} {error.hint}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Cancel
        </button>
        <button
          type="button"
          className="button danger"
          disabled={isBusy || (word !== undefined && typed !== word)}
          onClick={() => void confirm()}
        >
          {action}
        </button>
      </div>
    </dialog>
  );
}
