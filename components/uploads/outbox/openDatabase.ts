import type { DBSchema, IDBPDatabase } from 'idb';
import { databaseName } from '../names.ts';
import type { StoredJob } from '../queue/storedJob.ts';
import { openDB } from './idb.ts';
import type { Tombstone } from './tombstone.ts';

/** Bytes as they are kept: never a `File`, which dies in private windows when the picked file changes. */
export type HeldBytes = Blob | ArrayBuffer;

export interface UploadsSchema extends DBSchema {
  jobs: { key: string; value: StoredJob; indexes: { heldBytes: number; entityId: string } };
  /** By job. */
  bytes: { key: string; value: HeldBytes };
  tombstones: { key: string; value: Tombstone };
  /** By owner and `entityKey`. */
  bindings: { key: [owner: string, localId: string]; value: Binding };
  /** Stand in for Web Locks where there are none. */
  leases: { key: string; value: Lease };
}

/** The server's id of an entity. */
export interface Binding {
  readonly owner: string;
  /** `entityKey` of the entity. */
  readonly localId: string;
  readonly serverId: string;
  /** When it was last told, in milliseconds since the epoch. */
  readonly at: number;
}

interface Lease {
  readonly name: string;
  readonly owner: string;
  /** In milliseconds since the epoch. */
  readonly expires: number;
}

/** Of the database that this code reads. One of another version belongs to a page with another version of this package. */
export const DATABASE_VERSION = 2;

export type UploadsDatabase = IDBPDatabase<UploadsSchema>;

/**
 * Opens the database of a project.
 * @param onClosed the connection was given up for a newer version of this code in another tab, or was lost
 */
export async function openDatabase(project: string, onClosed: () => void): Promise<UploadsDatabase> {
  const database = await openDB<UploadsSchema>(databaseName(project), DATABASE_VERSION, {
    upgrade(changed, oldVersion, _, transaction) {
      if (oldVersion < 1) {
        changed.createObjectStore('jobs', { keyPath: 'jobId' }).createIndex('heldBytes', 'heldBytes');
        changed.createObjectStore('bytes');
        changed.createObjectStore('leases', { keyPath: 'name' });
      }
      // Rows and bytes of before stay as they are: their pictures belong to no entity.
      transaction.objectStore('jobs').createIndex('entityId', 'entity.id');
      changed.createObjectStore('bindings', { keyPath: ['owner', 'localId'] });
      changed.createObjectStore('tombstones', { keyPath: 'key' });
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
