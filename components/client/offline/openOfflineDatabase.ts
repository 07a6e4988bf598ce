const NAME = 'image-cache-offline';
/** A worker of an older version cannot open the database of a newer one. It then keeps nothing, and its pages use the network. */
const VERSION = 1;

/** Resolves with the result of a request. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error()));
  });
}

/** Resolves when everything that a transaction has changed is kept. */
export function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error()));
  });
}

/**
 * Opens the database of the kept pictures, which the worker and the pages share.
 * @param onClosed is called when the connection is gone: another version of this code needs the database, or the browser has removed it
 * @param create `false`: a database that is not there is not made, and this rejects
 */
export async function openOfflineDatabase(onClosed: () => void, create = true): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, VERSION);
  request.addEventListener('upgradeneeded', () => {
    if (!create) return request.transaction?.abort();
    const database = request.result;
    const images = database.createObjectStore('images', { keyPath: 'key' });
    images.createIndex('picture', 'picture');
    images.createIndex('used', 'used');
    database.createObjectStore('bodies');
    database.createObjectStore('state');
  });
  const database = await resultOf(request);
  database.addEventListener('versionchange', () => {
    database.close();
    onClosed();
  });
  database.addEventListener('close', onClosed);
  return database;
}

/** Removes everything that is kept. Open connections are asked to close, so it may be gone only a moment later. */
export async function deleteOfflineDatabase(): Promise<void> {
  const request = indexedDB.deleteDatabase(NAME);
  const blocked = new Promise<void>((resolve) => {
    request.addEventListener('blocked', () => resolve());
  });
  await Promise.race([resultOf(request), blocked]);
}
