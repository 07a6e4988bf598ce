import type { ImageUploads } from 'vite-plugin-image-cache/uploads';

export interface SaveTimes {
  /** Until each picture was safe, in milliseconds. */
  saved: number[];
  /** What the browser itself takes to hash the same bytes and write them once, in milliseconds. */
  bare: number[];
}

/** Saves the file that was picked again and again, each time as a picture of its own. */
export async function saveTimed(uploads: ImageUploads, times: number): Promise<SaveTimes> {
  const [file] = document.querySelector('input')?.files ?? [];
  if (!file) throw new Error('Nothing was picked.');
  const store = await openBareStore();
  const results: SaveTimes = { saved: [], bare: [] };
  for (let n = 0; n < times; n += 1) {
    results.saved.push(await timed(() => uploads.upload(file)));
    results.bare.push(await timed(() => saveBare(store, file)));
  }
  return results;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function openBareStore(): Promise<IDBDatabase> {
  const opening = indexedDB.open('bare', 1);
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore('bytes', { autoIncrement: true }));
  return new Promise((resolve, reject) => {
    opening.addEventListener('success', () => resolve(opening.result));
    opening.addEventListener('error', () =>
      reject(new Error('No database could be opened.', { cause: opening.error })),
    );
  });
}

async function saveBare(database: IDBDatabase, file: File): Promise<void> {
  const bytes = await file.arrayBuffer();
  await crypto.subtle.digest('SHA-256', bytes);
  const transaction = database.transaction('bytes', 'readwrite', { durability: 'strict' });
  transaction.objectStore('bytes').put(new Blob([bytes]));
  await new Promise<void>((resolve) => {
    transaction.addEventListener('complete', () => resolve());
  });
}
