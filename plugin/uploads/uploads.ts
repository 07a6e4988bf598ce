import { createMutex } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type {
  UploadAddRequest,
  UploadCancelAnswer,
  UploadFindAnswer,
  UploadFindRequest,
  UploadRemoveAnswer,
  UploadRemoveRequest,
  UploadStatus,
  UploadsAnswer,
} from '../uploadProtocol.ts';
import { Drainer } from './drainer.ts';
import { EntityAddition } from './entityAddition.ts';
import { EntityRemoval } from './entityRemoval.ts';
import { outboxError } from './outboxError.ts';
import { MissingPictures } from './missingPictures.ts';
import { createPictureDeletion, type PictureDeletion } from './pictureDeletion.ts';
import { keyOf, isDigestName, isPictureName } from './pictureName.ts';
import { createReferenceKeys } from './referenceKeys.ts';
import { type IncomingUpload, UploadReception } from './uploadReception.ts';
import { isPending, type PendingUpload, type UploadRecord } from './uploadRecord.ts';
import { UploadReports } from './uploadReports.ts';
import type { UploadsOptions } from './uploadsOptions.ts';

/** The uploads of a server: takes pictures, keeps them on disk until the bucket has them, and says where they are. */
export class Uploads {
  readonly #options: UploadsOptions;
  readonly #exclusively = createMutex();
  readonly #drainer: Drainer;
  readonly #reports: UploadReports;
  readonly #reception: UploadReception;
  readonly #deletion: PictureDeletion | undefined;
  readonly #removal: EntityRemoval;
  readonly #addition: EntityAddition;
  readonly #missing: MissingPictures;

  constructor(options: UploadsOptions) {
    this.#options = options;
    const { outbox, bucket, clock, cache, logger } = options;
    const keyOfPicture = (name: string) => this.#keyOf(name);
    const warn = (message: string) => logger.warn(message);
    this.#deletion =
      options.deletion &&
      createPictureDeletion({
        ...options.deletion,
        bucket,
        clock,
        keys: createReferenceKeys(options.prefix, options.deletion.project),
        keyOf: keyOfPicture,
        deleted: (name) => this.#deleted(name),
        warn,
      });
    this.#drainer = new Drainer({
      outbox,
      bucket,
      clock,
      uses: this.#deletion?.uses,
      isRemoving: (record) => this.#removal.isRemoving(record),
      withdraw: (record) => this.#withdraw(record),
      keyOf: keyOfPicture,
      exclusively: this.#exclusively,
      yieldToImages: (signal) => cache.yieldToImages(signal),
      changed: (record) => this.#changed(record),
      stored: (record, etag) => this.#stored(record, etag),
      isOffline: options.isOffline,
      warn,
    });
    this.#reports = new UploadReports({
      outbox,
      clock,
      queue: this.#drainer,
      urlOf: (name) => this.urlOf(name),
    });
    this.#reception = new UploadReception({ ...options, exclusively: this.#exclusively });
    this.#removal = new EntityRemoval({
      outbox,
      deletion: this.#deletion,
      cancel: (owner, jobId) => this.#cancel(owner, jobId),
    });
    this.#addition = new EntityAddition({ outbox, bucket, deletion: this.#deletion, keyOf: keyOfPicture });
    this.#missing = new MissingPictures({
      bucket,
      uses: this.#deletion?.uses,
      keyOf: keyOfPicture,
      cached: (name) => cache.read(name),
      isRestored: options.restoreMissing,
      logger,
    });
  }

  /** Sends what is left from earlier. Makes no file, and looks at none before the next turn. */
  start(): void {
    this.#drainer.wake();
    if (!this.#options.isOffline) this.#deletion?.start();
  }

  /** The canonical URL of a picture by its name. */
  urlOf(pictureName: string): string {
    return this.#options.bucket.urlOf(this.#keyOf(pictureName));
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
    const { cache, logger } = this.#options;
    const record = await this.#reception.accept(upload, async (accepted) => {
      const { name, size_bytes } = accepted.picture;
      logger.info(`Upload accepted: ${nameOf(accepted)}, ${size_bytes} bytes, to be ${this.#keyOf(name)}`);
      this.#drainer.wake();
      await cache.take(name, upload.filename);
    });
    if (isPending(record)) this.#drainer.wake();
    return this.#reports.statusOf(record);
  }

  /** Waits until an upload has been sent, or cannot be, but no longer than that. */
  settled(jobId: string, waitMs: number, signal: AbortSignal): Promise<UploadStatus> {
    return this.#reports.settled(jobId, waitMs, signal);
  }

  /** The states of uploads, in their order. Those of others are as unknown as those that never were. */
  check(owner: string, jobs: readonly { job_id: string; sha256: string }[]): Promise<UploadStatus[]> {
    return this.#reports.check(owner, jobs);
  }

  /** The uploads of an owner, the newest first. */
  list(owner: string): Promise<UploadsAnswer> {
    return this.#reports.list(owner);
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
    return this.#reports.statusOf(record);
  }

  /** Gives an upload up, also one that has not come yet. What is in the bucket by then is deleted as all that nothing uses. */
  async cancel(owner: string, jobId: string): Promise<UploadCancelAnswer> {
    const record = await this.#cancel(owner, jobId);
    if (record.state === 'stored') return { job_id: jobId, state: 'stored' };
    // Nobody waits for the bucket: without it, the picture stays there.
    this.#withdraw(record).catch(() => undefined);
    return { job_id: jobId, state: 'canceled' };
  }

  /** Takes back what an upload that was canceled has left in the bucket. @throws UploadFailure */
  async #withdraw({ job_id, owner, entity, picture }: UploadRecord): Promise<void> {
    if (entity && picture) await this.#deletion?.takeBack(owner, entity, picture.name, job_id);
  }

  async #cancel(owner: string, jobId: string): Promise<UploadRecord> {
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
    if (record.state === 'stored') return record;
    await this.#drainer.abort(jobId);
    if (record.picture !== undefined) await outbox.drop(record.picture.name);
    this.#changed(record);
    return record;
  }

  /** Gives a picture that the bucket has to one more entity. @throws ImageCacheError */
  async add(owner: string, asked: UploadAddRequest): Promise<UploadStatus> {
    const isAdded = await inWords(() => this.#addition.add(owner, asked));
    return this.#reports.added(asked, isAdded);
  }

  /** By which uploads an entity has pictures. @throws ImageCacheError */
  find(owner: string, asked: UploadFindRequest): Promise<UploadFindAnswer> {
    return inWords(() => this.#removal.find(owner, asked));
  }

  /** An entity has these pictures no more. What of them is not in the bucket yet never comes there. @throws ImageCacheError */
  async remove(owner: string, removed: UploadRemoveRequest): Promise<UploadRemoveAnswer> {
    return { images: await inWords(() => this.#removal.remove(owner, removed)) };
  }

  /** To be told when the bucket says that it does not have a picture which the cache has. */
  noticeMissing(pictureName: string): void {
    this.#missing.notice(pictureName);
  }

  /** How many uploads are not in the bucket yet. */
  async pendingCount(): Promise<number> {
    return (await this.#options.outbox.pending()).length;
  }

  /** Bytes of the picture with this canonical URL in the outbox, 0 if it is not there; `undefined` if it is the URL of no picture. */
  async waitingBytes(s3Url: string): Promise<number | undefined> {
    const name = s3Url.slice(s3Url.lastIndexOf('/') + 1);
    if (!isPictureName(name) || !isDigestName(name) || this.urlOf(name) !== s3Url) return undefined;
    return (await this.#options.outbox.folder.lookAtBody(name))?.size ?? 0;
  }

  /** Numbers of uploads of all owners that are not in the bucket yet: those that will be sent, have failed, and wait for a cure. */
  async summary(): Promise<{ pending: number; failed: number; blocked: number }> {
    const records = await this.#options.outbox.pending();
    const count = (state: UploadRecord['state']) => records.filter((record) => record.state === state).length;
    return { pending: count('accepted'), failed: count('failed'), blocked: count('blocked') };
  }

  /** Calls the listener with each upload that comes further in this process. Returns a function that removes it. */
  onChange(listener: (status: UploadStatus) => void): () => void {
    return this.#reports.onChange(listener);
  }

  /** Stops sending. What is not in the bucket is sent after the next start. */
  async close(): Promise<void> {
    await this.#drainer.close();
    this.#addition.close();
    await Promise.all([this.#deletion?.close(), this.#missing.close()]);
    this.#options.bucket.close();
  }

  #changing(change: () => Promise<UploadRecord>): Promise<UploadRecord> {
    return inWords(() => this.#exclusively(change));
  }

  /** @throws ImageCacheError UPLOAD_UNKNOWN */
  async #own(owner: string, jobId: string): Promise<UploadRecord> {
    const record = await this.#options.outbox.find(jobId);
    if (record?.owner === owner) return record;
    throw unknown();
  }

  async #stored({ picture, filename, ...record }: PendingUpload, etag: string): Promise<void> {
    const { cache, logger } = this.#options;
    const name = nameOf({ ...record, picture, filename });
    logger.info(`Upload stored: ${name} as ${this.#keyOf(picture.name)}`);
    await cache.stored(picture.name, filename, etag);
  }

  async #deleted(name: string): Promise<void> {
    this.#options.logger.info(`Deleted from the bucket, because nothing uses it any more: ${this.#keyOf(name)}`);
    await this.#options.cache.forget(name);
  }

  #changed(record: UploadRecord): void {
    const { error, state } = record;
    if (error !== undefined && isPending(record)) {
      // One that only waits has no fault of its own: of many, the logger says it once.
      const what = state === 'accepted' ? 'Uploads wait' : `Upload ${state}: ${nameOf(record)}`;
      this.#options.logger.warn(`${what}: ${error.code} ${error.detail} ${error.hint ?? ''}`.trimEnd());
    }
    this.#reports.changed(record);
  }

  #keyOf(pictureName: string): string {
    return keyOf(this.#options.prefix, pictureName);
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

function unknown(): ImageCacheError {
  return new ImageCacheError('UPLOAD_UNKNOWN', 'There is no such upload.', {
    hint: 'It may have been stored more than a week ago, or be of somebody else.',
  });
}

function nameOf({ filename, picture, job_id }: Pick<UploadRecord, 'filename' | 'picture' | 'job_id'>): string {
  return filename?.slice(0, 80) ?? picture?.name ?? job_id;
}
