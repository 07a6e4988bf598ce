import type { BackendNote, NoteSaved, NoteToSave } from '../../api.ts';
import type { NoteStore } from './createNoteStore.ts';
import type { Note } from './note.ts';

const PAUSE_MS = 400;
const RETRY_MS = 3_000;

export interface NotesBackend {
  list(): Promise<readonly BackendNote[]>;
  save(id: string, note: NoteToSave): Promise<NoteSaved>;
  remove(id: string): Promise<void>;
}

export interface NoteSyncOptions {
  store: NoteStore;
  backend: NotesBackend;
  /** A note has got its id of the backend. Before this resolves it does not count as synced. */
  onServerId(note: Note, serverId: string): Promise<void>;
  /** A note was deleted: its pictures go, too. May be called more than once. */
  onDeleted(note: Note): Promise<void>;
  /** The backend has just answered. */
  onSynced(): void;
}

/** Brings notes to the backend, and tries again until that is done. */
export interface NoteSync {
  /** @returns a function that stops it */
  start(): () => void;
}

export function createNoteSync({ store, backend, onServerId, onDeleted, onSynced }: NoteSyncOptions): NoteSync {
  /** Deleted notes whose pictures are gone: the backend may be away for long. */
  const withoutPictures = new Set<string>();

  async function push(note: Note): Promise<void> {
    if (note.isDeleted) {
      // The note is forgotten last: until then, it is known after a kill what is still to be done.
      if (!withoutPictures.has(note.id)) await onDeleted(note);
      withoutPictures.add(note.id);
      await backend.remove(note.id);
      return store.forget(note.id);
    }
    const { server_id } = await backend.save(note.id, { text: note.text, created_at: note.createdAt });
    if (note.serverId === undefined) await onServerId(note, server_id);
    store.markSynced(note.id, note.version, server_id);
  }

  async function pushAll(signal: AbortSignal): Promise<void> {
    for (let next = store.unsynced(); next.length > 0 && !signal.aborted; next = store.unsynced()) {
      const outcomes: PromiseSettledResult<void>[] = [];
      // One that the backend refuses does not stop the others.
      for (const note of next) outcomes.push(...(await Promise.allSettled([push(note)])));
      if (outcomes.some(({ status }) => status === 'fulfilled')) onSynced();
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
    }
  }

  function start(): () => void {
    const ended = new AbortController();
    const { signal } = ended;
    let isBusy = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    function wake(ms: number): void {
      clearTimeout(timer);
      if (!signal.aborted) timer = setTimeout(() => void run(), ms);
    }

    async function run(): Promise<void> {
      if (isBusy) return;
      isBusy = true;
      try {
        await pushAll(signal);
      } catch {
        wake(RETRY_MS);
      } finally {
        isBusy = false;
      }
    }

    // Not with each letter that is typed.
    const unsubscribe = store.subscribe(() => {
      if (!isBusy) wake(PAUSE_MS);
    });
    addEventListener('online', () => wake(0), { signal });
    backend.list().then(
      (notes) => store.merge(notes),
      () => {}, // what is here is shown
    );
    wake(0);
    return () => {
      clearTimeout(timer);
      unsubscribe();
      ended.abort();
    };
  }

  return { start };
}
