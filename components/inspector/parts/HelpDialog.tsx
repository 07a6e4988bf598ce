import { useEffect, useRef } from 'react';

const KEYS: readonly [keys: string, does: string][] = [
  ['/', 'Filter'],
  ['?', 'This help'],
  ['Arrows, Home, End, Page Up, Page Down', 'Move among the images'],
  ['Enter', 'Details of the image'],
  ['Space', 'Select the image'],
  ['p', 'Pin the image, or unpin it'],
  ['r', 'Fetch the image again'],
  ['Delete', 'Forget the image; asks first'],
  ['Escape', 'Close the details'],
];

/** The keys of the page. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">Keys</h2>
      <dl className="keys">
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(', ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p className="muted">Single letters work while an image has the focus.</p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
