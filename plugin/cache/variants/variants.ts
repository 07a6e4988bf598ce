import type { LimitFunction } from 'p-limit';
import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry, VariantStats } from '../../protocol.ts';
import { fileError } from '../files/fileError.ts';
import type { Evictor } from '../limits/eviction.ts';
import type { CacheLogger } from '../logger.ts';
import type { CachedImage } from '../shelf.ts';
import type { SizedImage } from './sizedImage.ts';
import { type VariantFile, digestOf } from './variantFiles.ts';
import type { MadeVariant, VariantMaker } from './variantMaker.ts';
import { VARIANT_TYPES, type VariantSpec, isOriginal, specName, withoutSlack } from './variantSpec.ts';
import type { VariantStore } from './variantStore.ts';

type Variant = Pick<SizedImage, 'body' | 'digest' | 'contentType'> & { origin: 'memory' | 'disk' | 'made' };

/** Why the original is to be served instead: it serves best, or nothing here can make another image of it. */
type Substitute = 'as-is' | 'no-maker';

export interface VariantsOptions {
  files: VariantStore;
  evictor: Evictor;
  maker: VariantMaker | undefined;
  /** Whether the disk has more space left than is to stay free. */
  hasRoom: () => Promise<boolean>;
  /** How much is decoded and encoded at a time. */
  limit: LimitFunction;
  logger: CacheLogger;
}

/** More than a page needs; whoever wants more waits for these. */
const MAX_MAKING = 500;

/** Images of the right size and format: stored ones, else made from the original, once for all who ask. */
export class Variants {
  readonly #options: VariantsOptions;
  readonly #making = new Map<string, Promise<Variant | Substitute>>();
  #made = 0;
  #hits = 0;
  #failed = 0;
  #closed = false;

  constructor(options: VariantsOptions) {
    this.#options = options;
  }

  /**
   * @param readOriginal called when it is the turn of this variant, so that those that wait hold no bytes
   * @throws ImageCacheError TOO_MANY_PIXELS, UNDECODABLE, OVERLOADED, and what `readOriginal` throws
   */
  async read(entry: ManifestEntry, spec: VariantSpec, readOriginal: () => Promise<CachedImage>): Promise<SizedImage> {
    const variant = await this.#get(entry, spec, readOriginal);
    if (typeof variant !== 'string') {
      return { entry, ...variant, tier: variant.origin === 'memory' ? 'memory' : 'disk' };
    }
    const original = await readOriginal();
    const { sha256: digest, content_type: contentType } = original.entry;
    return { ...original, digest, contentType, origin: variant };
  }

  stats(): VariantStats {
    const { files } = this.#options;
    return {
      count: files.count,
      size_bytes: files.bytes,
      made: this.#made,
      hits: this.#hits,
      failed: this.#failed,
    };
  }

  /** Resolves when nothing is made any more; what waits for its turn is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#making.values());
  }

  async #get(
    entry: ManifestEntry,
    wanted: VariantSpec,
    readOriginal: () => Promise<CachedImage>,
  ): Promise<Variant | Substitute> {
    const { files, maker } = this.#options;
    const spec = withoutSlack(wanted, entry);
    if (isOriginal(spec, entry) || maker?.supports(entry.content_type) === false) return 'as-is';
    const found = await files.find(entry, specName(spec));
    const stored = found === undefined ? undefined : await this.#read(found);
    if (stored !== undefined) {
      this.#hits += 1;
      return stored;
    }
    if (maker === undefined || !(await maker.isAvailable())) return 'no-maker';
    return this.#makeOnce(entry, spec, readOriginal);
  }

  #makeOnce(entry: ManifestEntry, spec: VariantSpec, readOriginal: () => Promise<CachedImage>) {
    const key = `${entry.sha256}/${specName(spec)}`;
    const running = this.#making.get(key);
    if (running !== undefined) return running;
    if (this.#making.size >= MAX_MAKING) {
      throw new ImageCacheError('OVERLOADED', 'Too many variants are waiting to be made.', { retryAfterMs: 1000 });
    }
    const started = this.#options
      .limit(() => this.#make(entry, spec, readOriginal))
      .finally(() => this.#making.delete(key));
    this.#making.set(key, started);
    return started;
  }

  async #make(
    entry: ManifestEntry,
    spec: VariantSpec,
    readOriginal: () => Promise<CachedImage>,
  ): Promise<Variant | Substitute> {
    const { maker } = this.#options;
    if (maker === undefined) return 'no-maker';
    try {
      if (this.#closed) throw new ImageCacheError('ABORTED', 'The image cache is closed.');
      const original = await readOriginal();
      const made = await maker.make(original.body, spec);
      this.#made += 1;
      // One that was exchanged meanwhile has variants of its own.
      if (original.entry.sha256 === entry.sha256) await this.#keep(entry, specName(spec), made);
      if (made === undefined) return 'as-is';
      const { bytes, extension } = made;
      return { body: bytes, digest: digestOf(bytes), contentType: VARIANT_TYPES[extension], origin: 'made' };
    } catch (error) {
      this.#failed += 1;
      throw error;
    }
  }

  /** What cannot be stored is served all the same. */
  async #keep(entry: ManifestEntry, name: string, made: MadeVariant | undefined): Promise<void> {
    const { files, evictor, hasRoom, logger } = this.#options;
    try {
      if (!(await hasRoom())) return;
      await files.write(entry, name, made);
      await evictor.enforce(entry);
    } catch (error) {
      logger.debug?.(`a variant was not stored: ${fileError(error).message}`);
    }
  }

  async #read(file: VariantFile): Promise<Variant | Substitute | undefined> {
    if (file.extension === 'original') return 'as-is';
    const read = await this.#options.files.read(file);
    if (read === undefined) return undefined;
    return { body: read.body, digest: file.digest, contentType: VARIANT_TYPES[file.extension], origin: read.tier };
  }
}
