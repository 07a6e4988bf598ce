import { openDB } from 'idb';
import { freshPictures } from './freshPictures.ts';
import { type Measured, measure } from './measure.ts';
import { sign } from './sign.ts';

/** Pictures that are read and saved at a time, as ours. */
const SAVING = 2;

/**
 * The least that a page does which loses no picture: each is kept in IndexedDB before it is sent, and is dropped when the bucket has it. It has
 * no queue, tries nothing again, sends the place along with the picture, and knows no other tabs.
 */
export async function runDurable({ count, concurrency }: { count: number; concurrency: number }): Promise<Measured> {
  const files = await freshPictures('/small.jpg', count);
  const name = crypto.randomUUID();
  const database = await openDB(name, 1, { upgrade: (changed) => void changed.createObjectStore('pictures') });
  const pictures = files.map((file, index) => {
    let keep: (body: Blob) => void = () => {};
    const saved = new Promise<Blob>((resolve) => (keep = resolve));
    return { file, index, saved, keep };
  });

  async function save(next: typeof pictures): Promise<void> {
    for (let picture = next.shift(); picture; picture = next.shift()) {
      const body = new Blob([await picture.file.arrayBuffer()], { type: picture.file.type });
      const transaction = database.transaction('pictures', 'readwrite', { durability: 'strict' });
      await Promise.all([transaction.store.put(body, picture.index), transaction.done]);
      picture.keep(body);
    }
  }

  async function send(next: typeof pictures): Promise<void> {
    for (let picture = next.shift(); picture; picture = next.shift()) {
      const body = await picture.saved;
      const headers = { 'content-type': body.type };
      const { url } = await sign({ method: 'PUT', key: crypto.randomUUID(), headers });
      const response = await fetch(url, { method: 'PUT', headers, body });
      if (!response.ok) throw new Error(`The bucket answered ${response.status}.`);
      const transaction = database.transaction('pictures', 'readwrite', { durability: 'strict' });
      await Promise.all([transaction.store.delete(picture.index), transaction.done]);
    }
  }

  try {
    return await measure(async () => {
      const [toSave, toSend] = [pictures.slice(), pictures.slice()];
      const savers = Array.from({ length: SAVING }, () => save(toSave));
      const senders = Array.from({ length: concurrency }, () => send(toSend));
      await Promise.all([...savers, ...senders]);
    });
  } finally {
    database.close();
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(name).addEventListener('success', resolve);
    });
  }
}
