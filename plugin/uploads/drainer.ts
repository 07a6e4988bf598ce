import { offlineRefusal } from '../offline.ts';
import type { ItemError } from '../protocol.ts';
import { Alarm } from './alarm.ts';
import { BucketHealth, RETRY_DELAYS_MS } from './bucketHealth.ts';
import type { UploadsClock } from './clock.ts';
import { acquireDrainLock, type DrainLock } from './drainLock.ts';
import type { Outbox } from './outbox.ts';
import { held, type PictureUses } from './pictureUse.ts';
import { type UploadBucket, UploadFailure } from './uploadBucket.ts';
import { isPending, type PendingUpload, type UploadRecord } from './uploadRecord.ts';

/** Pictures that are sent at a time; browsers and images have to share the line with them. */
const CONCURRENCY = 2;
/** How often is looked for uploads that other processes have taken, or left behind. */
const LOOK_MS = 2_000;
const IDLE_LOOK_MS = 10_000;
/** While another process sends. */
const LOCKED_MS = 1_000;
/** One try, and the wait for it, can never be longer than this: else the clock was put back. */
const LONGEST_WAIT_MS = 2 * 1.5 * RETRY_DELAYS_MS[4];

export interface DrainerOptions {
  outbox: Outbox;
  bucket: UploadBucket;
  /** What uses pictures; `undefined`: that is not kept. */
  uses: PictureUses | undefined;
  /** Whether the entity of an upload is losing its picture at the moment. */
  isRemoving: (record: UploadRecord) => boolean;
  clock: UploadsClock;
  keyOf: (pictureName: string) => string;
  /** Runs changes of records one after the other. */
  exclusively: <T>(task: () => Promise<T>) => Promise<T>;
  /** Resolves when no page waits for images. */
  yieldToImages: (signal: AbortSignal) => Promise<void>;
  /** Takes back what was written for an upload that was canceled meanwhile. */
  withdraw: (record: PendingUpload) => Promise<void>;
  /** Told of each upload that has come further. */
  changed: (record: UploadRecord) => void;
  /** Told when a picture is in the bucket, before it leaves the outbox. */
  stored: (record: PendingUpload, etag: string) => Promise<void>;
  /** Whether nothing is ever sent. */
  isOffline: boolean;
  warn: (message: string) => void;
}

/** A try that runs. */
interface Run {
  name: string;
  /** The uploads for which it claims the picture. */
  claimed: ReadonlySet<string>;
  abort: AbortController;
  ended: Promise<void>;
}

/** Sends what is in the outbox to the bucket, for as long as there is something, unless another process does. */
export class Drainer {
  readonly #options: DrainerOptions;
  readonly #alarm: Alarm;
  readonly #health: BucketHealth;
  readonly #running = new Map<string, Run>();
  readonly #closing = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(options: DrainerOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock);
    this.#health = new BucketHealth(options.clock);
  }

  get blocked(): ItemError | undefined {
    return this.#health.blocked;
  }

  get paused(): ItemError | undefined {
    if (this.#options.isOffline) return { ...offlineRefusal('Pictures are not sent').toItem(), transient: true };
    return this.#health.paused;
  }

  isStoring(jobId: string): boolean {
    return this.#running.has(jobId);
  }

  /** Looks for uploads now. */
  wake(): void {
    if (this.#closing.signal.aborted || this.#options.isOffline) return;
    this.#loop ??= this.#run();
    this.#alarm.ring();
  }

  /** Tries at once, although the queue may be paused. */
  retryNow(): void {
    this.#health.retryNow();
    this.wake();
  }

  /** Gives up a try that runs, also one of another upload that claims the picture for this one, too; what the bucket has got by then stays there. */
  async abort(jobId: string): Promise<void> {
    const runs = [...this.#running].filter(([id, { claimed }]) => id === jobId || claimed.has(jobId));
    for (const [, { abort }] of runs) abort.abort();
    await Promise.all(runs.map(([, { ended }]) => ended));
  }

  /** Aborts running tries. The next process that holds the lock, or the next start, sends these pictures again. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#alarm.ring();
    await this.#loop;
  }

  async #run(): Promise<void> {
    await this.#options.outbox.sweep().catch((error: unknown) => this.#warn(error));
    while (!this.#closing.signal.aborted) {
      const ms = await this.#drainIfNeeded().catch((error: unknown) => {
        this.#warn(error);
        return IDLE_LOOK_MS;
      });
      if (!this.#closing.signal.aborted) await this.#alarm.wait(ms);
    }
  }

  #warn(error: unknown): void {
    this.#options.warn(`Uploads are not being sent: ${UploadFailure.of(error).message}`);
  }

  /** @returns after how long to look again */
  async #drainIfNeeded(): Promise<number> {
    const { outbox } = this.#options;
    if ((await this.#sendable()).length === 0) return IDLE_LOOK_MS;
    const lock = await acquireDrainLock(outbox.folder);
    if (lock === undefined) return LOCKED_MS;
    try {
      await outbox.sweep();
      await this.#drain(lock);
      return lock.lost.aborted ? LOCKED_MS : IDLE_LOOK_MS;
    } finally {
      for (const { abort } of this.#running.values()) abort.abort();
      await Promise.all(Array.from(this.#running.values(), ({ ended }) => ended));
      await lock.release();
    }
  }

  async #drain({ lost }: DrainLock): Promise<void> {
    const { clock } = this.#options;
    while (!this.#closing.signal.aborted && !lost.aborted) {
      const sendable = await this.#sendable();
      if (sendable.length === 0 && this.#running.size === 0) return;
      const now = clock.now();
      const isDue = ({ next_attempt_at: at = 0 }: PendingUpload) => at <= now || at > now + LONGEST_WAIT_MS;
      if (this.#health.waitMs === 0) for (const record of inOrder(sendable.filter(isDue))) this.#start(record);
      const next = sendable.map(({ next_attempt_at: at = 0 }) => at - now).filter((ms) => ms > 0);
      await this.#alarm.wait(Math.max(1, Math.min(LOOK_MS, ...next, this.#health.waitMs || LOOK_MS)));
    }
  }

  /** A picture that is not here is waited for: it is on its way to its name, or a browser has to bring it again. */
  async #sendable(): Promise<PendingUpload[]> {
    const { outbox } = this.#options;
    const pending = (await outbox.pending()).filter(({ state }) => state !== 'failed');
    const isHere = await Promise.all(pending.map(({ picture }) => outbox.hasPicture(picture)));
    return pending.filter((_, index) => isHere[index]);
  }

  #start(record: PendingUpload): void {
    const { job_id, picture } = record;
    const slots = this.#health.isDoubtful ? 1 : CONCURRENCY;
    const isTaken = [...this.#running.values()].some(({ name }) => name === picture.name);
    if (this.#running.size >= slots || isTaken) return;
    const abort = new AbortController();
    const claimed = new Set<string>();
    const ended = this.#try(record, claimed, abort.signal).finally(() => {
      this.#running.delete(job_id);
      this.#alarm.ring();
    });
    this.#running.set(job_id, { name: picture.name, claimed, abort, ended });
    this.#options.changed(record);
  }

  /** Never rejects. */
  async #try(record: PendingUpload, claimed: Set<string>, signal: AbortSignal): Promise<void> {
    const { outbox, bucket, uses, isRemoving, keyOf, yieldToImages, warn } = this.#options;
    const { name, sha256, content_type: contentType } = record.picture;
    let same: PendingUpload[] = [];
    try {
      await yieldToImages(signal);
      const body = await outbox.readPicture(name);
      if (body === undefined) {
        warn(
          `The picture of the upload ${record.filename ?? name} is missing or damaged: the browser has to send it again.`,
        );
        return;
      }
      if (signal.aborted) return;
      // All uploads of these bytes come to their end together.
      const known = uses === undefined ? [] : await this.#uploadsOf(sha256);
      // One that came while a removal is under way was meant after it, and would lose its reference to it.
      same = known.filter((each) => !isRemoving(each));
      if (uses !== undefined && isRemoving(record)) throw held();
      for (const { job_id } of same) claimed.add(job_id);
      if (signal.aborted) return;
      await uses?.claim(name, same, signal);
      const isCounted = uses?.areCounted ?? false;
      const beforeProof = uses && ((until: AbortSignal) => uses.ensureKept(name, same, until));
      const picture = { key: keyOf(name), sha256, contentType, body, isCounted };
      const { etag } = await bucket.store(picture, signal, beforeProof);
      await this.#succeeded(record, etag, uses && claimed);
    } catch (error) {
      if (signal.aborted) return;
      await this.#failed(record, UploadFailure.of(error)).catch((fault: unknown) => {
        warn(`The state of an upload could not be written: ${UploadFailure.of(fault).message}`);
      });
    } finally {
      // Who breaks it off takes back by itself what was written.
      if (!signal.aborted) await this.#withdrawCanceled(same);
    }
  }

  /** Another process may have canceled an upload, or removed its picture, before this one has written a reference for it. Never rejects. */
  async #withdrawCanceled(claimed: readonly PendingUpload[]): Promise<void> {
    const { outbox, withdraw } = this.#options;
    for (const each of claimed) {
      const now = await outbox.find(each.job_id).catch(() => undefined);
      if (now?.state === 'canceled') await withdraw(each).catch(() => undefined);
    }
  }

  /** @param claimed the uploads for which the picture was claimed; `undefined`: that is not needed */
  async #succeeded(
    { job_id, picture }: PendingUpload,
    etag: string,
    claimed: ReadonlySet<string> | undefined,
  ): Promise<void> {
    const { outbox, clock, exclusively, changed, stored } = this.#options;
    const guilty = new Set(this.#health.succeeded(job_id));
    const same = await this.#uploadsOf(picture.sha256);
    for (const each of same) {
      if (claimed?.has(each.job_id) === false) continue;
      const done: UploadRecord = { ...withoutTry(each), state: 'stored', finished_at: clock.now() };
      const isDone = await exclusively(async () => {
        if ((await outbox.find(each.job_id))?.state === 'canceled') return false;
        await outbox.finish(done);
        return true;
      });
      if (!isDone) continue;
      await stored(each, etag);
      changed(done);
    }
    await outbox.release(picture.name);
    for (const each of await outbox.pending()) {
      if (each.state === 'failed') continue;
      if (guilty.has(each.job_id)) await this.#change(each, charged);
      else if (each.state === 'blocked')
        await this.#change(each, (current) => ({ ...withoutTry(current), state: 'accepted' }));
    }
  }

  async #uploadsOf(sha256: string): Promise<PendingUpload[]> {
    return (await this.#options.outbox.pending()).filter(({ picture }) => picture.sha256 === sha256);
  }

  async #failed(record: PendingUpload, failure: UploadFailure): Promise<void> {
    const next_attempt_at = this.#health.failed(record.job_id, failure, record.attempts);
    const state = failure.kind === 'refused' ? 'failed' : failure.kind === 'blocked' ? 'blocked' : 'accepted';
    await this.#change(record, (current) => ({ ...current, state, error: failure.toItem(), next_attempt_at }));
  }

  /** Writes what has become of an upload, unless it was canceled, failed or sent again meanwhile. */
  async #change(seen: PendingUpload, change: (current: PendingUpload) => PendingUpload): Promise<void> {
    const { outbox, exclusively, changed } = this.#options;
    const next = await exclusively(async () => {
      const current = await outbox.find(seen.job_id);
      if (current === undefined || !isPending(current) || current.state === 'failed') return undefined;
      if (current.accepted_at !== seen.accepted_at) return undefined;
      const written = change(current);
      await outbox.update(written);
      return written;
    });
    if (next !== undefined) changed(next);
  }
}

/** Those that were not tried yet come first, the oldest of them first of all; then those that have waited longest. */
function inOrder(records: readonly PendingUpload[]): PendingUpload[] {
  return records.toSorted((a, b) => (a.next_attempt_at ?? 0) - (b.next_attempt_at ?? 0));
}

/** The bucket has taken another one since it refused this one. */
function charged(record: PendingUpload): PendingUpload {
  const attempts = record.attempts + 1;
  return { ...record, attempts, state: attempts > RETRY_DELAYS_MS.length ? 'failed' : record.state };
}

/** Without what a failure has left. */
function withoutTry(record: PendingUpload): PendingUpload {
  const { error: _, next_attempt_at: __, ...rest } = record;
  return rest;
}
