import { type JobEvent, reduceJob } from '../queue/jobState.ts';
import type { StoredJob } from '../queue/storedJob.ts';
import { UploadError } from '../uploadError.ts';
import { createConnection, type Write } from './createConnection.ts';
import { type Binding, type HeldBytes, openDatabase as openRealDatabase } from './openDatabase.ts';

/** The browser's durable part: jobs and their bytes. Everything throws UploadErrors. */
export interface Outbox {
  jobs(): Promise<StoredJob[]>;
  /**
   * Resolves when job and bytes are durable.
   * @param maxBytes of all jobs together
   * @returns the job as it was kept: with the server's id of its entity, if that is known
   */
  add(job: StoredJob, bytes: ArrayBuffer, maxBytes: number): Promise<StoredJob>;
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
  bind(binding: Binding): Promise<StoredJob[]>;
  /** Takes or renews a lease. @returns whether this owner has it now */
  lease(name: string, owner: string, now: number, ms: number): Promise<boolean>;
  release(name: string, owner: string): Promise<void>;
  close(): Promise<void>;
}

/** @param onLost the connection was lost: what was kept may have been evicted */
export function createOutbox(project: string, onLost: () => void = () => {}, openDatabase = openRealDatabase): Outbox {
  const { run, write, writeBytes, close } = createConnection(project, onLost, openDatabase);

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
    if (next.state === 'stored' || next.state === 'canceled') writes.push(held.delete(jobId));
    else if (bytes !== undefined) writes.push(held.put(bytes, jobId));
    await Promise.all([...writes, jobs.put(next)]);
    return next;
  }

  return {
    jobs: () => run((database) => database.getAll('jobs')),
    async add(job, bytes, maxBytes) {
      return writeBytes(bytes, async (transaction, held) => {
        const jobs = transaction.objectStore('jobs');
        const sizes = await jobs.index('heldBytes').getAll();
        const used = sizes.reduce((sum, { heldBytes = 0 }) => sum + heldBytes, 0);
        if (used + bytes.byteLength > maxBytes) throw outboxFull(maxBytes);
        const { owner, entity } = job;
        const binding = entity && (await transaction.objectStore('bindings').get([owner, entity.id]));
        const kept = binding ? reduceJob(job, { type: 'bound', serverId: binding.serverId }) : job;
        // The bytes first, as above.
        await Promise.all([transaction.objectStore('bytes').put(held, job.jobId), jobs.add(kept)]);
        return kept;
      });
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
    bind: (binding) =>
      write(async (transaction) => {
        const { owner, localId, serverId } = binding;
        const bindings = transaction.objectStore('bindings');
        const known = await bindings.get([owner, localId]);
        if (known && known.serverId !== serverId) throw boundAlready();
        const jobs = await transaction.objectStore('jobs').index('entityId').getAll(localId);
        const own = jobs.filter((job) => job.owner === owner && job.entity?.serverId === undefined);
        const [bound] = await Promise.all([
          Promise.all(own.map(({ jobId }) => applyIn(transaction, jobId, { type: 'bound', serverId }))),
          bindings.put(binding),
        ]);
        return bound.flatMap((job) => job ?? []);
      }),
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

function boundAlready(): UploadError {
  return new UploadError({
    code: 'ENTITY_BOUND',
    message: 'This entity has another server id already.',
    hint: 'An id of the browser’s own stands for one entity for good. Give each new entity an id of its own.',
  });
}

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
