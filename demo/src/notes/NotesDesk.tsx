import { type ReactNode, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { type ImageUploads, ImageUploadsProvider } from 'vite-plugin-image-cache/uploads';
import type { NoteStore } from './createNoteStore.ts';
import { NoteEditor } from './NoteEditor.tsx';
import { NoteList } from './NoteList.tsx';
import { NotesAppContext } from './notesApp.ts';

export interface NotesDeskProps {
  notes: NoteStore;
  uploads: ImageUploads;
  /** The id of a note; without it the newest one is shown. */
  chosen: string | undefined;
  /** What stands beside the note. */
  children?: ReactNode;
}

/** The list of notes, and one of them to read and write. */
export function NotesDesk({ notes, uploads, chosen, children }: NotesDeskProps) {
  const app = useMemo(() => ({ notes, uploads }), [notes, uploads]);
  const list = useSyncExternalStore(notes.subscribe, notes.list);
  const note = list.find(({ id }) => id === chosen) ?? list[0];
  const [begun, setBegun] = useState<string>();
  const newButton = useRef<HTMLButtonElement>(null);
  const begin = () => {
    const { id } = notes.create();
    setBegun(id);
    location.hash = `#/notes/${id}`;
  };
  const leave = () => {
    location.hash = '#/notes';
    newButton.current?.focus(); // what had the focus is gone
  };
  return (
    <ImageUploadsProvider uploads={uploads}>
      <NotesAppContext value={app}>
        <div className="desk">
          <NoteList list={list} chosen={note?.id} newButton={newButton} onNew={begin} />
          {note ? (
            <NoteEditor key={note.id} note={note} isBegun={begun === note.id} onDeleted={leave} />
          ) : (
            <section className="blank-desk" data-testid="no-notes">
              <p>Begin a note, and drop a picture into it. It works offline, too.</p>
              <button type="button" className="primary" onClick={begin}>
                Write the first note
              </button>
            </section>
          )}
          {children}
        </div>
      </NotesAppContext>
    </ImageUploadsProvider>
  );
}
