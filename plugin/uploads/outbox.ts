import type { BlobWriter, WrittenBlob } from '../cache/index.ts';
import { type FileLook, MAX_RECORD_BYTES, OutboxFolder } from './outboxFolder.ts';
import type { OutboxUse } from './outboxRoom.ts';
import { surplusOf } from './surplusOf.ts';
import { isPending, parseRecord, type PendingUpload, type Picture, type UploadRecord } from './uploadRecord.ts';

/** So long it is known of an upload how it ended. */
const KEEP_DONE_MS = 7 * 24 * 60 * 60_000;
/** Of all owners together. */
const MAX_DONE = 10_000;
/** After so many that have come to their end, those that are too old or too many are removed, also where nothing is ever sent. */
const SWEEP_DONE_EVERY = 1_000;

export interface OutboxOptions {
  /** Absolute. */
  dir: string;
  now: () => number;
  warn: (message: string) => void;
}

/** What a file in `done/` says. */
interface KnownFile {
  version: string;
  record: UploadRecord | undefined;
}

/** What a file in `jobs/` says. */
interface KnownPending extends KnownFile {
  record: PendingUpload | undefined;
  /** Of a record that cannot be read: the pictures that its text names. None of them means that it may be any picture. */
  mayNeed?: readonly string[];
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
  #known = new Map<string, KnownPending>();
  #knownDone = new Map<string, KnownFile>();
  #finished = 0;

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
    const known = new Map<string, KnownPending>();
    for (const file of files) {
      const seen = this.#known.get(file.name);
      known.set(file.name, seen?.version === file.version ? seen : await this.#readPending(file));
    }
    this.#known = known;
    return Array.from(known.values(), ({ record }) => record)
      .filter((record) => record !== undefined)
      .toSorted((a, b) => a.accepted_at - b.accepted_at || (a.job_id < b.job_id ? -1 : 1));
  }

  /** Uploads of an owner that have come to their end, the newest first. */
  async done(owner: string, limit: number): Promise<UploadRecord[]> {
    const records = (await this.#allDone()).map(({ record }) => record).filter((record) => record !== undefined);
    return records.filter((record) => record.owner === owner).slice(0, limit);
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
    this.#finished += 1;
    if (this.#finished % SWEEP_DONE_EVERY === 0) await this.#sweepDone();
  }

  async hasPicture({ name, size_bytes }: Picture): Promise<boolean> {
    return (await this.folder.lookAtBody(name))?.size === size_bytes;
  }

  /** The bytes of a picture by its name; `undefined` if it is not here, or is damaged. */
  readPicture(name: string): Promise<Buffer | undefined> {
    return this.folder.readBody(name);
  }

  /** Removes a picture that the bucket has, unless an upload needs it. */
  async release(name: string): Promise<void> {
    await this.folder.releaseBody(name, () => this.#isNeeded(name));
  }

  /** Removes a picture that is not wanted, unless an upload needs it, or a record that cannot be read may be of it. */
  async drop(name: string): Promise<void> {
    await this.folder.releaseBody(name, async () => (await this.#isNeeded(name)) || this.#mayBeNeeded(name));
  }

  /** Bytes of all pictures, and the number of uploads that are not in the bucket yet. */
  async use(): Promise<OutboxUse> {
    const bodies = await this.folder.listBodies();
    return {
      bytes: bodies.reduce((sum, { size }) => sum + size, 0),
      uploads: (await this.folder.listRecords('jobs')).length,
    };
  }

  /** Removes what processes that were killed have left over, and what has been done for a week. */
  async sweep(): Promise<void> {
    const now = this.#now();
    await this.folder.sweep(now);
    // In this order: an upload writes its record before its picture.
    const bodies = await this.folder.listBodies();
    const pending = await this.pending();
    const needed = new Set(pending.map(({ picture }) => picture.name));
    for (const { name } of bodies) if (!needed.has(name)) await this.drop(name);
    for (const { job_id, accepted_at, picture } of pending) {
      // Its bytes are gone, and no browser has brought them again.
      const isAbandoned = now - accepted_at > KEEP_DONE_MS && !(await this.hasPicture(picture));
      if (isAbandoned) await this.folder.removeRecord('jobs', job_id);
    }
    await this.#sweepDone();
  }

  async #sweepDone(): Promise<void> {
    const now = this.#now();
    const done = await this.#allDone();
    const outdated = done.filter(({ modifiedAt }) => now - modifiedAt > KEEP_DONE_MS);
    const surplus = surplusOf(done, MAX_DONE);
    for (const { name } of new Set([...surplus, ...outdated])) await this.folder.removeRecord('done', jobIdOf(name));
  }

  /** What is in `done/`, the newest first. */
  async #allDone(): Promise<(Pick<FileLook, 'name' | 'modifiedAt'> & { record: UploadRecord | undefined })[]> {
    const files = await this.folder.listRecords('done');
    const known = new Map<string, KnownFile>();
    for (const file of files) {
      const seen = this.#knownDone.get(file.name);
      known.set(file.name, seen?.version === file.version ? seen : await this.#readDone(file));
    }
    this.#knownDone = known;
    const newest = files.toSorted((a, b) => b.modifiedAt - a.modifiedAt);
    return newest.map(({ name, modifiedAt }) => ({ name, modifiedAt, record: known.get(name)?.record }));
  }

  async #isNeeded(name: string): Promise<boolean> {
    return (await this.pending()).some(({ picture }) => picture.name === name);
  }

  /** By what was read last. */
  #mayBeNeeded(name: string): boolean {
    return Array.from(this.#known.values()).some(
      ({ mayNeed }) => mayNeed !== undefined && (mayNeed.length === 0 || mayNeed.includes(name)),
    );
  }

  async #readPending({ name, version, size }: FileLook): Promise<KnownPending> {
    const jobId = jobIdOf(name);
    const text = await this.folder.readRecord('jobs', jobId);
    const record = text === undefined ? undefined : parseRecord(text);
    if (record === undefined || !isPending(record)) {
      if (text === undefined && size <= MAX_RECORD_BYTES) return { version, record: undefined }; // it is gone by now
      this.#warn(
        `${name} in the outbox of uploads cannot be read: it is damaged, or of a newer version. It is left alone, and its picture is kept.`,
      );
      return { version, record: undefined, mayNeed: text?.match(PICTURE_NAMES) ?? [] };
    }
    if ((await this.folder.readRecord('done', jobId)) === undefined) return { version, record };
    // Killed between the two steps of `finish`.
    await this.folder.removeRecord('jobs', jobId);
    return { version, record: undefined };
  }

  async #readDone({ name, version }: FileLook): Promise<KnownFile> {
    const text = await this.folder.readRecord('done', jobIdOf(name));
    return { version, record: text === undefined ? undefined : parseRecord(text) };
  }
}

/** Whatever a newer version writes around them. */
const PICTURE_NAMES = /\b[0-9a-f]{32}\.[a-z0-9]{2,5}\b/g;

function jobIdOf(name: string): string {
  return name.slice(0, 32);
}
