import { type ClipboardEvent, useLayoutEffect, useRef } from 'react';
import { useDropzone } from 'react-dropzone';
import { imageRefsIn, useEntityImages } from 'vite-plugin-image-cache/uploads';
import { Refused } from '../uploads/Refused.tsx';
import { useAddPictures } from '../uploads/useAddPictures.ts';
import { movedCaret } from './movedCaret.ts';
import { entityOf, type Note, pictureMarkdown, titleOf } from './note.ts';
import { NotePreview } from './NotePreview.tsx';
import { useNotesApp } from './notesApp.ts';
import type { NoteStore } from './createNoteStore.ts';

export interface NoteEditorProps {
  note: Note;
  /** The user has just begun it: the next thing is to write. */
  isBegun: boolean;
  onDeleted: () => void;
}

/** The text of a note, and how it looks. Pictures are dropped, pasted or chosen. */
export function NoteEditor({ note, isBegun, onDeleted }: NoteEditorProps) {
  const { notes, uploads } = useNotesApp();
  const { add, refused, report } = useAddPictures();
  const field = useRef<HTMLTextAreaElement>(null);
  const entity = entityOf(note);

  // Pictures go to the end until the user has put the caret somewhere.
  useLayoutEffect(() => {
    const end = field.current?.value.length ?? 0;
    field.current?.setSelectionRange(end, end);
    if (isBegun) field.current?.focus();
  }, [isBegun]);

  // The field belongs to the user. When something else changes the text, the caret stays at its words.
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null || element.value === note.text) return;
    const { value, selectionStart, selectionEnd } = element;
    element.value = note.text;
    element.setSelectionRange(movedCaret(value, note.text, selectionStart), movedCaret(value, note.text, selectionEnd));
  }, [note.text]);

  const addPictures = (files: readonly File[]) =>
    add(files, {
      entity,
      // In the same moment in which it is safe, and by the note's id: the user may look at another note by now.
      onSaved({ filename, ref }) {
        if (ref !== undefined) insert(notes, note.id, field.current, pictureMarkdown(filename, ref));
      },
    });

  const handlePaste = (event: ClipboardEvent) => {
    const { files, types } = event.clipboardData;
    // What is copied in a word processor is text and a picture of it.
    if (files.length === 0 || types.includes('text/plain')) return;
    event.preventDefault();
    void addPictures(Array.from(files));
  };
  const { getRootProps, getInputProps, isDragActive, open } = useDropzone({
    onDrop: (files) => void addPictures(files),
    noClick: true,
    noKeyboard: true,
    noPaste: true, // see handlePaste
  });

  const edit = (text: string) => {
    const before = new Set(imageRefsIn(note.text));
    notes.edit(note.id, () => text);
    // What is new without an upload was pasted from another note, or has come back by undo: now this note uses it, too.
    for (const imageRef of imageRefsIn(text)) {
      if (!before.has(imageRef)) uploads.addImage(entity, imageRef).catch(report);
    }
  };

  const remove = () => {
    if (!confirm(`Delete "${titleOf(note)}"? A picture that no other note uses goes with it.`)) return;
    notes.markDeleted(note.id); // its pictures follow, also after a kill: see createNoteSync.ts
    onDeleted();
  };

  return (
    <section {...getRootProps({ className: 'note', 'data-active': isDragActive, 'aria-label': 'Note' })}>
      <input {...getInputProps({ 'aria-label': 'Pictures', accept: 'image/*' })} data-testid="note-pictures" />
      <div className="bar">
        <button type="button" className="primary" onClick={open}>
          Add pictures
        </button>
        <NoteState note={note} />
        <button type="button" onClick={remove} data-testid="delete-note">
          Delete note
        </button>
      </div>
      <Refused errors={refused} />
      <textarea
        ref={field}
        aria-label="Text of the note"
        placeholder="Write, and drop or paste pictures."
        defaultValue={note.text}
        onChange={({ target }) => edit(target.value)}
        onPaste={handlePaste}
        spellCheck={false}
        data-testid="note-text"
      />
      <NotePreview note={note} />
    </section>
  );
}

/** Where the caret is, if the note is still open, and else at its end. */
function insert(notes: NoteStore, id: string, element: HTMLTextAreaElement | null, markdown: string): void {
  if (element === null) return notes.edit(id, (text) => `${text}\n\n${markdown}\n`.trimStart());
  const { selectionStart, selectionEnd, value } = element;
  const before = value.slice(0, selectionStart);
  const gap = before === '' || before.endsWith('\n\n') ? '' : before.endsWith('\n') ? '\n' : '\n\n';
  element.setRangeText(`${gap}${markdown}\n\n`, selectionStart, selectionEnd, 'end');
  notes.edit(id, () => element.value);
}

/** What the backend and the bucket have of it, in words. */
function NoteState({ note }: { note: Note }) {
  const { pendingImageCount: count } = useEntityImages(entityOf(note));
  const text =
    note.serverId === undefined
      ? 'The backend does not know this note yet.'
      : `Note ${note.serverId}, ${note.version === note.syncedVersion ? 'the backend has all of it.' : 'with changes the backend does not have yet.'}`;
  const pictures = count === 1 ? 'One picture is' : `${count} pictures are`;
  return (
    // No live region: with each letter it would be read out.
    <p className="state" data-testid="note-state">
      {text}
      {count > 0 && ` ${pictures} not in the bucket yet.`}
    </p>
  );
}
