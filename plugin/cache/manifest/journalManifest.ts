import { randomUUID } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { compactionDelay, isWorthCompacting } from './compactionPolicy.ts';
import { EarlyManifest } from './earlyManifest.ts';
import { fileError } from '../files/fileError.ts';
import { generationPath, listGenerations, removeSuperseded } from './generations.ts';
import { JournalLog } from './journalLog.ts';
import { type JournalRecord, type ManifestChange, encodeRecord } from './journalRecord.ts';
import { JournalReplica } from './journalReplica.ts';
import { inKeyOrder } from './keyOrder.ts';
import { JOURNAL_DIR, TMP_DIR } from '../files/layout.ts';
import { withCompactionLock } from './lock.ts';
import type { ManifestIndex } from './manifestIndex.ts';
import type { AppliedChange, ManifestObserver, ManifestQuestion, ManifestStore } from './manifestStore.ts';
import { publishManifest } from './publish.ts';
import { createSerial } from '../serial.ts';
import { type SnapshotState, serializeManifest, writeSnapshot } from './snapshot.ts';
import { temporaryPath } from '../files/temporary.ts';

export interface JournalManifestOptions {
  /** The cache directory; it exists. */
  dir: string;
  /** What `local_path` begins with, e.g. `.image-cache/`. */
  prefix: string;
  /** Survive a power cut, not only the end of this process. */
  sync: boolean;
  observer: ManifestObserver;
  now: () => number;
}

interface PendingRecord {
  record: JournalRecord;
  /** Set when the record was read back. */
  applied?: AppliedChange;
  resolve: (applied: AppliedChange) => void;
  reject: (error: unknown) => void;
}

/**
 * The manifest as a checksummed, append-only journal, of which `manifest.json` is the newest snapshot.
 *
 * A record is applied when it is read back from the log, never before, so all processes apply the same records in the
 * same order. Records that arrive while others are being written go out together in the next write (group commit).
 * The protocol that makes this safe without a lock is described in `generations.ts`.
 */
export class JournalManifest implements ManifestStore {
  readonly #options: JournalManifestOptions;
  readonly #journalDir: string;
  readonly #replica: JournalReplica;
  /** Reading and writing the journal. */
  readonly #serial = createSerial();
  /** Writing snapshots, which journal entries need not wait for. */
  readonly #compactions = createSerial();
  readonly #storeId = randomUUID();
  #recordCount = 0;
  #pending: PendingRecord[] = [];
  /** Records of ours that are being written, by id. */
  readonly #writing = new Map<string, PendingRecord>();
  #refreshing: Promise<void> | undefined;
  #compactTimer: NodeJS.Timeout | undefined;
  /** Since when `manifest.json` lacks a change. */
  #behindSince: number | undefined;
  /** Answers while the manifest is read. */
  #early: EarlyManifest | undefined;
  #isOpen = false;
  #closing: Promise<void> | undefined;

  constructor(options: JournalManifestOptions) {
    const { dir, prefix, sync, now, observer } = options;
    this.#options = options;
    this.#journalDir = join(dir, JOURNAL_DIR);
    this.#replica = new JournalReplica({
      dir,
      prefix,
      sync,
      now,
      applied: (record, removed) => this.#applied(record, removed),
      reset: (gone) => observer.reset(gone),
      warn: (message) => observer.warn(message),
    });
  }

  get index(): ManifestIndex {
    return this.#replica.index;
  }

  async open(): Promise<void> {
    try {
      await this.#serial(() => this.#replica.catchUp());
      this.#isOpen = true;
    } finally {
      await this.#early?.close();
      this.#early = undefined;
    }
    await this.#ensureManifest().catch((error: unknown) => this.#warnOfManifest(error));
    await this.#compactIfBehind();
  }

  async findEarly(question: ManifestQuestion): Promise<ManifestEntry | undefined> {
    if (this.#isOpen || this.#closing !== undefined) return undefined;
    this.#early ??= new EarlyManifest(this.#options);
    return this.#early.find(question);
  }

  append(change: ManifestChange): Promise<AppliedChange> {
    if (this.#closing !== undefined) {
      return Promise.reject(new ImageCacheError('ABORTED', 'The image cache is closed.'));
    }
    return new Promise((resolve, reject) => {
      this.#recordCount += 1;
      const record = { ...change, id: `${this.#storeId}-${this.#recordCount}` };
      this.#pending.push({ record, resolve, reject });
      if (this.#pending.length === 1) void this.#serial(() => this.#flush());
    });
  }

  /** Calls that wait for their turn share it: what was acknowledged before each of them is there by then. */
  refresh(): Promise<void> {
    if (this.#closing !== undefined) return Promise.resolve();
    this.#refreshing ??= this.#serial(async () => {
      this.#refreshing = undefined;
      await this.#replica.catchUp().catch((error: unknown) => Promise.reject(fileError(error)));
    });
    return this.#refreshing;
  }

  /** Leaves an up-to-date `manifest.json` behind, also where another process holds the lock, or died with it. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Brings `manifest.json` up to date, unless it is or another process is at it. */
  compact(): Promise<void> {
    return withCompactionLock(this.#journalDir, this.#options.observer.warn, () => this.#compactNow());
  }

  async #close(): Promise<void> {
    clearTimeout(this.#compactTimer);
    await this.#compactNow().catch((error: unknown) => this.#warnOfManifest(error));
    await this.#serial(() => this.#replica.close());
  }

  #applied(record: JournalRecord, removed: ManifestEntry[]): void {
    const own = this.#writing.get(record.id);
    // A record that had to be written twice is read twice, and others may have written between the two.
    if (own !== undefined) own.applied = { change: record, removed: [...(own.applied?.removed ?? []), ...removed] };
    if (this.#isOpen) this.#options.observer.applied({ change: record, removed });
  }

  /** Writes all pending records with one write. */
  async #flush(): Promise<void> {
    const batch = this.#pending;
    this.#pending = [];
    for (const pending of batch) this.#writing.set(pending.record.id, pending);
    try {
      await this.#write(batch.map(({ record }) => encodeRecord(record)).join(''));
      for (const { applied, resolve, reject } of batch) {
        if (applied !== undefined) resolve(applied);
        else reject(new ImageCacheError('CACHE_CORRUPT', 'The journal lost what was just written to it.'));
      }
      this.#scheduleCompaction();
    } catch (error) {
      for (const { reject } of batch) reject(fileError(error));
    } finally {
      this.#writing.clear();
    }
  }

  /** Appends to the newest log, and again to the next if this one was sealed, or removed, meanwhile. */
  async #write(text: string): Promise<void> {
    for (;;) {
      const log = await this.#replica.catchUp();
      await log.append(text);
      if (this.#options.sync) await log.sync();
      if ((await this.#replica.catchUp()) === log) return;
    }
  }

  /** `manifest.json` is there from the beginning, for whoever looks into the directory, and what it was left as. */
  async #ensureManifest(): Promise<void> {
    const { snapshots } = await listGenerations(this.#journalDir);
    await (snapshots.length === 0 ? this.#compactNow() : publishManifest(this.#options.dir, this.#options.sync));
  }

  async #compactIfBehind(): Promise<void> {
    if (await this.#serial(() => this.#isBehind())) this.#scheduleCompaction();
  }

  /** Records were written since the newest snapshot, or whoever sealed the log before was killed before it took one. */
  async #isBehind(): Promise<boolean> {
    if (this.#replica.isClosed) return false; // a compaction under way met `close`
    const log = await this.#replica.catchUp();
    const { snapshots } = await listGenerations(this.#journalDir);
    return snapshots[0] !== log.generation || (await log.size()) > 0;
  }

  #scheduleCompaction(): void {
    if (this.#compactTimer !== undefined || this.#closing !== undefined) return;
    this.#behindSince ??= performance.now();
    this.#compactTimer = setTimeout(() => {
      this.#compactTimer = undefined;
      this.#compactIfDue()
        .then(() => this.#compactIfBehind()) // not yet due, the lock held by another, or new records while we wrote
        .catch((error: unknown) => this.#warnOfManifest(error));
    }, compactionDelay(this.index.size)).unref();
  }

  async #compactIfDue(): Promise<void> {
    if (!(await this.#serial(() => this.#isDue()))) return;
    this.#behindSince = undefined;
    await this.compact();
  }

  async #isDue(): Promise<boolean> {
    if (this.#replica.isClosed) return false;
    const log = await this.#replica.catchUp();
    const path = generationPath(this.#journalDir, log.generation, 'snap');
    const snapshotBytes = (await stat(path).catch(() => undefined))?.size ?? 0; // none yet: high time
    const lagMs = performance.now() - (this.#behindSince ?? 0);
    return isWorthCompacting({ entries: this.index.size, logBytes: await log.size(), snapshotBytes, lagMs });
  }

  #compactNow(): Promise<void> {
    return this.#compactions(async () => {
      const snapshot = await this.#serial(() => this.#rotate());
      if (snapshot === undefined) return;
      const { dir, sync, now } = this.#options;
      const { entries, state } = snapshot;
      const content = serializeManifest(await inKeyOrder(entries), { lastUpdated: now(), state });
      await mkdir(join(dir, TMP_DIR), { recursive: true, mode: 0o700 });
      const { generation } = state.position;
      await writeSnapshot(generationPath(this.#journalDir, generation, 'snap'), temporaryPath(dir), content, sync);
      await removeSuperseded(this.#journalDir, generation);
      await publishManifest(dir, sync);
    });
  }

  /** Seals the log by beginning the next one, and takes the state at that point. */
  async #rotate(): Promise<{ entries: ManifestEntry[]; state: SnapshotState } | undefined> {
    if (!(await this.#isBehind())) return undefined;
    const sealed = await this.#replica.catchUp();
    if ((await sealed.size()) > 0) await JournalLog.create(this.#journalDir, sealed.generation + 1);
    const { generation, offset } = await this.#replica.catchUp();
    // Entries are replaced, not changed, so this list stays what it is while it is written out.
    const entries = this.index.toArray();
    return { entries, state: { position: { generation, offset }, pinnedActors: [...this.index.pinnedActors] } };
  }

  #warnOfManifest(error: unknown): void {
    this.#options.observer.warn(`manifest.json: ${fileError(error).message}`);
  }
}
