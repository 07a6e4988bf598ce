import { useEffect, useRef } from 'react';
import { useDropzone } from 'react-dropzone';
import { Refused } from './Refused.tsx';
import { useAddPictures } from './useAddPictures.ts';

/** Drop, paste, camera and file input: all of them end in `upload(files)`. */
export function PickPictures() {
  const { add, refused } = useAddPictures();
  const camera = useRef<HTMLInputElement>(null);
  usePaste(add);
  const { getRootProps, getInputProps, isDragActive, open } = useDropzone({
    onDrop: (files) => void add(files),
    noClick: true,
    noKeyboard: true,
    noPaste: true, // see usePaste
  });

  return (
    <section {...getRootProps({ className: 'drop', 'data-active': isDragActive, 'aria-label': 'Add pictures' })}>
      <input {...getInputProps({ 'aria-label': 'Pictures', accept: 'image/*' })} data-testid="file-input" />
      {/* A phone opens its camera; a computer its files. */}
      <input
        ref={camera}
        hidden
        type="file"
        accept="image/*"
        capture="environment"
        aria-label="A picture of the camera"
        onChange={({ target }) => {
          void add(Array.from(target.files ?? []));
          target.value = ''; // so that the same picture may be picked again
        }}
      />
      <p>
        <strong>Drop pictures here</strong>
        <span className="by-keys">
          , or paste them with <kbd>Ctrl</kbd> <kbd>V</kbd>
        </span>
      </p>
      <p className="ways">
        <button type="button" className="primary" onClick={open}>
          Choose files
        </button>
        <button type="button" onClick={() => camera.current?.click()}>
          Take a photo
        </button>
      </p>
      <Refused errors={refused} />
    </section>
  );
}

/** Pictures on the clipboard: a screenshot, or what was copied in another program. */
function usePaste(onFiles: (files: readonly File[]) => Promise<void>): void {
  const latest = useRef(onFiles);
  useEffect(() => {
    latest.current = onFiles;
  });
  useEffect(() => {
    const handlePaste = ({ clipboardData }: ClipboardEvent) =>
      void latest.current(Array.from(clipboardData?.files ?? []));
    document.addEventListener('paste', handlePaste);
    return () => document.removeEventListener('paste', handlePaste);
  }, []);
}
