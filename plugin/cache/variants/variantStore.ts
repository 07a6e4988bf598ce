import type { ManifestEntry } from '../../protocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { Reclaimable } from '../store/reclaimable.ts';
import type { AppliedChange, ManifestStore } from '../manifest/manifestStore.ts';
import type { CheckedFile, Reader } from '../store/imageStore.ts';
import type { MemoryTier } from '../store/memoryTier.ts';
import { TimeSlice } from '../../timeSlice.ts';
import { SingleFlight } from '../queue/singleFlight.ts';
import { type VariantFile, VariantFiles } from './variantFiles.ts';
import type { MadeVariant } from './variantMaker.ts';

export interface VariantStoreOptions {
  /** The cache directory. */
  dir: string;
  store: ManifestStore;
  memory: MemoryTier;
  now: () => number;
}

const NO_BYTES = Buffer.alloc(0);

/** A use is written to disk at most this often for each file. */
const TOUCH_EVERY_MS = 10 * 60_000;
/** Other processes make variants, too, so the files are counted again at most this often. */
const SCAN_EVERY_MS = 60_000;

/**
 * Knows which variants exist: from a scan, from the variants that this process made, and from the folder of an original when one
 * of its variants is requested. Variants count for the size of the cache. They are evicted before originals, because they can be
 * made again.
 */
export class VariantStore implements Reclaimable, CachePart {
  readonly #store: ManifestStore;
  readonly #memory: MemoryTier;
  readonly #now: () => number;
  readonly #disk: VariantFiles;
  /** The least recently used variant first. */
  #files = new Map<string, VariantFile>();
  readonly #keysOf = new Map<string, Set<string>>();
  /** By digest of an original: the image for which a variant was last requested. */
  readonly #ownerOf = new Map<string, string>();
  #bytes = 0;
  readonly #scanning = new SingleFlight<number>();
  /** Looks at each file once at a time for all requests. */
  readonly #checking = new SingleFlight<string | undefined>();
  #scannedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: VariantStoreOptions) {
    this.#store = options.store;
    this.#memory = options.memory;
    this.#now = options.now;
    this.#disk = new VariantFiles(options.dir);
  }

  get count(): number {
    return this.#files.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Counts the files in the background. */
  start(): void {
    void this.scan().catch(() => undefined); // it is tried again when a variant is stored
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#scanning.running()?.catch(() => undefined);
  }

  /** Finds a variant that any process has made. */
  async find({ sha256: source, s3_url }: ManifestEntry, spec: string): Promise<VariantFile | undefined> {
    this.#ownerOf.set(source, s3_url);
    const key = keyOf(source, spec);
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    // a problem with the folder is reported when it is written to
    const { files } = await this.#disk.list(source).catch(() => ({ files: [] }));
    if (!this.#isWanted(source)) return undefined; // the image was cleared meanwhile
    for (const file of files) this.#add(file);
    return this.#files.get(key);
  }

  /** Reads the bytes from memory or disk; `undefined` when they are gone or damaged. */
  async read(
    file: VariantFile,
    { asFile = false }: Reader = {},
  ): Promise<{ body: Buffer; file?: CheckedFile; tier: 'memory' | 'disk' } | undefined> {
    this.#use(file);
    const check = () => this.#disk.checkedPath(file);
    const path = asFile ? await this.#checking.run(check, keyOf(file.source, file.spec)) : undefined;
    if (path !== undefined) return { body: NO_BYTES, file: { path, size: file.size }, tier: 'disk' };
    const inMemory = this.#memory.get(file.digest);
    if (inMemory !== undefined) return { body: inMemory, tier: 'memory' };
    const body = await this.#disk.read(file);
    if (body === undefined) {
      this.#forget(file);
      return undefined;
    }
    if (this.#isKnown(file)) this.#memory.set(file.digest, body); // otherwise it was cleared meanwhile
    return { body, tier: 'disk' };
  }

  /** Stores a variant, unless its original was cleared while it was being made. */
  async write({ sha256: source }: ManifestEntry, spec: string, made: MadeVariant | undefined): Promise<void> {
    if (!this.#isWanted(source)) return;
    const file = await this.#disk.write(source, spec, made, this.#now());
    await this.#store.refresh();
    if (!this.#isWanted(source)) {
      await this.#disk.removeAllOf(source);
      return;
    }
    this.#add(file);
    if (made !== undefined) this.#memory.set(file.digest, made.bytes);
    if (performance.now() - this.#scannedAt > SCAN_EVERY_MS) this.start();
  }

  applied({ removed }: AppliedChange): void {
    this.lost(removed);
  }

  lost(gone: readonly ManifestEntry[]): void {
    for (const { sha256 } of gone) if (!this.#isWanted(sha256)) this.#forgetAllOf(sha256);
  }

  /** Removes the variants of entries that are no longer in the manifest. Returns their bytes. */
  async removeOf(entries: readonly ManifestEntry[]): Promise<number> {
    if (entries.length === 0) return 0;
    const gone = new Set(entries.map(({ sha256 }) => sha256));
    const sources = await this.#disk.sources();
    let freed = 0;
    for (const source of sources) {
      if (!gone.has(source) || this.#isWanted(source)) continue;
      for (const { size } of (await this.#disk.list(source)).files) freed += size;
      this.#forgetAllOf(source);
      await this.#disk.removeAllOf(source);
    }
    return freed;
  }

  async reclaim(bytes: number): Promise<number> {
    let freed = 0;
    for (const file of this.#files.values()) {
      if (freed >= bytes) break;
      this.#forget(file);
      await this.#disk.remove(file);
      freed += file.size;
    }
    return freed;
  }

  /** Counts the files again, and removes variants that have no original left. Returns the number of removed files. */
  scan(): Promise<number> {
    return this.#scanning.run(() => this.#scan());
  }

  async #scan(): Promise<number> {
    this.#scannedAt = performance.now();
    const before = [...this.#files.values()];
    const sources = await this.#disk.sources();
    await this.#store.refresh(); // after the listing: a process that made a variant had its original in the manifest by then
    const found = new Map<string, VariantFile>();
    const timeSlice = new TimeSlice();
    let removed = 0;
    for (const source of sources) {
      if (this.#closed) return removed;
      if (timeSlice.isOver) await timeSlice.yield();
      const { files, unfinished } = await this.#disk.list(source);
      if (unfinished.length > 0) removed += await this.#disk.sweep(unfinished, this.#now());
      if (this.#isWanted(source)) {
        for (const file of files) found.set(keyOf(source, file.spec), file);
      } else {
        removed += files.length;
        await this.#disk.removeAllOf(source);
      }
    }
    for (const file of before) if (!found.has(keyOf(file.source, file.spec))) this.#forget(file);
    for (const file of found.values()) this.#add(file);
    this.#files = new Map([...this.#files].toSorted(([, a], [, b]) => a.usedAt - b.usedAt));
    return removed;
  }

  #isWanted(source: string): boolean {
    const { index } = this.#store;
    if (index.getByDigest(source) !== undefined) return true;
    // The index knows one image by its digest. When that one goes, another image with the same bytes may be left.
    const owner = this.#ownerOf.get(source);
    return owner !== undefined && index.get(owner)?.sha256 === source;
  }

  #isKnown(file: VariantFile): boolean {
    return this.#files.get(keyOf(file.source, file.spec)) === file;
  }

  #add(file: VariantFile): void {
    const key = keyOf(file.source, file.spec);
    const known = this.#files.get(key);
    if (known?.digest === file.digest) {
      known.usedAt = Math.max(known.usedAt, file.usedAt); // another process may have used it
      return;
    }
    if (known !== undefined) this.#forget(known);
    this.#files.set(key, file);
    this.#bytes += file.size;
    const keys = this.#keysOf.get(file.source);
    if (keys === undefined) this.#keysOf.set(file.source, new Set([key]));
    else keys.add(key);
  }

  #use(file: VariantFile): void {
    const key = keyOf(file.source, file.spec);
    if (!this.#isKnown(file)) return; // removed meanwhile
    this.#files.delete(key);
    this.#files.set(key, file);
    const now = this.#now();
    file.usedAt = now;
    if (now - file.touchedAt > TOUCH_EVERY_MS) void this.#disk.touch(file, now);
  }

  #forget(file: VariantFile): void {
    if (!this.#isKnown(file)) return;
    const key = keyOf(file.source, file.spec);
    this.#files.delete(key);
    this.#bytes -= file.size;
    this.#memory.delete(file.digest);
    const keys = this.#keysOf.get(file.source);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOf.delete(file.source);
  }

  #forgetAllOf(source: string): void {
    this.#ownerOf.delete(source);
    for (const key of this.#keysOf.get(source) ?? []) {
      const file = this.#files.get(key);
      if (file !== undefined) this.#forget(file);
    }
  }
}

function keyOf(source: string, spec: string): string {
  return `${source}/${spec}`;
}
