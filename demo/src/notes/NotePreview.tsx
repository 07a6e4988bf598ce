import { hasLocalRefs, imageRefsIn, UploadedImage, useUploads } from 'vite-plugin-image-cache/uploads';
import { entityOf, type Note } from './note.ts';
import { useNotesApp } from './notesApp.ts';
import { parseNote, type PicturePiece } from './parseNote.ts';

/** The note as it reads. */
export function NotePreview({ note }: { note: Note }) {
  const blocks = parseNote(note.text);
  return (
    <div className="preview" data-testid="preview">
      <h2 className="hidden">How it reads</h2>
      {blocks.length === 0 && <p className="empty">The note is shown here.</p>}
      {blocks.map(({ key, isHeading, pieces }) => {
        const Tag = isHeading ? 'h3' : 'div';
        return (
          <Tag key={key} className="block">
            {pieces.map((piece) =>
              piece.type === 'text' ? piece.text : <NotePicture key={piece.key} note={note} picture={piece} />,
            )}
          </Tag>
        );
      })}
    </div>
  );
}

function NotePicture({ note, picture }: { note: Note; picture: PicturePiece }) {
  const { notes, uploads } = useNotesApp();
  const { alt, url, source } = picture;
  const [ref] = imageRefsIn(url);
  const [upload] = useUploads((each) => each.ref === ref);
  // Whatever else the text names is not loaded.
  if (ref === undefined) return source;

  const remove = () => {
    notes.edit(note.id, (text) => text.replace(source, () => '').replace(/\n{3,}/g, '\n\n'));
    const isShownElsewhere = imageRefsIn(notes.get(note.id)?.text ?? '').includes(ref);
    if (!isShownElsewhere) void uploads.removeImage(entityOf(note), ref);
  };
  return (
    <span className="figure" data-testid="note-picture" data-url={url}>
      <UploadedImage imageRef={ref} alt={alt} filename={alt} />
      <span className="under">
        <small>{whereItIs(hasLocalRefs(url), upload?.status)}</small>
        <button type="button" onClick={remove} aria-label={`Remove the picture ${alt}`}>
          Remove
        </button>
      </span>
    </span>
  );
}

function whereItIs(isLocal: boolean, status: string | undefined): string {
  if (status === 'failed') return 'Not uploaded, but safe in this browser';
  if (status === 'missing') return 'This browser no longer has it';
  if (!isLocal) return 'In the bucket; the note has its URL';
  if (status === 'uploaded') return 'In the bucket; the note waits for its id';
  return status === undefined ? 'By its reference' : 'Safe in this browser, on its way to the bucket';
}
