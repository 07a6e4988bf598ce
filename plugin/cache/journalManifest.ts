import { randomUUID } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ImageCacheError } from '../errors.ts';
import { errnoOf, fileError } from './fileError.ts';
import { generationPath, listGenerations, removeSuperseded } from './generations.ts';
import { JournalLog } from './journalLog.ts';
import { type JournalRecord, type ManifestChange, encodeRecord } from './journalRecord.ts';
import { JOURNAL_DIR, MANIFEST_FILE, QUARANTINE_DIR, TMP_DIR } from './layout.ts';
import { withCompactionLock } from './lock.ts';
import { ManifestIndex } from './manifestIndex.ts';
import type { AppliedChange, ManifestObserver, ManifestStore } from './manifestStore.ts';
import { quarantine } from './quarantine.ts';
import { createSerial } from './serial.ts';
import { temporaryPath } from './temporary.ts';
import { type Snapshot, publishSnapshot, readSnapshot, serializeManifest, writeSnapshot } from './snapshot.ts';

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
 * The manifest as a checksummed, append-only journal with `manifest.json` as its snapshot.
 *
 * A record is applied when it is read back from the log, never before, so all processes apply the same records in the
 * same order. Records that arrive while others are being written go out together in the next write (group commit).
 * The protocol that makes this safe without a lock is described in `generations.ts`.
 */
export class JournalManifest implements ManifestStore {
  readonly #options: JournalManifestOptions;
  readonly #journalDir: string;
  readonly #serial = createSerial();
  #index: ManifestIndex;
  #log: JournalLog | undefined;
  #pending: PendingRecord[] = [];
  /** Records of ours that are being written, by id. */
  readonly #writing = new Map<string, PendingRecord>();
  readonly #storeId = randomUUID();
  #recordCount = 0;
  #compactTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: JournalManifestOptions) {
    this.#options = options;
    this.#journalDir = join(options.dir, JOURNAL_DIR);
    this.#index = new ManifestIndex(options.prefix);
  }

  get index(): ManifestIndex {
    return this.#index;
  }

  open(): Promise<void> {
    return this.#serial(() => this.#load());
  }

  append(change: ManifestChange): Promise<AppliedChange> {
    return new Promise((resolve, reject) => {
      this.#recordCount += 1;
      const record = { ...change, id: `${this.#storeId}-${this.#recordCount}` };
      this.#pending.push({ record, resolve, reject });
      if (this.#pending.length === 1) void this.#serial(() => this.#flush());
    });
  }

  refresh(): Promise<void> {
    return this.#serial(() => this.#catchUp());
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#compactTimer);
    await this.compact().catch((error: unknown) =>
      this.#options.observer.warn(`manifest.json: ${fileError(error).message}`),
    );
    await this.#serial(async () => {
      await this.#log?.close();
      this.#log = undefined;
    });
  }

  /** Brings `manifest.json` up to date, unless it is or another process is at it. */
  async compact(): Promise<void> {
    await withCompactionLock(this.#journalDir, this.#options.observer.warn, async () => {
      const snapshot = await this.#serial(() => this.#rotate());
      if (snapshot !== undefined) await this.#publish(snapshot);
    });
  }

  /** Reads the newest snapshot and the logs since. Starts over when another process compacts meanwhile. */
  async #load(): Promise<void> {
    await mkdir(this.#journalDir, { recursive: true, mode: 0o700 });
    await mkdir(join(this.#options.dir, TMP_DIR), { recursive: true, mode: 0o700 });
    for (;;) {
      await this.#log?.close();
      this.#log = undefined;
      const base = await this.#newestSnapshot();
      this.#index = new ManifestIndex(this.#options.prefix);
      for (const entry of base.entries) this.#index.apply({ op: 'put', entry });
      const { generation, offset } = base.position ?? { generation: await this.#firstLog(), offset: 0 };
      this.#log =
        (await JournalLog.open(this.#journalDir, generation, offset)) ??
        (await this.#beginGeneration(generation, base.position !== undefined));
      if (this.#log !== undefined) break;
    }
    await this.#catchUp();
    await this.#ensureManifest();
    if (this.#log.offset > 0) this.#scheduleCompaction();
  }

  /** `manifest.json` is there from the beginning, for whoever looks into the directory. */
  async #ensureManifest(): Promise<void> {
    const { dir, sync, now } = this.#options;
    const manifest = join(dir, MANIFEST_FILE);
    if (
      await access(manifest).then(
        () => true,
        () => false,
      )
    )
      return;
    await writeSnapshot(manifest, temporaryPath(dir), serializeManifest(this.#index.values(), now()), sync);
  }

  async #firstLog(): Promise<number> {
    const { logs } = await listGenerations(this.#journalDir);
    return logs[0] ?? 1;
  }

  /** A snapshot without its log: another process has removed both meanwhile, or somebody removed the log by hand. */
  async #beginGeneration(generation: number, hasSnapshot: boolean): Promise<JournalLog | undefined> {
    const { snapshots, logs } = await listGenerations(this.#journalDir);
    const overtaken = (snapshots[0] ?? 0) > generation || (logs.at(-1) ?? 0) > generation;
    if (hasSnapshot && overtaken) return undefined;
    return JournalLog.create(this.#journalDir, generation);
  }

  /** The newest readable snapshot, else `manifest.json`, else nothing. What cannot be read is put aside. */
  async #newestSnapshot(): Promise<Snapshot> {
    const { snapshots } = await listGenerations(this.#journalDir);
    for (const generation of snapshots) {
      const snapshot = await this.#tryRead(generationPath(this.#journalDir, generation, 'snap'));
      if (snapshot !== undefined)
        return { ...snapshot, position: { generation, offset: snapshot.position?.offset ?? 0 } };
    }
    const manifest = await this.#tryRead(join(this.#options.dir, MANIFEST_FILE));
    return { entries: manifest?.entries ?? [], position: undefined, dropped: 0 };
  }

  async #tryRead(path: string): Promise<Snapshot | undefined> {
    try {
      return await readSnapshot(path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      await this.#quarantine(path, error);
      return undefined;
    }
  }

  async #quarantine(path: string, reason: unknown): Promise<void> {
    await quarantine(this.#options.dir, path, this.#options.now());
    const why = reason instanceof Error ? reason.message : String(reason);
    this.#options.observer.warn(`${basename(path)} could not be read (${why}) and was moved to ${QUARANTINE_DIR}/.`);
  }

  /** Applies what was appended since, following the journal from generation to generation. */
  async #catchUp(): Promise<void> {
    for (;;) {
      const log = this.#log;
      if (log === undefined) return;
      await this.#readLog(log);
      if (await log.isNewest()) return;
      await this.#readLog(log); // what was acknowledged before its successor appeared
      const next = await JournalLog.open(this.#journalDir, log.generation + 1);
      if (next !== undefined && (await log.exists())) {
        await log.close();
        this.#log = next;
        continue;
      }
      await next?.close();
      await this.#reload();
    }
  }

  async #readLog(log: JournalLog): Promise<void> {
    for await (const { record, damaged } of log.read()) {
      if (damaged > 0)
        this.#options.observer.warn(
          `The journal held ${damaged} damaged record(s); their images will be fetched again.`,
        );
      this.#apply(record);
    }
  }

  #apply(record: JournalRecord): void {
    const own = this.#writing.get(record.id);
    const applied: AppliedChange = { change: record, removed: this.#index.apply(record), own: own !== undefined };
    // A record that had to be written twice is read twice; only the first time did it remove anything.
    if (own !== undefined) own.applied ??= applied;
    this.#options.observer.applied(applied);
  }

  /** The journal is not where it was: everything was compacted away while we slept, or the directory was removed. */
  async #reload(): Promise<void> {
    this.#options.observer.reset();
    await this.#load();
  }

  /** Writes all pending records with one write, again in the next generation if this one was sealed meanwhile. */
  async #flush(): Promise<void> {
    const batch = this.#pending;
    this.#pending = [];
    const text = batch.map(({ record }) => encodeRecord(record)).join('');
    for (const pending of batch) this.#writing.set(pending.record.id, pending);
    try {
      do {
        await this.#catchUp();
        if (this.#log === undefined) throw new ImageCacheError('ABORTED', 'The image cache is closed.');
        await this.#log.append(text, this.#options.sync);
      } while (!(await this.#log.isNewest()));
      await this.#catchUp();
      for (const { applied, resolve, reject } of batch) {
        if (applied === undefined)
          reject(new ImageCacheError('CACHE_CORRUPT', 'The journal lost what was just written to it.'));
        else resolve(applied);
      }
      this.#scheduleCompaction();
    } catch (error) {
      for (const { reject } of batch) reject(fileError(error));
    } finally {
      this.#writing.clear();
    }
  }

  /** Rarer as the manifest grows, so that its cost per added entry stays bounded: 0.5 s at 1,000 entries. */
  #scheduleCompaction(): void {
    if (this.#compactTimer !== undefined || this.#closed) return;
    const delay = Math.min(60_000, Math.max(200, this.#index.size / 2));
    this.#compactTimer = setTimeout(() => {
      this.#compactTimer = undefined;
      this.compact()
        .then(() => this.#rescheduleIfBehind())
        .catch((error: unknown) => this.#options.observer.warn(`manifest.json: ${fileError(error).message}`));
    }, delay).unref();
  }

  /** Another process held the lock, or records came while we wrote. */
  async #rescheduleIfBehind(): Promise<void> {
    const size = await this.#serial(async () => (await this.#log?.size()) ?? 0);
    if (size > 0) this.#scheduleCompaction();
  }

  /** Seals the log by beginning the next one, and takes the state at that point. */
  async #rotate(): Promise<{ generation: number; content: Iterable<string> } | undefined> {
    await this.#catchUp();
    const sealed = this.#log;
    if (sealed === undefined || (await sealed.size()) === 0) return undefined;
    const next = await JournalLog.create(this.#journalDir, sealed.generation + 1);
    await next?.close();
    await this.#catchUp();
    const position = { generation: this.#log?.generation ?? 0, offset: this.#log?.offset ?? 0 };
    // Entries are replaced, not changed, so this list stays what it is while it is written out.
    const entries = [...this.#index.values()];
    return { generation: position.generation, content: serializeManifest(entries, this.#options.now(), position) };
  }

  async #publish({ generation, content }: { generation: number; content: Iterable<string> }): Promise<void> {
    const { dir, sync } = this.#options;
    const snapshot = generationPath(this.#journalDir, generation, 'snap');
    await writeSnapshot(snapshot, temporaryPath(dir), content, sync);
    await publishSnapshot(snapshot, join(dir, MANIFEST_FILE), temporaryPath(dir));
    await removeSuperseded(this.#journalDir, generation);
  }
}
