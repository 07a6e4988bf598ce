import type { DBSchema, IDBPDatabase } from 'idb';
import type { StoredJob } from '../queue/storedJob.ts';
import { openDB } from './idb.ts';

/** Bytes as they are kept: never a `File`, which dies in private windows when the picked file changes. */
export type HeldBytes = Blob | ArrayBuffer;

export interface UploadsSchema extends DBSchema {
  jobs: { key: string; value: StoredJob; indexes: { heldBytes: number } };
  /** By job. */
  bytes: { key: string; value: HeldBytes };
  /** Stand in for Web Locks where there are none. */
  leases: { key: string; value: Lease };
}

interface Lease {
  readonly name: string;
  readonly owner: string;
  /** In milliseconds since the epoch. */
  readonly expires: number;
}

export type UploadsDatabase = IDBPDatabase<UploadsSchema>;

/**
 * Opens the database of a project. All projects on one localhost port share an origin, so its name has the project in it.
 * @param onClosed the connection was given up for a newer version of this code in another tab, or was lost
 */
export async function openDatabase(project: string, onClosed: () => void): Promise<UploadsDatabase> {
  const database = await openDB<UploadsSchema>(`image-cache-uploads:${project}`, 1, {
    upgrade(created) {
      created.createObjectStore('jobs', { keyPath: 'jobId' }).createIndex('heldBytes', 'heldBytes');
      created.createObjectStore('bytes');
      created.createObjectStore('leases', { keyPath: 'name' });
    },
    blocking() {
      database.close();
      onClosed();
    },
    // Lost: iOS ends connections of pages in the background, and browsers do when they evict an origin.
    terminated: onClosed,
  });
  return database;
}
