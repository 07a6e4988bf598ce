import type { IDBPTransaction } from 'idb';
import { type JobEvent, reduceJob } from '../queue/jobState.ts';
import type { StoredJob } from '../queue/storedJob.ts';
import { UploadError } from '../uploadError.ts';
import {
  type HeldBytes,
  openDatabase as openRealDatabase,
  type UploadsDatabase,
  type UploadsSchema,
} from './openDatabase.ts';
import { isBlobRefused, isConnectionLost, toStorageError } from './storageError.ts';

/** The browser's durable part: jobs and their bytes. Everything throws UploadErrors. */
export interface Outbox {
  jobs(): Promise<StoredJob[]>;
  /**
   * Resolves when job and bytes are durable.
   * @param maxBytes of all jobs together
   */
  add(job: StoredJob, bytes: ArrayBuffer, maxBytes: number): Promise<void>;
  /**
   * Changes a job, whatever tab has changed it before, and drops its bytes where the new state has none, all or nothing.
   * @param bytes take the place of those it has, if the event changes anything
   * @returns the job as it is now; `undefined` if there is none (any more)
   */
  apply(jobId: string, event: JobEvent, bytes?: ArrayBuffer): Promise<StoredJob | undefined>;
  /** `undefined` when they are gone, or cannot be read. */
  bytesOf(job: StoredJob): Promise<Blob | undefined>;
  /** Jobs that hold no bytes. */
  remove(jobIds: readonly string[]): Promise<void>;
  /** Takes or renews a lease. @returns whether this owner has it now */
  lease(name: string, owner: string, now: number, ms: number): Promise<boolean>;
  release(name: string, owner: string): Promise<void>;
  close(): Promise<void>;
}

type Write = IDBPTransaction<UploadsSchema, ('jobs' | 'bytes')[], 'readwrite'>;

/** @param onLost the connection was lost: what was kept may have been evicted */
export function createOutbox(project: string, onLost: () => void = () => {}, openDatabase = openRealDatabase): Outbox {
  let opened: Promise<UploadsDatabase> | undefined;
  let storesBlobs = true;

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

  /** Runs it again once, on another connection, if the one it had was lost. */
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

  /**
   * Resolves when the transaction is complete and on the disk. That a request has succeeded is not enough: a browser that was killed
   * right after it had lost the data, and that there is no room is told at the end only.
   */
  async function write<T>(work: (transaction: Write) => Promise<T>): Promise<T> {
    return run(async (database) => {
      const transaction = database.transaction(['jobs', 'bytes'], 'readwrite', { durability: 'strict' });
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

  /** With the bytes as a Blob, which stays on the disk until it is read; as they are where the browser takes no Blob. */
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

  async function applyIn(
    transaction: Write,
    jobId: string,
    event: JobEvent,
    bytes?: HeldBytes,
  ): Promise<StoredJob | undefined> {
    const jobs = transaction.objectStore('jobs');
    const held = transaction.objectStore('bytes');
    const job = await jobs.get(jobId);
    const next = job && reduceJob(job, event);
    if (!next || next === job) return next;
    // The bytes first: a Blob that is refused is refused before anything else is under way.
    const writes: Promise<unknown>[] = [];
    if (next.heldBytes === undefined) writes.push(held.delete(jobId));
    else if (bytes !== undefined) writes.push(held.put(bytes, jobId));
    await Promise.all([...writes, jobs.put(next)]);
    return next;
  }

  return {
    jobs: () => run((database) => database.getAll('jobs')),
    async add(job, bytes, maxBytes) {
      await writeBytes(bytes, async (transaction, held) => {
        const jobs = transaction.objectStore('jobs');
        const sizes = await jobs.index('heldBytes').getAll();
        const used = sizes.reduce((sum, { heldBytes = 0 }) => sum + heldBytes, 0);
        if (used + bytes.byteLength > maxBytes) throw outboxFull(maxBytes);
        // The bytes first, as above.
        await Promise.all([transaction.objectStore('bytes').put(held, job.jobId), jobs.add(job)]);
      });
    },
    async apply(jobId, event, bytes) {
      if (bytes === undefined) return write((transaction) => applyIn(transaction, jobId, event));
      return writeBytes(bytes, (transaction, held) => applyIn(transaction, jobId, event, held));
    },
    async bytesOf({ jobId, size, type }) {
      const held = await run((database) => database.get('bytes', jobId));
      if (held === undefined) return undefined;
      const blob = new Blob([held], { type });
      if (blob.size !== size) return undefined;
      // The file behind a Blob may be gone although the Blob is there.
      return blob
        .slice(0, 1)
        .arrayBuffer()
        .then(
          () => blob,
          () => undefined,
        );
    },
    async remove(jobIds) {
      await write(async (transaction) => {
        const jobs = transaction.objectStore('jobs');
        await Promise.all(jobIds.map((jobId) => jobs.delete(jobId)));
      });
    },
    lease: (name, owner, now, ms) =>
      run(async (database) => {
        const transaction = database.transaction('leases', 'readwrite');
        const lease = await transaction.store.get(name);
        // One that ends later than any lease can was taken before the clock was set back.
        const isFree = !lease || lease.owner === owner || lease.expires <= now || lease.expires > now + 2 * ms;
        if (isFree) await transaction.store.put({ name, owner, expires: now + ms });
        await transaction.done;
        return isFree;
      }),
    release: (name, owner) =>
      run(async (database) => {
        const transaction = database.transaction('leases', 'readwrite');
        const lease = await transaction.store.get(name);
        if (lease?.owner === owner) await transaction.store.delete(name);
        await transaction.done;
      }),
    async close() {
      const database = await opened?.catch(() => undefined);
      opened = undefined;
      database?.close();
    },
  };
}

function outboxFull(maxBytes: number): UploadError {
  return new UploadError({
    code: 'OUTBOX_FULL',
    message: `There are pictures of ${Math.round(maxBytes / 1e6)} MB waiting already.`,
    hint: 'Wait until some are uploaded, or cancel some. The limit is `limits.maxOutboxSize`.',
  });
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
