import type { Limit } from '../queue/limit.ts';
import type { ManifestEntry } from '../../protocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { IdleQueue } from '../queue/idleQueue.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { MemoryTier } from '../store/memoryTier.ts';
import type { VariantMaker } from './variantMaker.ts';

export interface PlaceholdersOptions {
  store: ManifestStore;
  blobs: BlobStore;
  memory: MemoryTier;
  /** `undefined`: no placeholders are made. */
  maker: VariantMaker | undefined;
  /** Limits how many pictures are decoded and encoded at a time. */
  limit: Limit;
  idleMs: number | undefined;
}

interface Made {
  key: string;
  sha256: string;
  placeholder: string;
}

/** Maximum number of placeholders in one record of the journal. */
const PER_RECORD = 64;

/** Makes the missing thumbhashes, one at a time, when the server is idle. */
export class Placeholders implements CachePart {
  readonly #options: PlaceholdersOptions;
  readonly #queue: IdleQueue;
  #made: Made[] = [];

  constructor(options: PlaceholdersOptions) {
    this.#options = options;
    this.#queue = new IdleQueue({
      isAvailable: async () => (await options.maker?.isAvailable()) === true,
      work: (key) => this.#work(key),
      drained: () => this.#record(),
      idleMs: options.idleMs,
    });
  }

  /** Schedules a thumbhash for the image. Costs nothing for an image that has one. */
  add(entry: ManifestEntry): void {
    if (entry.placeholder === undefined && this.#options.maker !== undefined) this.#queue.add(entry);
  }

  /** Resolves when the last thumbhash is written to the manifest. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  async #work(key: string): Promise<void> {
    const { store, limit } = this.#options;
    const entry = store.index.get(key);
    if (entry === undefined || entry.placeholder !== undefined) return;
    const placeholder = await limit(() => this.#make(entry));
    if (placeholder !== undefined) this.#made.push({ key, sha256: entry.sha256, placeholder });
    if (this.#made.length >= PER_RECORD) await this.#record();
  }

  async #make(entry: ManifestEntry): Promise<string | undefined> {
    const { blobs, memory, maker } = this.#options;
    this.#queue.tried(entry.sha256);
    if (maker === undefined || maker.obstacle(entry) !== undefined) return undefined;
    try {
      const body = memory.get(entry.sha256) ?? (await blobs.read(entry));
      return body === undefined ? undefined : await maker.placeholder(body);
    } catch {
      return undefined; // an image without a placeholder is shown without one
    }
  }

  async #record(): Promise<void> {
    const images = this.#made;
    this.#made = [];
    if (images.length > 0) await this.#options.store.append({ op: 'placeholder', images });
  }
}
