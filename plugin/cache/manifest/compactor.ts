import { stat } from 'node:fs/promises';
import type { ManifestEntry } from '../../protocol.ts';
import { fileError } from '../files/fileError.ts';
import { TMP_DIR } from '../files/layout.ts';
import { makeFolder } from '../files/ownFolders.ts';
import { createMutex } from '../queue/mutex.ts';
import { compactionDelay, isWorthCompacting } from './compactionPolicy.ts';
import { generationPath, listGenerations, removeSuperseded } from './generations.ts';
import { JournalLog } from './journalLog.ts';
import type { JournalReplica } from './journalReplica.ts';
import { inKeyOrder } from './keyOrder.ts';
import { CompactionLock } from './compactionLock.ts';
import { publishManifest } from './publishManifest.ts';
import { type SnapshotState, serializeManifest, writeSnapshot } from './snapshot.ts';

export interface CompactorOptions {
  /** The cache directory. */
  dir: string;
  now: () => number;
  replica: JournalReplica;
  /** Runs the task when the journal is free. */
  exclusively: <T>(task: () => Promise<T>) => Promise<T>;
  warn: (message: string) => void;
}

/** Folds the journal into a snapshot and `manifest.json`, when that is worth it. */
export class Compactor {
  readonly #options: CompactorOptions;
  readonly #lock: CompactionLock;
  /** Serializes writing snapshots, which journal records need not wait for. */
  readonly #exclusively = createMutex();
  #timer: NodeJS.Timeout | undefined;
  /** Time of the first change that `manifest.json` lacks. */
  #behindSince: number | undefined;
  #isClosed = false;

  constructor(options: CompactorOptions) {
    this.#options = options;
    this.#lock = new CompactionLock(options.dir, options.warn);
  }

  /** Makes sure that `manifest.json` exists, and resumes the work of a process that stopped. */
  async start(): Promise<void> {
    await this.#ensureManifest().catch((error: unknown) => this.#warnOfManifest(error));
    await this.#scheduleIfBehind();
  }

  /** Schedules a write of `manifest.json`; called after each change. */
  schedule(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#behindSince ??= performance.now();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#compactIfDue()
        .then(() => this.#scheduleIfBehind()) // not due yet, or another process holds the lock, or new records came meanwhile
        .catch((error: unknown) => this.#warnOfManifest(error));
    }, compactionDelay(this.#options.replica.index.size)).unref();
  }

  /** Writes `manifest.json`, unless it is up to date or another process is writing it. */
  compact(): Promise<void> {
    return this.#lock.hold(() => this.#compactNow());
  }

  /** Writes an up-to-date `manifest.json`, even if another process holds the lock or died with it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#compactNow().catch((error: unknown) => this.#warnOfManifest(error));
  }

  /** Creates `manifest.json` at the start, so that people and tools find it, or restores it if it was edited. */
  async #ensureManifest(): Promise<void> {
    const { snapshots } = await listGenerations(this.#options.dir);
    await (snapshots.length === 0 ? this.#compactNow() : publishManifest(this.#options.dir));
  }

  async #scheduleIfBehind(): Promise<void> {
    if (await this.#options.exclusively(() => this.#isBehind())) this.schedule();
  }

  /** True if there are records after the newest snapshot, or a process sealed the log and was killed before it took a snapshot. */
  async #isBehind(): Promise<boolean> {
    const { replica } = this.#options;
    if (replica.isClosed) return false; // `close` was called during a compaction
    const log = await replica.catchUp();
    const { snapshots } = await listGenerations(this.#options.dir);
    return snapshots[0] !== log.generation || (await log.size()) > 0;
  }

  async #compactIfDue(): Promise<void> {
    if (!(await this.#options.exclusively(() => this.#isDue()))) return;
    this.#behindSince = undefined;
    await this.compact();
  }

  async #isDue(): Promise<boolean> {
    const { replica } = this.#options;
    if (replica.isClosed) return false;
    const log = await replica.catchUp();
    const path = generationPath(this.#options.dir, log.generation, 'snap');
    const snapshotBytes = (await stat(path).catch(() => undefined))?.size ?? 0; // no snapshot yet: write one now
    const lagMs = performance.now() - (this.#behindSince ?? 0);
    return isWorthCompacting({ entries: replica.index.size, logBytes: await log.size(), snapshotBytes, lagMs });
  }

  #compactNow(): Promise<void> {
    return this.#exclusively(async () => {
      const { dir, now, exclusively } = this.#options;
      const snapshot = await exclusively(() => this.#rotate());
      if (snapshot === undefined) return;
      const { entries, state } = snapshot;
      const content = serializeManifest(await inKeyOrder(entries), { lastUpdated: now(), state });
      await makeFolder(dir, TMP_DIR);
      const { generation } = state.position;
      await writeSnapshot(dir, generationPath(dir, generation, 'snap'), content);
      await removeSuperseded(dir, generation);
      await publishManifest(dir);
    });
  }

  /** Seals the log by starting the next one, and returns the state at that point. */
  async #rotate(): Promise<{ entries: ManifestEntry[]; state: SnapshotState } | undefined> {
    if (!(await this.#isBehind())) return undefined;
    const { replica } = this.#options;
    const sealed = await replica.catchUp();
    if ((await sealed.size()) > 0) await JournalLog.create(this.#options.dir, sealed.generation + 1);
    const { generation, offset } = await replica.catchUp();
    // Entries are replaced and not modified, so this list stays the same while it is written out.
    const { index } = replica;
    const entries = index.toArray();
    const totals = { images: index.size, bytes: index.totalBytes };
    const state: SnapshotState = {
      position: { generation, offset },
      pinnedActors: [...index.pinnedActors],
      removals: { ...index.removals },
      totals,
    };
    return { entries, state };
  }

  #warnOfManifest(error: unknown): void {
    this.#options.warn(`manifest.json: ${fileError(error).message}`);
  }
}
