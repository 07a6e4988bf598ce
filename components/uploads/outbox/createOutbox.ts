import { type JobEvent, reduceJob } from '../queue/jobState.ts';
import type { StoredJob } from '../queue/storedJob.ts';
import { UploadError } from '../uploadError.ts';
import { applyIn } from './applyIn.ts';
import { bindIn, bindingOf, type BindingWish } from './bindIn.ts';
import { createConnection, type Write } from './createConnection.ts';
import { type HeldBytes, openDatabase as openRealDatabase } from './openDatabase.ts';
import { removeIn, type Wish } from './removeIn.ts';
import { othersIn, takeBackIn } from './takeBackIn.ts';
import type { Tombstone } from './tombstone.ts';

/** The browser's durable part: jobs and their bytes. Everything throws UploadErrors. */
export interface Outbox {
  jobs(): Promise<StoredJob[]>;
  /**
   * Resolves when job and bytes are durable.
   * @param bytes `undefined` for one that has none
   * @param maxBytes of all jobs together
   * @returns the job as it was kept: with the server's id of its entity, if that is known. In the place of one that is `prepared` already, another one
   * that gives the same picture to the same entity, if there is one
   */
  add(job: StoredJob, bytes: ArrayBuffer | undefined, maxBytes: number): Promise<StoredJob>;
  /**
   * Changes a job, whatever tab has changed it before, and drops its bytes when it is stored or canceled, all or nothing.
   * @param bytes take the place of those it has, if the event changes anything
   * @returns the job as it is now; `undefined` if there is none (any more)
   */
  apply(jobId: string, event: JobEvent, bytes?: ArrayBuffer): Promise<StoredJob | undefined>;
  /** `undefined` when they are gone. @throws UploadError BYTES_UNREADABLE when they cannot be read at the moment */
  bytesOf(job: StoredJob): Promise<Blob | undefined>;
  /** Keeps rows without bytes, of jobs that are not known. @returns those that were kept */
  restore(jobs: readonly StoredJob[]): Promise<StoredJob[]>;
  /** Jobs that hold no bytes. */
  remove(jobIds: readonly string[]): Promise<void>;
  /** @returns the jobs that it has changed */
  bind(wish: BindingWish): Promise<StoredJob[]>;
  /** @returns the jobs that it has changed */
  removePictures(wish: Wish): Promise<StoredJob[]>;
  /** What the other side is still to be told. */
  tombstones(owner: string): Promise<Tombstone[]>;
  /** Those that were told, unless the same was wished again meanwhile. */
  forgetTombstones(told: readonly Tombstone[]): Promise<void>;
  /** Those of all owners that were told before a time. */
  forgetBindings(before: number): Promise<void>;
  /** Takes or renews a lease. @returns whether this owner has it now */
  lease(name: string, owner: string, now: number, ms: number): Promise<boolean>;
  release(name: string, owner: string): Promise<void>;
  close(): Promise<void>;
}

/** @param onLost the connection was lost: what was kept may have been evicted */
export function createOutbox(project: string, onLost: () => void = () => {}, openDatabase = openRealDatabase): Outbox {
  const { run, write, writeBytes, close } = createConnection(project, onLost, openDatabase);

  return {
    jobs: () => run((database) => database.getAll('jobs')),
    async add(job, bytes, maxBytes) {
      async function addIn(transaction: Write, held?: HeldBytes): Promise<StoredJob> {
        const jobs = transaction.objectStore('jobs');
        const sizes = await jobs.index('heldBytes').getAll();
        const used = sizes.reduce((sum, { heldBytes = 0 }) => sum + heldBytes, 0);
        if (held && used + job.size > maxBytes) throw outboxFull(maxBytes);
        // The entity has it already: what this tab knows may be a moment old.
        const [known] = job.state === 'prepared' ? await othersIn(transaction, job) : [];
        if (known) return known;
        const { owner, entity } = job;
        const binding = entity && (await bindingOf(transaction, owner, entity));
        const bound = binding ? reduceJob(job, { type: 'bound', serverId: binding.serverId }) : job;
        const kept = job.state === 'prepared' ? await takeBackIn(transaction, bound) : bound;
        // The bytes first, as above.
        const writes: Promise<unknown>[] = held ? [transaction.objectStore('bytes').put(held, job.jobId)] : [];
        await Promise.all([...writes, jobs.add(kept)]);
        return kept;
      }
      return bytes ? writeBytes(bytes, addIn) : write(addIn);
    },
    async apply(jobId, event, bytes) {
      const durability = REPEATABLE.has(event.type) ? 'relaxed' : 'strict';
      if (bytes === undefined) return write((transaction) => applyIn(transaction, jobId, event), durability);
      return writeBytes(bytes, (transaction, held) => applyIn(transaction, jobId, event, held));
    },
    async bytesOf({ jobId, size, type }) {
      const held = await run((database) => database.get('bytes', jobId));
      if (held === undefined) return undefined;
      const blob = new Blob([held], { type });
      if (blob.size !== size) return undefined;
      // The file behind a Blob may be locked, or gone, although the Blob is there.
      const read = blob.slice(0, 1).arrayBuffer();
      await read.catch((cause: unknown) => {
        throw unreadable(cause);
      });
      return blob;
    },
    restore: (rows) =>
      write(async (transaction) => {
        const jobs = transaction.objectStore('jobs');
        const known = new Set(await jobs.getAllKeys());
        const unknown = rows.filter(({ jobId }) => !known.has(jobId));
        await Promise.all(unknown.map((row) => jobs.add(row)));
        return unknown;
      }),
    async remove(jobIds) {
      await write(async (transaction) => {
        const jobs = transaction.objectStore('jobs');
        await Promise.all(jobIds.map((jobId) => jobs.delete(jobId)));
      });
    },
    bind: (wish) => write((transaction) => bindIn(transaction, wish)),
    removePictures: (wish) => write((transaction) => removeIn(transaction, wish)),
    async tombstones(owner) {
      const all = await run((database) => database.getAll('tombstones'));
      return all.filter((tombstone) => tombstone.owner === owner);
    },
    async forgetTombstones(told) {
      await write(async (transaction) => {
        const tombstones = transaction.objectStore('tombstones');
        const now = await Promise.all(told.map(({ key }) => tombstones.get(key)));
        const same = told.filter(({ id }, index) => now[index]?.id === id);
        await Promise.all(same.map(({ key }) => tombstones.delete(key)));
      });
    },
    async forgetBindings(before) {
      await write(async (transaction) => {
        const bindings = transaction.objectStore('bindings');
        const old = (await bindings.getAll()).filter(({ at }) => at < before);
        await Promise.all(old.map(({ owner, localId }) => bindings.delete([owner, localId])));
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
    close,
  };
}

/** If a power cut takes one of these, what comes before it is still true, and it happens once more. A write to the disk takes its time. */
const REPEATABLE: ReadonlySet<JobEvent['type']> = new Set(['preparing', 'prepared', 'delayed', 'charged', 'accepted']);

/** An antivirus that holds a file, or a disk that does not answer, is no reason to give up a picture. */
function unreadable(cause: unknown): UploadError {
  return new UploadError({
    code: 'BYTES_UNREADABLE',
    message: 'The browser cannot read this picture at the moment.',
    hint: 'It is tried again by itself. If it lasts, restart the browser; nothing is removed meanwhile.',
    cause,
  });
}

function outboxFull(maxBytes: number): UploadError {
  return new UploadError({
    code: 'OUTBOX_FULL',
    message: `There are pictures of ${Math.round(maxBytes / 1e6)} MB waiting already.`,
    hint: 'Wait until some are uploaded, or cancel some. The limit is `limits.maxOutboxSize`.',
  });
}
