import { randomUUID } from 'node:crypto';
import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { Compactor } from './compactor.ts';
import { EarlyManifest } from './earlyManifest.ts';
import { fileError } from '../files/fileError.ts';
import { encodeRecord } from './journalRecord.ts';
import type { JournalRecord, ManifestChange } from './manifestChange.ts';
import type { JournalLog } from './journalLog.ts';
import { JournalReplica } from './journalReplica.ts';
import type { ManifestIndex, ManifestQuestion } from './manifestIndex.ts';
import type { AppendOptions, AppliedChange, ManifestObserver, ManifestStore } from './manifestStore.ts';
import { createMutex } from '../queue/mutex.ts';

export interface JournalManifestOptions {
  /** The cache directory, which must exist. */
  dir: string;
  /** Prefix of every `local_path`, e.g. `.image-cache/`. */
  prefix: string;
  /** True if records are to survive a power cut, and not only the end of this process. */
  fsync: boolean;
  observer: ManifestObserver;
  now: () => number;
  /** True if the oldest files in quarantine stay, however many there are. @default false */
  keepsPutAside?: boolean;
}

interface PendingRecord extends AppendOptions {
  record: JournalRecord;
  /** Set when the record was read back, or need not be written. */
  applied?: AppliedChange;
  resolve: (applied: AppliedChange) => void;
  reject: (error: unknown) => void;
}

/**
 * The manifest as a checksummed, append-only journal. `manifest.json` is its newest snapshot.
 *
 * A record is applied when it is read back from the log, never before, so all processes apply the same records in the same
 * order. Records that arrive while others are being written go out together in the next write (group commit).
 * `generations.ts` describes the protocol that makes this safe without a lock.
 */
export class JournalManifest implements ManifestStore {
  readonly #options: JournalManifestOptions;
  readonly #replica: JournalReplica;
  /** Serializes reading and writing the journal. */
  readonly #exclusively = createMutex();
  /** Serializes writing, syncing and confirming. While the disk syncs, `#exclusively` is free for other calls. */
  readonly #flushing = createMutex();
  readonly #compactor: Compactor;
  readonly #storeId = randomUUID();
  #recordCount = 0;
  #pending: PendingRecord[] = [];
  /** Records of this store that are being written, by id. */
  readonly #writing = new Map<string, PendingRecord>();
  #refreshing: Promise<void> | undefined;
  /** Answers lookups while the manifest is still being read. */
  #early: EarlyManifest | undefined;
  #isOpen = false;
  #closing: Promise<void> | undefined;

  constructor(options: JournalManifestOptions) {
    const { dir, prefix, fsync, now, observer, keepsPutAside = false } = options;
    this.#options = options;
    this.#replica = new JournalReplica({
      dir,
      prefix,
      fsync,
      now,
      keepsPutAside,
      applied: (record, removed) => this.#applied(record, removed),
      refused: (record) => this.#refused(record),
      reset: (gone) => observer.reset(gone),
      // Before another process reads `manifest.json`. If another process holds the lock, it writes the file itself.
      outdated: () => void this.compact().catch((error: unknown) => observer.warn(fileError(error).message)),
      warn: (message) => observer.warn(message),
    });
    this.#compactor = new Compactor({
      dir,
      now,
      replica: this.#replica,
      exclusively: (task) => this.#betweenFlushes(task),
      warn: (message) => observer.warn(message),
    });
  }

  get index(): ManifestIndex {
    return this.#replica.index;
  }

  async open(): Promise<void> {
    try {
      await this.#exclusively(() => this.#replica.catchUp());
      this.#isOpen = true;
    } finally {
      await this.#early?.close();
      this.#early = undefined;
    }
    await this.#compactor.start();
  }

  async findEarly(question: ManifestQuestion): Promise<ManifestEntry | undefined> {
    if (this.#isOpen || this.#closing !== undefined) return undefined;
    this.#early ??= new EarlyManifest(this.#options);
    return this.#early.find(question);
  }

  append(change: ManifestChange, { isCancelled }: AppendOptions = {}): Promise<AppliedChange> {
    if (this.#closing !== undefined) {
      return Promise.reject(new ImageCacheError('ABORTED', 'The image cache is closed.'));
    }
    return new Promise((resolve, reject) => {
      this.#recordCount += 1;
      const record = { ...change, id: `${this.#storeId}-${this.#recordCount}` };
      this.#pending.push({ record, isCancelled, resolve, reject });
      if (this.#pending.length === 1) void this.#flushing(() => this.#flush());
    });
  }

  /** Callers that are waiting share one refresh: it sees every record that was acknowledged before their calls. */
  refresh(): Promise<void> {
    if (this.#closing !== undefined) return Promise.resolve();
    this.#refreshing ??= this.#exclusively(async () => {
      this.#refreshing = undefined;
      await this.#replica.catchUp().catch((error: unknown) => Promise.reject(fileError(error)));
    });
    return this.#refreshing;
  }

  /** Writes an up-to-date `manifest.json`, even if another process holds the lock or died with it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Writes `manifest.json`, unless it is up to date or another process is writing it. */
  compact(): Promise<void> {
    return this.#compactor.compact();
  }

  async #close(): Promise<void> {
    await this.#compactor.close();
    await this.#betweenFlushes(() => this.#replica.close());
  }

  /** No log is sealed or closed while a record that was appended to it is being synced. */
  #betweenFlushes<T>(task: () => Promise<T>): Promise<T> {
    return this.#flushing(() => this.#exclusively(task));
  }

  #applied(record: JournalRecord, removed: ManifestEntry[]): void {
    const own = this.#writing.get(record.id);
    if (own !== undefined) {
      // A record that had to be written twice is read twice, with other records possibly in between.
      if (own.applied === undefined || own.applied.isRefused === true) own.applied = { change: record, removed: [] };
      own.applied.removed.push(...removed);
    }
    if (!this.#isOpen) return;
    this.#options.observer.applied({ change: record, removed, ...(own !== undefined && { isOwn: true }) });
  }

  #refused(record: JournalRecord): void {
    const own = this.#writing.get(record.id);
    if (own !== undefined) own.applied ??= { change: record, removed: [], isRefused: true };
  }

  /** Writes all pending records in one write. */
  async #flush(): Promise<void> {
    const batch = this.#pending;
    this.#pending = [];
    for (const pending of batch) this.#writing.set(pending.record.id, pending);
    try {
      await this.#write(batch);
      for (const { applied, resolve, reject } of batch) {
        if (applied !== undefined) resolve(applied);
        else reject(new ImageCacheError('CACHE_CORRUPT', 'The journal lost a record that was just written to it.'));
      }
      this.#compactor.schedule();
    } catch (error) {
      for (const { reject } of batch) reject(fileError(error));
    } finally {
      this.#writing.clear();
    }
  }

  /**
   * Appends to the newest log, and again to the next one if this log was sealed or removed meanwhile. While the disk syncs,
   * other calls may read: they can see records that are not acknowledged yet, as other processes can.
   */
  async #write(batch: readonly PendingRecord[]): Promise<void> {
    for (;;) {
      const { log, synced } = await this.#exclusively(() => this.#append(batch));
      await synced;
      if ((await this.#exclusively(() => this.#replica.catchUp())) === log) return;
    }
  }

  /** Starts the sync before any other call runs. A call that then finds the log sealed, and closes it, waits for the sync. */
  async #append(batch: readonly PendingRecord[]): Promise<{ log: JournalLog; synced: Promise<void> | undefined }> {
    const log = await this.#replica.catchUp();
    const text = batch.map((pending) => encodeUnlessCancelled(pending, log.offset)).join('');
    if (text === '') return { log, synced: undefined };
    await log.append(text);
    return { log, synced: this.#options.fsync ? log.sync() : undefined };
  }
}

/** @param read how many bytes of the log have been read */
function encodeUnlessCancelled(pending: PendingRecord, read: number): string {
  const { record, isCancelled } = pending;
  if (isCancelled === undefined) return encodeRecord(record);
  if (!isCancelled()) return encodeRecord({ ...record, read });
  pending.applied ??= { change: record, removed: [], isRefused: true };
  return '';
}
