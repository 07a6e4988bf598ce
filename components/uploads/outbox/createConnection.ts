import type { IDBPTransaction } from 'idb';
import { UploadError } from '../uploadError.ts';
import {
  type HeldBytes,
  openDatabase as openRealDatabase,
  type UploadsDatabase,
  type UploadsSchema,
} from './openDatabase.ts';
import { isBlobRefused, isConnectionLost, toStorageError } from './storageError.ts';

const STORES = ['jobs', 'bytes', 'bindings', 'tombstones'] as const;

export type Write = IDBPTransaction<UploadsSchema, (typeof STORES)[number][], 'readwrite'>;

/** The connection to the browser's database, which is opened when it is needed. Everything throws UploadErrors. */
export interface Connection {
  /** Runs it again once, on another connection, if the one it had was lost. */
  run<T>(work: (database: UploadsDatabase) => Promise<T>): Promise<T>;
  /**
   * Resolves when the transaction is complete and on the disk. That a request has succeeded is not enough: a browser that was killed
   * right after it had lost the data, and that there is no room is told at the end only.
   * @param durability `relaxed`: survives a kill of the browser, but may be lost with the power @default 'strict'
   */
  write<T>(work: (transaction: Write) => Promise<T>, durability?: IDBTransactionDurability): Promise<T>;
  /** With the bytes as a Blob, which stays on the disk until it is read; as they are where the browser takes no Blob. */
  writeBytes<T>(bytes: ArrayBuffer, work: (transaction: Write, held: HeldBytes) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** @param onLost the connection was lost: what was kept may have been evicted */
export function createConnection(
  project: string,
  onLost: () => void,
  openDatabase: typeof openRealDatabase,
): Connection {
  let opened: Promise<UploadsDatabase> | undefined;
  let storesBlobs = isBlobCloned();

  async function connect(): Promise<UploadsDatabase> {
    const opening: Promise<UploadsDatabase> = (opened ??= openDatabase(project, () => {
      opened = undefined;
      onLost();
    }));
    return opening.catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
  }

  async function run<T>(work: (database: UploadsDatabase) => Promise<T>): Promise<T> {
    try {
      return await work(await connect()).catch(async (error: unknown) => {
        if (!isConnectionLost(error)) throw error;
        opened = undefined;
        return work(await connect());
      });
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async function write<T>(
    work: (transaction: Write) => Promise<T>,
    durability: IDBTransactionDurability = 'strict',
  ): Promise<T> {
    return run(async (database) => {
      const transaction = database.transaction(STORES, 'readwrite', { durability });
      const working = work(transaction).catch((error: unknown) => {
        if (!isAborted(error)) abort(transaction);
        throw error;
      });
      const [outcome, done] = await Promise.allSettled([working, transaction.done]);
      if (outcome.status === 'rejected' && !isAborted(outcome.reason)) throw outcome.reason;
      if (done.status === 'rejected') throw done.reason;
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
  }

  async function writeBytes<T>(
    bytes: ArrayBuffer,
    work: (transaction: Write, held: HeldBytes) => Promise<T>,
  ): Promise<T> {
    if (!storesBlobs) return write((transaction) => work(transaction, bytes));
    try {
      return await write((transaction) => work(transaction, new Blob([bytes])));
    } catch (error) {
      if (!(error instanceof UploadError) || !isBlobRefused(error.cause)) throw error;
      storesBlobs = false;
      return write((transaction) => work(transaction, bytes));
    }
  }

  return {
    run,
    write,
    writeBytes,
    async close() {
      const database = await opened?.catch(() => undefined);
      opened = undefined;
      database?.close();
    },
  };
}

/**
 * What is stored is a structured clone. In jsdom and happy-dom, with `fake-indexeddb`, that of a Blob is an empty object, and no error: the clone
 * is Node's, the Blob is not.
 */
function isBlobCloned(): boolean {
  try {
    return structuredClone(new Blob([])) instanceof Blob;
  } catch {
    return true; // an older browser, which has no such function and stores Blobs; one that refuses them says so
  }
}

/** A request that was under way when its transaction ended says no more than that: the transaction knows why. */
function isAborted(error: unknown): boolean {
  return error instanceof Error || error instanceof DOMException ? error.name === 'AbortError' : false;
}

function abort(transaction: Write): void {
  try {
    transaction.abort();
  } catch {
    // It has ended by itself.
  }
}
