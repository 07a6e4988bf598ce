import { createImageUploads, createMarkdownLinker } from 'vite-plugin-image-cache/uploads';
import { createNoteStore } from '../notes/createNoteStore.ts';

/** The notes of this browser. */
export const notes = createNoteStore(localStorage);

/** Of the page, not of a component, so that pictures go on being sent while another page of the demo is shown. */
export const uploads = createImageUploads({
  // The picture itself does not wait for its note. What is written into the note does.
  gate: 'after-entity',
  onStored: createMarkdownLinker({
    load: ({ id }) => notes.get(id),
    // What it saves counts as not synced in the same step, so a page that is killed here syncs it later.
    compareAndSave: ({ id }, text, version) => notes.compareAndSave(id, text, version),
  }),
});
import.meta.hot?.dispose(() => void uploads.close());
