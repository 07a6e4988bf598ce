import { createMarkdownLinker, type ImageUploads, type ImageUploadsOptions } from 'vite-plugin-image-cache/uploads';

/** A note as the page's app keeps it. */
export interface NoteRow {
  id: string;
  text: string;
  version: number;
  /** How often the app was told that a picture was linked in it. */
  rewritten: number;
}

type OnStored = NonNullable<ImageUploadsOptions['onStored']>;
/** What the app was told of a picture. */
export type StoredRecord = Omit<Parameters<OnStored>[0], 'entity'> & { note: string };

/** An app for notes, in a database of its own, in which each step is one durable transaction. */
export interface StandNotes {
  create(id: string): Promise<void>;
  get(id: string): Promise<NoteRow | undefined>;
  type(id: string, text: string): Promise<void>;
  /** Saves a picture and puts its reference at the end of the note. */
  addPicture(id: string, picture: { name: string; base64: string }): Promise<void>;
  /** Each call of `onStored`. */
  records(): Promise<StoredRecord[]>;
  onStored: OnStored;
}

/**
 * @param hook `before`: `onStored` says `hooked` and never ends, without having done anything; `after`: it does its work first
 * @param uploads the page's, which are made with `onStored`
 */
export function openNotes(hook: string | null, uploads: () => ImageUploads): StandNotes {
  const opening = openDatabase();

  /** One transaction: reads a note, and writes what it becomes. @returns whether it was written */
  async function change(id: string, to: (note: NoteRow | undefined) => NoteRow | undefined): Promise<boolean> {
    const transaction = (await opening).transaction('notes', 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore('notes');
    const changed = to((await answerOf(store.get(id))) as NoteRow | undefined);
    if (changed) store.put(changed);
    await ended(transaction);
    return changed !== undefined;
  }

  const get = async (id: string): Promise<NoteRow | undefined> =>
    (await answerOf((await opening).transaction('notes').objectStore('notes').get(id))) as NoteRow | undefined;
  const type = async (id: string, text: string): Promise<void> =>
    void (await change(id, (note) => note && { ...note, text: note.text + text, version: note.version + 1 }));

  const link = createMarkdownLinker<number>({
    load: ({ id }) => get(id),
    compareAndSave: ({ id }, text, version) =>
      change(id, (note) => (note?.version === version ? { ...note, text, version: version + 1 } : undefined)),
    onRewritten: async ({ id }) =>
      void (await change(id, (note) => note && { ...note, rewritten: note.rewritten + 1 })),
  });

  return {
    create: async (id) => void (await change(id, () => ({ id, text: '', version: 1, rewritten: 0 }))),
    get,
    type,
    async addPicture(id, { name, base64 }) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const [upload] = await uploads().upload(new File([bytes], name), { entity: { type: 'note', id } });
      await type(id, `![${name}](${upload?.ref})`);
      console.log(`saved ${name}`);
    },
    async records() {
      return (await answerOf((await opening).transaction('records').objectStore('records').getAll())) as StoredRecord[];
    },
    async onStored(stored, context) {
      if (hook === 'before') return hooked();
      const { entity, ...record } = stored;
      const transaction = (await opening).transaction('records', 'readwrite', { durability: 'strict' });
      transaction.objectStore('records').add({ ...record, note: entity.id });
      await ended(transaction);
      await link(stored, context);
      if (hook === 'after') return hooked();
    },
  };
}

async function hooked(): Promise<never> {
  console.log('hooked');
  return new Promise(() => {});
}

async function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open('notes', 1);
  opening.addEventListener('upgradeneeded', () => {
    opening.result.createObjectStore('notes', { keyPath: 'id' });
    opening.result.createObjectStore('records', { autoIncrement: true });
  });
  return answerOf(opening);
}

async function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(new Error('The database failed.', { cause: request.error })));
  });
}

async function ended(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () =>
      reject(new Error('The transaction was aborted.', { cause: transaction.error })),
    );
  });
}
