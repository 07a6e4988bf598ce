import { createContext, useContext } from 'react';
import type { ImageUploads } from 'vite-plugin-image-cache/uploads';
import type { NoteStore } from './createNoteStore.ts';

/** What the parts of the page work with. */
export interface NotesApp {
  readonly notes: NoteStore;
  readonly uploads: ImageUploads;
}

export const NotesAppContext = createContext<NotesApp | undefined>(undefined);

export function useNotesApp(): NotesApp {
  const app = useContext(NotesAppContext);
  if (!app) throw new Error('There is no NotesAppContext above.');
  return app;
}
