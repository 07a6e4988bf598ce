import { createOfflineStore, type OfflineStore } from './offlineStore.ts';

/** What the browser keeps for offline pages. */
export interface OfflineEstimate {
  /** Pictures, each variant for itself. */
  images: number;
  bytes: number;
  /** What all data of this origin may take in bytes, and what it takes, as far as the browser says so. */
  quota: number | undefined;
  usage: number | undefined;
  /** Whether the browser has promised to keep the data of this origin when room is needed. `navigator.storage.persist()` asks for that. */
  isPersistent: boolean;
}

/**
 * Removes all pictures that the service worker keeps. Call it when a user logs out, from the page or from a worker, with or without a network. What is
 * being downloaded at the moment is not kept either.
 * @throws DOMException when the browser does not let us remove them
 * @example
 * async function logOut() {
 *   await clearOfflineImages();
 *   location.assign('/goodbye');
 * }
 */
export async function clearOfflineImages(): Promise<void> {
  async function clear(store: OfflineStore): Promise<void> {
    await store.remove(() => true);
    await store.setUser(undefined);
  }
  await useStore(false, clear).catch((error: unknown) => {
    // There is no database, since nothing was ever kept.
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
  });
}

/**
 * Says who is logged in, so that the worker keeps this user's private pictures: those with signed URLs, and those that a server calls `private`. The pictures
 * of all other users are removed. It holds until it is called again, also for the next start of the browser. The worker's option `partition` goes before it.
 * @param userId any text that names the user; `undefined` when nobody is logged in
 * @throws DOMException when there is no storage: then nothing is kept anyway
 * @example await setOfflineUser(user.id);
 */
export async function setOfflineUser(userId: string | undefined): Promise<void> {
  await useStore(true, (store) => store.setUser(userId === '' ? undefined : userId));
}

/**
 * Tells how many pictures the browser keeps for offline pages, and how much room there is. Never rejects: without storage, nothing is kept.
 * @example const { images, bytes } = await estimateOffline();
 */
export async function estimateOffline(): Promise<OfflineEstimate> {
  const kept = await useStore(false, (store) => store.list()).catch(() => []);
  // Absent on pages without https.
  const storage: StorageManager | undefined = navigator.storage;
  const [estimate, isPersistent] = await Promise.all([
    storage?.estimate().catch(() => undefined),
    storage?.persisted().catch(() => false),
  ]);
  return {
    images: kept.length,
    bytes: kept.reduce((sum, { size }) => sum + size, 0),
    quota: estimate?.quota,
    usage: estimate?.usage,
    isPersistent: isPersistent ?? false,
  };
}

async function useStore<T>(create: boolean, work: (store: OfflineStore) => Promise<T>): Promise<T> {
  const store = createOfflineStore(create);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
