import type { LimitFunction } from 'p-limit';
import type { ManifestEntry } from '../../protocol.ts';
import type { Background } from '../background.ts';
import type { BlobStore } from '../files/blobs.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { MemoryTier } from '../memory.ts';
import type { VariantMaker } from './variantMaker.ts';

export interface PlaceholdersOptions {
  store: ManifestStore;
  blobs: BlobStore;
  memory: MemoryTier;
  /** `undefined`: none are made. */
  maker: VariantMaker | undefined;
  /** How much is decoded and encoded at a time. */
  limit: LimitFunction;
}

/** Begun when nothing was stored or served for the first time for so long, or after the other at the latest. */
const IDLE_MS = 1000;
const PATIENCE_MS = 10_000;
/** Those beyond get theirs when they are served again. */
const MAX_QUEUED = 10_000;
const MAX_TRIED = 100_000;
/** By one record of the journal. */
const PER_RECORD = 64;

/** Makes the thumbhashes of images that have none yet, one at a time, when there is nothing better to do. */
export class Placeholders implements Background {
  readonly #options: PlaceholdersOptions;
  readonly #queued = new Set<string>();
  /** By digest: what has none after all is not tried again. */
  readonly #tried = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #queuedAt = 0;
  #waitingSince = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: PlaceholdersOptions) {
    this.#options = options;
    this.#closed = options.maker === undefined;
  }

  /** Sees to it that the image has one, some time. Costs nothing for one that has. */
  add({ s3_url, sha256, placeholder }: ManifestEntry): void {
    if (placeholder !== undefined || this.#closed || this.#tried.has(sha256)) return;
    if (this.#queued.has(s3_url) || this.#queued.size >= MAX_QUEUED) return;
    this.#queued.add(s3_url);
    this.#queuedAt = performance.now();
    if (this.#timer !== undefined || this.#running !== undefined) return;
    this.#waitingSince = this.#queuedAt;
    this.#schedule();
  }

  start(): void {
    if (this.#queued.size > 0 && this.#timer === undefined) this.#schedule();
  }

  /** Resolves when the last one is written down. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#closed) return;
      const now = performance.now();
      if (now - this.#queuedAt < IDLE_MS && now - this.#waitingSince < PATIENCE_MS) this.#schedule();
      else this.#running ??= this.#run().finally(() => (this.#running = undefined));
    }, IDLE_MS).unref();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { store, maker, limit } = this.#options;
    if ((await maker?.isAvailable().catch(() => false)) !== true) {
      this.#closed = true;
      return;
    }
    let made: { key: string; sha256: string; placeholder: string }[] = [];
    const record = async () => {
      const images = made;
      made = [];
      if (images.length > 0) await store.append({ op: 'placeholder', images }).catch(() => undefined);
    };
    for (const key of this.#queued) {
      if (this.#closed) break;
      this.#queued.delete(key);
      const entry = store.index.get(key);
      if (entry === undefined || entry.placeholder !== undefined) continue;
      const placeholder = await limit(() => this.#make(entry));
      if (placeholder !== undefined) made.push({ key, sha256: entry.sha256, placeholder });
      if (made.length >= PER_RECORD) await record();
    }
    await record();
  }

  async #make(entry: ManifestEntry): Promise<string | undefined> {
    const { blobs, memory, maker } = this.#options;
    if (this.#tried.size >= MAX_TRIED) this.#tried.clear();
    this.#tried.add(entry.sha256);
    if (maker?.supports(entry.content_type) !== true) return undefined;
    try {
      const body = memory.get(entry.sha256) ?? (await blobs.read(entry));
      return body === undefined ? undefined : await maker.placeholder(body);
    } catch {
      return undefined; // an image without one is shown without one
    }
  }
}
