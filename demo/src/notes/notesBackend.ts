import type { BackendNote, BucketListing, NoteSaved } from '../../api.ts';
import type { NotesBackend } from './createNoteSync.ts';

/** The demo's own backend: see demo/notes.ts. */
export const notesBackend: NotesBackend = {
  list: () => ask<BackendNote[]>('/demo/notes'),
  save: (id, note) => ask<NoteSaved>(`/demo/notes/${id}`, { method: 'PUT', body: JSON.stringify(note) }),
  remove: async (id) => void (await ask(`/demo/notes/${id}`, { method: 'DELETE' })),
};

/** What pictures have left in the bucket. */
export function fetchBucket(signal: AbortSignal): Promise<BucketListing> {
  return ask<BucketListing>('/demo/bucket', { signal });
}

async function ask<T>(url: string, init?: RequestInit): Promise<T> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`The demo's backend answered ${answer.status}`);
  return (await answer.json()) as T; // both sides are compiled with demo/api.ts
}
