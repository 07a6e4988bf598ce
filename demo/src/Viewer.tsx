import { useEffect, useRef } from 'react';
import { CachedImage } from 'vite-plugin-image-cache/react';
import type { Picture } from '../api.ts';

export interface ViewerProps {
  images: readonly Picture[];
  actorId: string;
  name: string;
  index: number;
  onMove: (index: number) => void;
  onClose: () => void;
}

/** Shows one picture at a time, as large as the window; arrow keys show the next or the previous one. */
export function Viewer({ images, actorId, name, index, onMove, onClose }: ViewerProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    // Effects run twice in StrictMode. A dialog that is removed is closed, so there is nothing to clean up.
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const move = (by: number) => onMove((index + by + images.length) % images.length);
  useEffect(() => {
    const onKeyDown = ({ key }: KeyboardEvent) => {
      if (key === 'ArrowLeft') move(-1);
      if (key === 'ArrowRight') move(1);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
  const image = images[index];
  if (image === undefined) return null;
  // The browser closes the dialog, so that it also restores the focus.
  const close = () => dialog.current?.close();
  const label = `${name}, ${index + 1} of ${images.length}`;

  return (
    <dialog className="viewer" ref={dialog} aria-label={label} onClose={onClose}>
      <CachedImage
        key={image.filename}
        s3_url={image.s3_url}
        actor_id={actorId}
        alt={label}
        width={image.width}
        height={image.height}
      />
      <p>
        <button type="button" onClick={() => move(-1)}>
          Previous
        </button>
        <span>{label}</span>
        <button type="button" onClick={() => move(1)}>
          Next
        </button>
        <button type="button" onClick={close}>
          Close
        </button>
      </p>
    </dialog>
  );
}
