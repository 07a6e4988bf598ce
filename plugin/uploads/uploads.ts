import { createMutex, type Inspector } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { DEFAULT_BASE, type ItemError } from '../protocol.ts';
import type { UploadCancelAnswer, UploadStatus, UploadsAnswer } from '../uploadProtocol.ts';
import type { UploadsClock } from './clock.ts';
import { Drainer } from './drainer.ts';
import type { Outbox } from './outbox.ts';
import { outboxError } from './outboxError.ts';
import { OutboxRoom } from './outboxRoom.ts';
import { keyOf } from './pictureName.ts';
import { empty, receivePicture, tooLarge } from './receivePicture.ts';
import type { UploadBucket } from './uploadBucket.ts';
import { isPending, type PendingUpload, type UploadRecord } from './uploadRecord.ts';

/** In one listing. */
const MAX_LISTED = 1_000;
/** How often is looked for what another process has done. */
const LOOK_MS = 500;

/** What the uploads ask of the cache. */
export interface UploadsCache {
  /** Caches a picture whose bytes are in the outbox. Never rejects. */
  take(pictureName: string, filename: string | undefined): Promise<void>;
  /** Lets the cache know under which ETag the bucket has a picture. Never rejects. */
  stored(pictureName: string, filename: string | undefined, etag: string): Promise<void>;
  /** Resolves when no page waits for images. */
  yieldToImages(signal: AbortSignal): Promise<void>;
}

interface UploadsLogger {
  info(message: string): void;
  warn(message: string): void;
}

export interface UploadsOptions {
  outbox: Outbox;
  bucket: UploadBucket;
  cache: UploadsCache;
  inspect: Inspector;
  prefix: string;
  maxFileSize: number;
  maxOutboxSize: number;
  clock: UploadsClock;
  logger: UploadsLogger;
}

/** A picture that a client sends. */
export interface IncomingUpload {
  jobId: string;
  owner: string;
  /** Of the bytes, as the client says; hex. */
  sha256: string;
  filename: string | undefined;
  /** Bytes, if the client has said so. */
  size: number | undefined;
  body: AsyncIterable<Uint8Array>;
}

type Listener = (status: UploadStatus) => void;

/** The uploads of a server: takes pictures, keeps them on disk until the bucket has them, and says where they are. */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #exclusively = createMutex();
  readonly #room: OutboxRoom;
  readonly #drainer: Drainer;
  readonly #listeners = new Set<Listener>();

  constructor(options: UploadsOptions) {
    this.#options = options;
    const { outbox, bucket, clock, cache, logger } = options;
    this.#room = new OutboxRoom({ maxBytes: options.maxOutboxSize, useOfDisk: () => outbox.use() });
    this.#drainer = new Drainer({
      outbox,
      bucket,
      clock,
      keyOf: (name) => keyOf(options.prefix, name),
      exclusively: this.#exclusively,
      yieldToImages: (signal) => cache.yieldToImages(signal),
      changed: (record) => this.#changed(record),
      stored: (record, etag) => this.#stored(record, etag),
      warn: (message) => logger.warn(message),
    });
  }

  /** Sends what is left from earlier. Makes no file, and looks at none before the next turn. */
  start(): void {
    this.#drainer.wake();
  }

  /** The canonical URL of a picture by its name. */
  urlOf(pictureName: string): string {
    return this.#options.bucket.urlOf(keyOf(this.#options.prefix, pictureName));
  }

  /**
   * Takes a picture. When this resolves, its bytes are on disk, and survive the end of this process and a power cut; or the upload was known
   * already, and then nothing was read.
   * @throws ImageCacheError UPLOAD_CONFLICT, UPLOAD_DIGEST, UPLOAD_EMPTY, UPLOAD_NOT_AN_IMAGE, UPLOAD_TOO_LARGE, ID_CONFLICT, OUTBOX_FULL,
   * OUTBOX_DISK_FULL
   */
  accept(upload: IncomingUpload): Promise<UploadStatus> {
    return inWords(() => this.#accept(upload));
  }

  async #accept(upload: IncomingUpload): Promise<UploadStatus> {
    const { outbox, inspect, maxFileSize, cache, logger } = this.#options;
    const known = await this.#known(upload);
    if (known !== undefined) {
      this.#drainer.wake();
      return this.#statusOf(known);
    }
    if (upload.size === 0) throw empty();
    if (upload.size !== undefined && upload.size > maxFileSize) throw tooLarge(maxFileSize);
    const room = await this.#room.admit(upload.size);
    const receiving = { outbox, inspect, maxBytes: maxFileSize, room, sha256: upload.sha256 };
    try {
      const accepted = await receivePicture(upload.body, receiving, ({ picture, blob }) =>
        this.#exclusively(async () => {
          // The client may have sent it twice at once, or canceled it meanwhile.
          const before = await this.#known(upload);
          if (before !== undefined) return before;
          await this.#ensureOwnId(picture.name, picture.sha256);
          const record = this.#newRecord(upload, picture);
          await outbox.accept(record, blob);
          return record;
        }),
      );
      if (!isPending(accepted)) return await this.#statusOf(accepted);
      const { name, size_bytes } = accepted.picture;
      logger.info(
        `Upload accepted: ${nameOf(accepted)}, ${size_bytes} bytes, to be ${keyOf(this.#options.prefix, name)}`,
      );
      this.#drainer.wake();
      await cache.take(name, upload.filename);
      return await this.#statusOf(accepted);
    } finally {
      room.release();
    }
  }

  /** Waits until an upload has been sent, or cannot be, but no longer than that. */
  async settled(jobId: string, waitMs: number, signal: AbortSignal): Promise<UploadStatus> {
    const { outbox, clock } = this.#options;
    const until = clock.now() + waitMs;
    for (;;) {
      const record = await outbox.find(jobId);
      if (record === undefined) return { job_id: jobId, state: 'needed' };
      const left = until - clock.now();
      // After a failure it may take long.
      const isWaiting = record.state === 'accepted' && record.error === undefined;
      if (!isWaiting || left <= 0 || signal.aborted) return this.#statusOf(record);
      await this.#changeOf(jobId, Math.min(left, LOOK_MS), signal);
    }
  }

  /** The states of uploads, in their order. Those of others are as unknown as those that never were. */
  async check(owner: string, jobs: readonly { job_id: string; sha256: string }[]): Promise<UploadStatus[]> {
    return Promise.all(
      jobs.map(async ({ job_id, sha256 }): Promise<UploadStatus> => {
        const record = await this.#options.outbox.find(job_id);
        const isTheirs = record?.owner === owner && (record.picture === undefined || record.picture.sha256 === sha256);
        return isTheirs ? this.#statusOf(record) : { job_id, state: 'needed' };
      }),
    );
  }

  /** The uploads of an owner, the newest first. */
  async list(owner: string): Promise<UploadsAnswer> {
    const { outbox } = this.#options;
    const records = [...(await outbox.pending()).toReversed(), ...(await outbox.done(owner, MAX_LISTED))];
    const own = records.filter((record) => record.owner === owner && record.picture !== undefined);
    const newest = own.toSorted((a, b) => b.accepted_at - a.accepted_at).slice(0, MAX_LISTED);
    const { blocked = blockedIn(newest), paused } = this.#drainer;
    return {
      jobs: await Promise.all(newest.map((record) => this.#statusOf(record))),
      ...(blocked !== undefined && { blocked }),
      ...(paused !== undefined && { paused }),
    };
  }

  /** Tries an upload anew, as if it had never been refused. @throws ImageCacheError UPLOAD_UNKNOWN */
  async retry(owner: string, jobId: string): Promise<UploadStatus> {
    const { outbox } = this.#options;
    const record = await this.#changing(async () => {
      const found = await this.#own(owner, jobId);
      if (!isPending(found)) return found;
      const { error: _, next_attempt_at: __, ...rest } = found;
      const fresh: PendingUpload = { ...rest, state: 'accepted', attempts: 0 };
      await outbox.update(fresh);
      return fresh;
    });
    this.#changed(record);
    this.#drainer.retryNow();
    return this.#statusOf(record);
  }

  /** Gives an upload up, also one that has not come yet. What is in the bucket stays there. */
  async cancel(owner: string, jobId: string): Promise<UploadCancelAnswer> {
    const { outbox, clock } = this.#options;
    const record = await this.#changing(async () => {
      const found = await outbox.find(jobId);
      const isTheirs = found?.owner === owner;
      if (isTheirs && !isPending(found)) return found;
      if (found !== undefined && !isTheirs) throw unknown();
      const now = clock.now();
      const canceled: UploadRecord = {
        ...(found ?? { job_id: jobId, owner, attempts: 0, accepted_at: now }),
        state: 'canceled',
        finished_at: now,
      };
      await outbox.finish(canceled);
      return canceled;
    });
    if (record.state === 'stored') return { job_id: jobId, state: 'stored' };
    await this.#drainer.abort(jobId);
    if (record.picture !== undefined) await outbox.drop(record.picture.name);
    this.#changed(record);
    return { job_id: jobId, state: 'canceled' };
  }

  /** How many uploads are not in the bucket yet. */
  async pendingCount(): Promise<number> {
    return (await this.#options.outbox.pending()).length;
  }

  /** Calls the listener with each upload that comes further in this process. Returns a function that removes it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops sending. What is not in the bucket is sent after the next start. */
  async close(): Promise<void> {
    await this.#drainer.close();
    this.#options.bucket.close();
  }

  #changing(change: () => Promise<UploadRecord>): Promise<UploadRecord> {
    return inWords(() => this.#exclusively(change));
  }

  /** The upload if it needs no bytes. @throws ImageCacheError UPLOAD_CONFLICT */
  async #known({ jobId, owner, sha256 }: IncomingUpload): Promise<UploadRecord | undefined> {
    const record = await this.#options.outbox.find(jobId);
    if (record === undefined) return undefined;
    if (record.owner !== owner || (record.picture !== undefined && record.picture.sha256 !== sha256)) {
      throw new ImageCacheError('UPLOAD_CONFLICT', 'There is another upload of this id, with other bytes.', {
        hint: 'Give each upload an id of its own: 48 bits of the time and 80 random ones.',
      });
    }
    if (!isPending(record)) return record;
    return (await this.#options.outbox.hasPicture(record.picture)) ? record : undefined;
  }

  /** An id is half a digest, so that two pictures can be made that share one. @throws ImageCacheError ID_CONFLICT */
  async #ensureOwnId(name: string, sha256: string): Promise<void> {
    const others = (await this.#options.outbox.pending()).filter(({ picture }) => picture.name === name);
    if (others.every(({ picture }) => picture.sha256 === sha256)) return;
    throw new ImageCacheError('ID_CONFLICT', 'Another picture with other bytes has the id of this one.', {
      hint: 'That does not happen by chance: one of the two was made so.',
    });
  }

  #newRecord({ jobId, owner, filename }: IncomingUpload, picture: PendingUpload['picture']): PendingUpload {
    const accepted_at = this.#options.clock.now();
    return {
      job_id: jobId,
      owner,
      state: 'accepted',
      picture,
      ...(filename !== undefined && { filename }),
      attempts: 0,
      accepted_at,
    };
  }

  /** @throws ImageCacheError UPLOAD_UNKNOWN */
  async #own(owner: string, jobId: string): Promise<UploadRecord> {
    const record = await this.#options.outbox.find(jobId);
    if (record?.owner === owner) return record;
    throw unknown();
  }

  async #stored({ picture, filename, ...record }: PendingUpload, etag: string): Promise<void> {
    const { cache, logger } = this.#options;
    logger.info(
      `Upload stored: ${nameOf({ ...record, picture, filename })} as ${keyOf(this.#options.prefix, picture.name)}`,
    );
    await cache.stored(picture.name, filename, etag);
  }

  #changed(record: UploadRecord): void {
    const { error } = record;
    if (error !== undefined && (record.state === 'failed' || record.state === 'blocked')) {
      this.#options.logger.warn(
        `Upload ${record.state}: ${nameOf(record)}: ${error.code} ${error.detail} ${error.hint ?? ''}`.trimEnd(),
      );
    }
    this.#statusOf(record).then(
      (status) => {
        for (const listener of this.#listeners) listener(status);
      },
      // The disk cannot be read at the moment, which the drainer says. Browsers ask again by themselves.
      () => undefined,
    );
  }

  async #statusOf(record: UploadRecord): Promise<UploadStatus> {
    const { outbox } = this.#options;
    const { job_id, picture, state } = record;
    if (isPending(record) && !(await outbox.hasPicture(record.picture))) {
      // It may have been stored between the two looks.
      const now = await outbox.find(job_id);
      if (now === undefined || isPending(now)) return { job_id, state: 'needed' };
      return this.#statusOf(now);
    }
    return {
      job_id,
      state: state === 'accepted' && this.#drainer.isStoring(job_id) ? 'storing' : state,
      ...(picture !== undefined && this.#describe(picture)),
      ...(record.filename !== undefined && { filename: record.filename }),
      attempts: record.attempts,
      ...(record.next_attempt_at !== undefined && { next_attempt_at: record.next_attempt_at }),
      ...(record.error !== undefined && { error: record.error }),
      accepted_at: record.accepted_at,
      ...(state === 'stored' && record.finished_at !== undefined && { stored_at: record.finished_at }),
    };
  }

  #describe({ name, sha256, size_bytes, content_type }: PendingUpload['picture']): Partial<UploadStatus> {
    const image_id = name.slice(0, 32);
    return { image_id, ref: `${DEFAULT_BASE}/i/${name}`, sha256, size_bytes, content_type, s3_url: this.urlOf(name) };
  }

  /** Resolves when an upload has come further in this process, or after that time. */
  async #changeOf(jobId: string, ms: number, signal: AbortSignal): Promise<void> {
    const changed = new AbortController();
    const leave = () => changed.abort();
    signal.addEventListener('abort', leave, { once: true });
    const remove = this.onChange(({ job_id, state }) => job_id === jobId && state !== 'storing' && changed.abort());
    await this.#options.clock.sleep(ms, changed.signal);
    remove();
    signal.removeEventListener('abort', leave);
  }
}

/** Errors of the disk are those of the outbox. */
async function inWords<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw outboxError(error);
  }
}

function blockedIn(records: readonly UploadRecord[]): ItemError | undefined {
  return records.find(({ state }) => state === 'blocked')?.error;
}

function unknown(): ImageCacheError {
  return new ImageCacheError('UPLOAD_UNKNOWN', 'There is no such upload.', {
    hint: 'It may have been stored more than a week ago, or be of somebody else.',
  });
}

function nameOf({ filename, picture, job_id }: Pick<UploadRecord, 'filename' | 'picture' | 'job_id'>): string {
  return filename?.slice(0, 80) ?? picture?.name ?? job_id;
}
