import type { BackendNote } from '../../api.ts';
import type { Note } from './note.ts';

const PREFIX = 'demo-note:';

/**
 * The notes of this browser, one item of its storage each. Reading, comparing and writing are one step, since nothing here is asynchronous. (Two
 * tabs with the same note open may still overwrite each other in the same moment: an app of your own uses transactions.)
 */
export interface NoteStore {
  /** Newest first, without those that are deleted. The same array until something changes. */
  list(): readonly Note[];
  get(id: string): Note | undefined;
  /** Those of which the backend does not know the last change, deleted ones included. */
  unsynced(): readonly Note[];
  create(): Note;
  edit(id: string, change: (text: string) => string): void;
  /** Saves a text if nothing else was saved meanwhile, and marks the note as one that the backend has to get again. */
  compareAndSave(id: string, text: string, version: number): boolean;
  markSynced(id: string, version: number, serverId: string): void;
  markDeleted(id: string): void;
  forget(id: string): void;
  /** Takes over what the backend has, for notes without changes of their own. */
  merge(notes: readonly BackendNote[]): void;
  /** @returns a function that unsubscribes */
  subscribe(listener: () => void): () => void;
}

export function createNoteStore(storage: Storage, now: () => number = Date.now): NoteStore {
  const listeners = new Set<() => void>();
  let listed: readonly Note[] | undefined;

  function changed(): void {
    listed = undefined;
    for (const listener of listeners) listener();
  }

  function read(id: string): Note | undefined {
    const item = storage.getItem(PREFIX + id);
    return item === null ? undefined : (JSON.parse(item) as Note); // as `write` has left it
  }

  function write(note: Note): void {
    storage.setItem(PREFIX + note.id, JSON.stringify(note));
    changed();
  }

  function all(): Note[] {
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '');
    return keys
      .filter((key) => key.startsWith(PREFIX))
      .flatMap((key) => read(key.slice(PREFIX.length)) ?? [])
      .toSorted((a, b) => b.createdAt - a.createdAt);
  }

  // Of another tab, for as long as the page lives.
  addEventListener('storage', ({ key }) => {
    if (key === null || key.startsWith(PREFIX)) changed();
  });

  const isSynced = ({ version, syncedVersion, isDeleted }: Note): boolean => version === syncedVersion && !isDeleted;
  const list = (): readonly Note[] => (listed ??= all().filter(({ isDeleted }) => !isDeleted));

  function compareAndSave(id: string, text: string, version: number): boolean {
    const note = read(id);
    if (!note || note.isDeleted || note.version !== version) return false;
    if (note.text !== text) write({ ...note, text, version: version + 1 });
    return true;
  }

  return {
    list,
    get: (id) => list().find((note) => note.id === id),
    unsynced: () => all().filter((note) => !isSynced(note)),
    create() {
      const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0'));
      const note: Note = { id: id.join(''), text: '', version: 1, syncedVersion: 0, createdAt: now() };
      write(note);
      return note;
    },
    edit(id, change) {
      const note = read(id);
      if (note) compareAndSave(id, change(note.text), note.version);
    },
    compareAndSave,
    markSynced(id, version, serverId) {
      const note = read(id);
      if (note) write({ ...note, serverId, syncedVersion: version });
    },
    markDeleted(id) {
      const note = read(id);
      if (note) write({ ...note, isDeleted: true });
    },
    forget(id) {
      storage.removeItem(PREFIX + id);
      changed();
    },
    merge(notes) {
      const there = new Map(notes.map((note) => [note.id, note]));
      for (const { id, server_id, text, created_at } of notes) {
        const own = read(id);
        if (own && (!isSynced(own) || own.text === text)) continue;
        const version = (own?.version ?? 0) + 1;
        write({ id, serverId: server_id, text, version, syncedVersion: version, createdAt: created_at });
      }
      for (const own of all()) {
        // Deleted in another browser.
        if (isSynced(own) && !there.has(own.id)) storage.removeItem(PREFIX + own.id);
      }
      changed();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
