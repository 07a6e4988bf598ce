import type { BlobWriter, WrittenBlob } from '../cache/index.ts';
import { OutboxFolder, type FileLook } from './outboxFolder.ts';
import { isPending, parseRecord, type PendingUpload, type Picture, type UploadRecord } from './uploadRecord.ts';

/** So long it is known of an upload how it ended. */
const KEEP_DONE_MS = 7 * 24 * 60 * 60_000;
const MAX_DONE = 10_000;

export interface OutboxOptions {
  /** Absolute. */
  dir: string;
  now: () => number;
  warn: (message: string) => void;
}

/**
 * The uploads that a server has taken, on its disk: a record for each, and each picture once. Several processes may share it. A record is
 * in `jobs/` until its picture is in the bucket, and in `done/` for a week after that; where it is in both, it is done.
 */
export class Outbox {
  readonly folder: OutboxFolder;
  readonly #now: () => number;
  readonly #warn: (message: string) => void;
  /** Records as they were read last, by their file. */
  #known = new Map<string, { version: string; record: PendingUpload | undefined }>();

  constructor({ dir, now, warn }: OutboxOptions) {
    this.folder = new OutboxFolder(dir);
    this.#now = now;
    this.#warn = warn;
  }

  /** A file for the bytes of an upload. @throws ImageCacheError CACHE_DIR_UNSAFE, and errors of the file system */
  async createWriter(): Promise<BlobWriter> {
    await this.folder.prepare();
    return this.folder.createWriter();
  }

  /** What is known of an upload. */
  async find(jobId: string): Promise<UploadRecord | undefined> {
    // In this order: a record is written in the second folder before it is removed from the first.
    const pending = await this.folder.readRecord('jobs', jobId);
    const done = await this.folder.readRecord('done', jobId);
    const text = done ?? pending;
    return text === undefined ? undefined : parseRecord(text);
  }

  /** All uploads whose pictures are not in the bucket yet, the oldest first. */
  async pending(): Promise<PendingUpload[]> {
    const files = await this.folder.listRecords('jobs');
    const known = new Map<string, { version: string; record: PendingUpload | undefined }>();
    for (const file of files) {
      const seen = this.#known.get(file.name);
      known.set(file.name, seen?.version === file.version ? seen : await this.#readPending(file));
    }
    this.#known = known;
    return Array.from(known.values(), ({ record }) => record)
      .filter((record) => record !== undefined)
      .toSorted((a, b) => a.accepted_at - b.accepted_at || (a.job_id < b.job_id ? -1 : 1));
  }

  /** Uploads that have come to their end, the newest first. */
  async done(limit: number): Promise<UploadRecord[]> {
    const files = await this.folder.listRecords('done');
    const newest = files.toSorted((a, b) => b.modifiedAt - a.modifiedAt).slice(0, limit);
    const texts = await Promise.all(newest.map(({ name }) => this.folder.readRecord('done', jobIdOf(name))));
    return texts.map((text) => (text === undefined ? undefined : parseRecord(text))).filter((it) => it !== undefined);
  }

  /** Takes an upload: the record, and then the picture. It survives the end of the process, and a power cut, when this resolves. */
  async accept(record: PendingUpload, blob: WrittenBlob): Promise<void> {
    await this.update(record);
    await this.folder.putBody(record.picture.name, blob);
  }

  async update(record: PendingUpload): Promise<void> {
    await this.folder.writeRecord('jobs', record.job_id, JSON.stringify(record));
  }

  /** Brings an upload to its end. The picture stays until it is released. */
  async finish(record: UploadRecord): Promise<void> {
    await this.folder.prepare();
    await this.folder.writeRecord('done', record.job_id, JSON.stringify(record));
    await this.folder.removeRecord('jobs', record.job_id);
  }

  async hasPicture({ name, size_bytes }: Picture): Promise<boolean> {
    return (await this.folder.lookAtBody(name))?.size === size_bytes;
  }

  /** The bytes of a picture by its name; `undefined` if it is not here, or is damaged. */
  readPicture(name: string): Promise<Buffer | undefined> {
    return this.folder.readBody(name);
  }

  /** Removes a picture unless an upload still needs it. */
  async release(name: string): Promise<void> {
    await this.folder.releaseBody(name, async () =>
      (await this.pending()).some(({ picture }) => picture.name === name),
    );
  }

  /** Bytes of all pictures. */
  async bytes(): Promise<number> {
    const bodies = await this.folder.listBodies();
    return bodies.reduce((sum, { size }) => sum + size, 0);
  }

  /** Removes what processes that were killed have left over, and what has been done for a week. */
  async sweep(): Promise<void> {
    const now = this.#now();
    await this.folder.sweep(now);
    // In this order: an upload writes its record before its picture.
    const bodies = await this.folder.listBodies();
    const pending = await this.pending();
    const needed = new Set(pending.map(({ picture }) => picture.name));
    for (const { name } of bodies) if (!needed.has(name)) await this.release(name);
    for (const { job_id, accepted_at, picture } of pending) {
      // Its bytes are gone, and no browser has brought them again.
      const isAbandoned = now - accepted_at > KEEP_DONE_MS && !(await this.hasPicture(picture));
      if (isAbandoned) await this.folder.removeRecord('jobs', job_id);
    }

    const done = await this.folder.listRecords('done');
    const oldestFirst = done.toSorted((a, b) => a.modifiedAt - b.modifiedAt);
    const surplus = oldestFirst.slice(0, Math.max(0, done.length - MAX_DONE));
    const outdated = oldestFirst.filter(({ modifiedAt }) => now - modifiedAt > KEEP_DONE_MS);
    for (const { name } of new Set([...surplus, ...outdated])) await this.folder.removeRecord('done', jobIdOf(name));
  }

  async #readPending({ name, version }: FileLook): Promise<{ version: string; record: PendingUpload | undefined }> {
    const jobId = jobIdOf(name);
    const text = await this.folder.readRecord('jobs', jobId);
    const record = text === undefined ? undefined : parseRecord(text);
    if (record === undefined || !isPending(record)) {
      if (text !== undefined) this.#warn(`${name} in the outbox of uploads is damaged, and is left alone.`);
      return { version, record: undefined };
    }
    if ((await this.folder.readRecord('done', jobId)) === undefined) return { version, record };
    // Killed between the two steps of `finish`.
    await this.folder.removeRecord('jobs', jobId);
    return { version, record: undefined };
  }
}

function jobIdOf(name: string): string {
  return name.slice(0, 32);
}
